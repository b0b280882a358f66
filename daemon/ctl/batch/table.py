"""What can be done with jobs: the table below `failoverctl batch`."""

from collections.abc import Mapping
from types import MappingProxyType

from daemon.ctl.command import Command

__all__ = ["ACTS"]

_DETACH = "Ctrl-C only ends the watching: the job goes on."

ACTS: Mapping[str, Command] = MappingProxyType(
    {
        "run": Command(
            "daemon.ctl.batch.run",
            "submit a file of requests or a folder of images",
            "FILE holds one request a line: a line of an OpenAI batch file, or an object with messages; - is "
            "stdin. If a line is wrong, it is named and nothing is asked at all. An image that can't be read "
            f"fails alone. {_DETACH}",
            (
                ("failoverctl batch run night.jsonl --out results.jsonl", "submit, follow, fetch"),
                (
                    'failoverctl batch run --images photos --prompt "Describe it" -o out.jsonl',
                    "a folder",
                ),
                ("failoverctl batch run night.jsonl --strategy round_robin --parallel 8", "spread evenly"),
                ("failoverctl batch run night.jsonl --detach", "come back for it tomorrow"),
            ),
        ),
        "list": Command(
            "daemon.ctl.batch.looks",
            "the jobs there are, the newest first",
            "Yours; an operator sees everybody's.",
            (("failoverctl batch list", "with how far each is"),),
        ),
        "status": Command(
            "daemon.ctl.batch.looks",
            "how far a job is, and where it would go on",
            "The checkpoint: the last item that was done, by which key and model, and when. Exits with 1 "
            "while something of it has failed or is held.",
            (
                ("failoverctl batch status JOB", "at a glance"),
                ("failoverctl batch status JOB --json", "all of it, for programs"),
            ),
        ),
        "attach": Command(
            "daemon.ctl.batch.run",
            "follow a job that is running, from any terminal",
            f"{_DETACH} It waits for a daemon that is being restarted.",
            (
                ("failoverctl batch attach JOB", "only watch"),
                ("failoverctl batch attach JOB --out results.jsonl", "and go on with its results"),
            ),
        ),
        "results": Command(
            "daemon.ctl.batch.fetch",
            "write a job's results to a file, in order",
            "One line an item, as in OpenAI's batch results, and beside each a block that tells who did it. "
            "The same command again goes on where it stopped.",
            (
                ("failoverctl batch results JOB --out results.jsonl", "all there are"),
                ("failoverctl batch results JOB --out - | jq .failover.tag", "to a program"),
            ),
        ),
        "resume": Command(
            "daemon.ctl.batch.acts",
            "go on with a paused job, or try items again",
            "Held items may have been asked and paid for when the daemon died: nobody can tell.",
            (
                ("failoverctl batch resume JOB", "go on now"),
                ("failoverctl batch resume JOB --failed retry", "ask again for what failed"),
                ("failoverctl batch resume JOB --unknown retry", "and for what is held"),
            ),
        ),
        "cancel": Command(
            "daemon.ctl.batch.acts",
            "ask for no more items of a job",
            "What is done stays done, and can be fetched.",
            (("failoverctl batch cancel JOB", "that's enough"),),
        ),
        "purge": Command(
            "daemon.ctl.batch.acts",
            "delete a job with its items and answers",
            "It must have ended or been cancelled. Old ones go by themselves.",
            (("failoverctl batch purge JOB", "once its results are fetched"),),
        ),
    }
)
"""In the order in which one meets them."""
