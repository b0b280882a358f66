"""Everything that failoverctl can do: the table behind its parser, its help, its completions and its page."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from daemon.ctl.batch.table import ACTS
from daemon.ctl.command import Command

__all__ = ["COMMANDS", "GROUPS", "every"]

LOOK, ASK, STEER, CARE = "look", "ask", "steer", "look after it"

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        LOOK: ("status", "providers", "explain", "capacity", "stats", "events", "journal"),
        ASK: ("chat", "image", "batch"),
        STEER: ("probe", "quarantine", "release", "enable", "disable", "force", "clear", "strategy"),
        CARE: ("init", "check", "reload", "doctor", "drain"),
    }
)
"""In the order in which one meets them."""

_TARGET = (
    "A target is a provider (gemini), a key of it (gemini/key1) or one lane (gemini/key1/gemini-2.5-flash)."
)

COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "status": Command(
            "daemon.ctl.status",
            "is it well, who serves, who is out and until when",
            "The first thing to look at. Exits with 1 while something is degraded, so scripts can ask, too.",
            (
                ("failoverctl status", "at a glance"),
                ("failoverctl status --watch", "the same, redrawn every two seconds"),
                ("failoverctl status --json", "all of it, for programs"),
            ),
        ),
        "providers": Command(
            "daemon.ctl.providers",
            "every provider, key and model, and how each is",
            "Each lane is a provider, a key and a model; the names here are those that all commands take.",
            (
                ("failoverctl providers", "everybody"),
                ("failoverctl providers gemini", "one of them, lane by lane"),
            ),
        ),
        "explain": Command(
            "daemon.ctl.explain",
            "what happened to a request, and why",
            "Tells a stored request as a story: which lanes were passed over and why, each attempt with the "
            "rule that judged it, and how it ended.",
            (
                ("failoverctl explain last", "the last request of all"),
                ("failoverctl explain 01JD6X2V4T8ZQ", "the one with this id"),
            ),
        ),
        "capacity": Command(
            "daemon.ctl.capacity",
            "what is left of every limit, and when it comes back",
            "Limits come from the config and from what providers say in their answers.",
            (("failoverctl capacity", "lane by lane, and in all"),),
        ),
        "stats": Command(
            "daemon.ctl.stats",
            "success, speed, tokens and cost of each lane",
            "Counted since the last reset, through restarts.",
            (
                ("failoverctl stats", "everybody"),
                ("failoverctl stats gemini", "one provider"),
                ("failoverctl stats --reset", "start counting anew"),
            ),
        ),
        "events": Command(
            "daemon.ctl.events",
            "what happens, line by line",
            "With --json one object a line, which programs can follow.",
            (
                ("failoverctl events", "the latest"),
                ("failoverctl events --follow", "and from here on, until Ctrl-C"),
                ("failoverctl events --follow --json | jq .", "for programs"),
            ),
        ),
        "journal": Command(
            "daemon.ctl.journal",
            "the requests of the past, the newest first",
            "Requests and how they ended; never what was asked or answered: that is not kept.",
            (
                ("failoverctl journal", "the last twenty"),
                ("failoverctl journal --since 2h --failed", "what went wrong in the last two hours"),
                ("failoverctl journal --lane gemini -n 100", "of one provider"),
            ),
        ),
        "chat": Command(
            "daemon.ctl.chat",
            "ask a question, see who answers",
            "The answer goes to stdout as it comes; who gave it, and what happened on the way, to stderr.",
            (
                ('failoverctl chat "Why is the sky blue?"', "of the pool auto"),
                ('failoverctl chat --pool captions "Say hello"', "of another pool, or a model by name"),
                ('git diff | failoverctl chat "Review this:" -', "with - the rest comes from stdin"),
            ),
        ),
        "image": Command(
            "daemon.ctl.image",
            "have a picture made and saved",
            "Writes the picture to a file, or to stdout with -o - and prints where it went.",
            (
                ('failoverctl image "a lighthouse at dusk"', "into a new file here"),
                ('failoverctl image --size 512x512 -o cat.png "a cat"', "its size and its place"),
            ),
        ),
        "batch": Command(
            "",
            "work through thousands of requests, none lost",
            "The daemon keeps the job and does the work: close the terminal, restart the daemon or the "
            "machine, and it goes on where it was.",
            (
                ("failoverctl batch run night.jsonl --out results.jsonl", "submit, follow, fetch"),
                ("failoverctl batch list", "the jobs there are"),
                ("failoverctl batch run --help", "more of each of them"),
            ),
            below=ACTS,
        ),
        "probe": Command(
            "daemon.ctl.probe",
            "look at a provider's health now; costs nothing",
            "Asks a free endpoint, never for a completion.",
            (
                ("failoverctl probe", "all of them"),
                ("failoverctl probe gemini", "one"),
            ),
        ),
        "quarantine": Command(
            "daemon.ctl.steer",
            "send no traffic to a target for a while",
            f"{_TARGET} It ends by itself.",
            (
                ("failoverctl quarantine gemini --for 30m", "a provider, for half an hour"),
                ("failoverctl quarantine gemini/key2 --reason 'bill unpaid'", "a key, and say why"),
            ),
        ),
        "release": Command(
            "daemon.ctl.steer",
            "end a quarantine now",
            f"{_TARGET}",
            (
                ("failoverctl release gemini", "this one"),
                ("failoverctl release --all", "everybody"),
            ),
        ),
        "enable": Command(
            "daemon.ctl.steer",
            "let a target serve again, after disable or a refused key",
            f"{_TARGET}",
            (("failoverctl enable gemini/key2", "the key has been mended"),),
        ),
        "disable": Command(
            "daemon.ctl.steer",
            "take a target out for a time",
            f"{_TARGET} It ends by itself; to leave one out for good, say so in the config.",
            (("failoverctl disable openai --for 8h", "not during the night"),),
        ),
        "force": Command(
            "daemon.ctl.steer",
            "send all that can use a target to it, for a while",
            f"{_TARGET} Quarantine and limits go before it; it ends by itself.",
            (
                ("failoverctl force ollama --for 1h", "the local one, for an hour"),
                ("failoverctl force gemini --pool captions", "for the requests of one pool"),
            ),
        ),
        "clear": Command(
            "daemon.ctl.steer",
            "forget force and remembered rescues",
            "The first choice goes first again.",
            (
                ("failoverctl clear", "all of them"),
                ("failoverctl clear my-bot", "of one context or pool"),
            ),
        ),
        "strategy": Command(
            "daemon.ctl.steer",
            "choose how a pool picks its first lane, for a while",
            "primary_only, round_robin, best_performance, weighted, random or cheapest. It ends by itself; "
            "the config says what holds for good.",
            (("failoverctl strategy captions round_robin --for 2h", "spread the load tonight"),),
        ),
        "init": Command(
            "daemon.ctl.apart",
            "write a commented config from what is found here",
            "Looks at the environment for keys it knows, and for a local Ollama. Never overwrites a file.",
            (
                ("failoverctl init", "where failoverd will look for it"),
                ("failoverctl init --print", "only show it"),
            ),
        ),
        "check": Command(
            "daemon.ctl.apart",
            "read the config as the daemon would; needs none running",
            "Says what would run, or every mistake with the place where it is.",
            (
                ("failoverctl check", "the usual file"),
                ("failoverctl check --config new.toml", "before it takes the place of the old one"),
            ),
        ),
        "reload": Command(
            "daemon.ctl.life",
            "let a changed config take effect",
            "A config with a mistake changes nothing, and you are told why. Requests under way are not "
            "disturbed.",
            (("failoverctl check && failoverctl reload", "the careful way"),),
        ),
        "doctor": Command(
            "daemon.ctl.apart",
            "look for what is wrong, and say what to do",
            "Looks at the config, socket, permissions, clock, disk, names, certificates, each provider, and "
            "versions.",
            (("failoverctl doctor", "when something is odd"),),
        ),
        "drain": Command(
            "daemon.ctl.life",
            "finish what is in flight, then stop",
            "What is in flight may finish; nothing new is taken. Under systemd, use systemctl stop or "
            "restart.",
            (("failoverctl drain", "before one moves the machine"),),
        ),
    }
)


def every(commands: Mapping[str, Command] = COMMANDS, above: str = "") -> Iterator[tuple[str, Command]]:
    """All that can be typed, those below others behind them: `batch`, `batch run`."""
    for name, command in commands.items():
        yield f"{above}{name}", command
        yield from every(command.below, f"{above}{name} ")
