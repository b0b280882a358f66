# Completion of failoverctl for bash. Made by python -m daemon.ctl.pages.
_failoverctl() {
    local word=$2 before=$3 command="" each words
    for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        each="${command:+$command }$each"
        case $each in "status"|"providers"|"explain"|"capacity"|"stats"|"events"|"journal"|"chat"|"image"|"batch"|"batch run"|"batch list"|"batch status"|"batch attach"|"batch results"|"batch resume"|"batch cancel"|"batch purge"|"probe"|"quarantine"|"release"|"enable"|"disable"|"force"|"clear"|"strategy"|"init"|"check"|"reload"|"doctor"|"drain") command=$each ;; esac
    done
    case $before in
        --socket|--config|--images|-o|--out) COMPREPLY=($(compgen -f -- "$word")); return ;;
    esac
    case $command in
        "") words="status providers explain capacity stats events journal chat image batch probe quarantine release enable disable force clear strategy init check reload doctor drain --socket --version --help" ;;
        "status") words="--help --watch --every --json" ;;
        "providers") words="--help --names --json"; words+=" $(failoverctl providers --names 2>/dev/null)" ;;
        "explain") words="--help --json" ;;
        "capacity") words="--help --json" ;;
        "stats") words="--help --reset --json"; words+=" $(failoverctl providers --names 2>/dev/null)" ;;
        "events") words="--help --follow --kind -n --json" ;;
        "journal") words="--help -n --since --failed --lane --json" ;;
        "chat") words="--help --system --pool --only --not --no-failover --deadline --json" ;;
        "image") words="--help --out --size --pool --only --not --no-failover --deadline" ;;
        "batch") words="--help"; words+=" run list status attach results resume cancel purge" ;;
        "batch run") words="--help --out --images --prompt --pool --only --not --no-failover --deadline --model --parallel --strategy --on-unknown --name --detach"; COMPREPLY=($(compgen -f -- "$word")) ;;
        "batch list") words="--help --ids --json" ;;
        "batch status") words="--help --json"; words+=" $(failoverctl batch list --ids 2>/dev/null)" ;;
        "batch attach") words="--help --out"; words+=" $(failoverctl batch list --ids 2>/dev/null)" ;;
        "batch results") words="--help --out"; words+=" $(failoverctl batch list --ids 2>/dev/null)" ;;
        "batch resume") words="--help --failed --unknown"; words+=" $(failoverctl batch list --ids 2>/dev/null)" ;;
        "batch cancel") words="--help"; words+=" $(failoverctl batch list --ids 2>/dev/null)" ;;
        "batch purge") words="--help"; words+=" $(failoverctl batch list --ids 2>/dev/null)" ;;
        "probe") words="--help --json"; words+=" $(failoverctl providers --names 2>/dev/null)" ;;
        "quarantine") words="--help --for --reason"; words+=" $(failoverctl providers --names 2>/dev/null)" ;;
        "release") words="--help --all"; words+=" $(failoverctl providers --names 2>/dev/null)" ;;
        "enable") words="--help"; words+=" $(failoverctl providers --names 2>/dev/null)" ;;
        "disable") words="--help --for"; words+=" $(failoverctl providers --names 2>/dev/null)" ;;
        "force") words="--help --for --pool"; words+=" $(failoverctl providers --names 2>/dev/null)" ;;
        "clear") words="--help" ;;
        "strategy") words="--help --for"; words+=" primary_only round_robin best_performance weighted random cheapest" ;;
        "init") words="--help --config --print" ;;
        "check") words="--help --config" ;;
        "reload") words="--help" ;;
        "doctor") words="--help --config" ;;
        "drain") words="--help" ;;
    esac
    COMPREPLY+=($(compgen -W "$words" -- "$word"))
}
complete -F _failoverctl failoverctl
