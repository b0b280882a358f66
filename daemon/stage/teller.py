"""Who tells the audience what happens: one line for each thing that is new, and a count of all the rest."""

from collections import Counter

from msgspec import Struct

from daemon.ctl.plain import counted, folded, joined, seconds
from daemon.ctl.terminal import BAD, FAINT, GOOD, STRONG, WARY, Terminal
from daemon.stage.audience import Attempt, Reply
from daemon.stage.script import Act

__all__ = ["Outcome", "Teller"]

_WHY = {
    "timeout": "said nothing",
    "rate_limit": "was asked too often",
    "quota": "had no quota left",
    "unavailable": "was out of order",
    "bad_response": "broke off",
    "network": "hung up",
}
LOST_SHOWN = 5
SETTLED = 3
INDENT = " " * 8
COLUMNS = 78


class Outcome(Struct, frozen=True, kw_only=True):
    """How it went, counted from the answers themselves."""

    asked: int
    whole: int
    rescued: int
    """Answered by one lane after another had failed."""
    continued: int
    """Answers that one lane began and another one finished."""
    again: int
    """Answered when the same lane was asked a second time."""
    slowest_s: float

    @property
    def is_well(self) -> bool:
        """Nothing was lost, and something was there to be saved."""
        return self.whole == self.asked and self.rescued > 0


class Teller:
    """Remembers what has been told, so that nothing is told twice."""

    def __init__(self, screen: Terminal) -> None:
        self.replies: list[Reply] = []
        self._screen = screen
        self._serving = ""
        self._seen: Counter[str] = Counter()
        self._told: set[object] = set()
        self._quiet: Counter[str] = Counter()

    # What happens.

    def act(self, act: Act) -> None:
        """The scene changes."""
        self.breathe()
        self._told.clear()
        self._seen.clear()
        self._screen.say("", self._screen.paint(f"{act.at_s:5.1f}s  {act.says}", STRONG))

    def reply(self, reply: Reply) -> None:
        """Somebody has an answer, or what came in its place."""
        self.replies.append(reply)
        if not reply.is_whole:
            self._line(f"request {reply.number} is lost: {reply.trouble or 'its answer is not whole'}", BAD)
            return
        what = (reply.answered_by, tuple((one.provider, one.kind) for one in reply.failed), _is_again(reply))
        is_plain = not reply.failed and not _is_again(reply)
        if is_plain and self._has_settled(reply.answered_by):
            self._line(f"{reply.answered_by} answers", GOOD)
        elif not is_plain and what not in self._told:
            self._told.add(what)
            self._line(_rescue(reply), WARY)
        else:
            self._quiet[reply.answered_by] += 1

    def standing(self, provider: str, is_now: str) -> None:
        """The daemon thinks otherwise of somebody."""
        self._line(f"{provider} {is_now}", "")

    def breathe(self) -> None:
        """Say how many there were of whom nothing was told."""
        if self._quiet:
            each = [f"{count} by {name}" for name, count in self._quiet.most_common()]
            by = joined(each) if len(each) > 1 else f"all by {next(iter(self._quiet))}"
            self._line(f"and {counted(self._quiet.total(), 'more answer')}, {by}", FAINT)
        self._quiet.clear()

    # The end.

    def outcome(self, asked: int) -> Outcome:
        """Everything that was asked, counted."""
        replies = self.replies
        whole = [reply for reply in replies if reply.is_whole]
        return Outcome(
            asked=asked,
            whole=len(whole),
            rescued=sum(bool(reply.failed) for reply in whole),
            continued=sum(bool(reply.report.seams) for reply in whole),
            again=sum(_is_again(reply) for reply in whole),
            slowest_s=max((reply.seconds for reply in replies), default=0.0),
        )

    def finale(self, outcome: Outcome, took_s: float) -> None:
        """What came of it."""
        self.breathe()
        lost = outcome.asked - outcome.whole
        say, paint = self._screen.say, self._screen.paint
        say("")
        if lost:
            say(paint(f"{counted(lost, 'request')} of {outcome.asked} got no whole answer:", BAD))
            for reply in [each for each in self.replies if not each.is_whole][:LOST_SHOWN]:
                say(f"  request {reply.number}: {reply.trouble or repr(reply.text)}")
            return
        say(
            paint(
                f"{counted(outcome.asked, 'request')} in {took_s:.0f}s, all answered in full, word for word.",
                GOOD,
            )
        )
        by = Counter(reply.answered_by for reply in self.replies)
        say(f"Answered by {joined([f'{name} ({count})' for name, count in by.most_common()])}.")
        say(f"{counted(outcome.rescued, 'answer')} came from another provider after one had failed,")
        say(f"{counted(outcome.continued, 'answer')} began at one and ended at another.")
        say(f"The slowest took {seconds(outcome.slowest_s)}.")

    def _has_settled(self, provider: str) -> bool:
        """Whether it has become the one that answers: a few in a row, for answers overtake each other."""
        self._seen[provider] += 1
        if provider == self._serving or self._seen[provider] != SETTLED:
            return False
        self._serving = provider
        return True

    def _line(self, text: str, tone: str) -> None:
        width = min(self._screen.width, COLUMNS) - len(INDENT)
        first, *rest = folded(text, width)
        self._screen.say(f"{INDENT}{self._screen.paint(first, tone)}")
        self._screen.say(*(f"{INDENT}  {self._screen.paint(line, tone)}" for line in rest))
        self._screen.out.flush()


def _is_again(reply: Reply) -> bool:
    return any(one.outcome == "answered" and one.tries > 1 for one in reply.report.attempts)


def _rescue(reply: Reply) -> str:
    failed = ", ".join(_failed(one) for one in reply.failed)
    by = reply.answered_by
    if reply.report.seams:
        text = f"{failed} after {reply.report.seams[0].at_char} characters, {by} went on from there"
    elif _is_again(reply):
        text = f"{failed}{', ' if failed else ''}{by} failed once, was asked again, and answered"
    else:
        text = f"{failed}, {by} answered"
    return f"request {reply.number}: {text}; {seconds(reply.seconds)} in all"


def _failed(one: Attempt) -> str:
    status = "" if one.status is None else f" ({one.status})"
    after = f" for {seconds(one.seconds)}" if one.kind == "timeout" else ""
    return f"{one.provider} {_WHY.get(one.kind, f'failed ({one.kind})')}{after}{status}"
