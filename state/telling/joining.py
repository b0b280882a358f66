"""Where two texts meet: what a second voice says, less what the first has said already.

    delivered   The quick brown fo|                      asked anew, it repeats:
    heard       The quick brown fox jumps                                 |x jumps

    delivered   The quick brown fo|                      given the text, it continues:
    heard       x jumps                                                   |x jumps

Whoever was given the text may repeat it all the same, so it is listened to first. Texts count as equal when
they differ in blanks inside a line, at its end, or in empty lines; not in indentation, a letter or a mark: in
code and in tables each of these means something. What cannot be joined for certain is not joined.
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

__all__ = ["Joint", "Stage", "ended", "joined", "joint"]

ECHO_CHARS = 24
"""So much of the beginning said again, and half of all that was delivered, is a repetition that went astray,
and not a continuation that happens to begin in the same way."""
TELLING_CHARS = 16
"""Of less nobody can tell a continuation from a repetition: whoever was asked to continue is believed."""


class Stage(StrEnum):
    """How far it has come."""

    LISTENING = "listening"
    JOINED = "joined"
    APART = "apart"
    """It says something else. Nothing of it can be passed on."""


class Joint(Struct, frozen=True, kw_only=True):
    """Two texts being joined."""

    form: str
    """What was delivered, in the form in which texts are compared, without the blanks at its end."""
    tail: str
    """Those blanks, as they were."""
    continues: bool
    """Whether the second voice was given the text, to go on from there."""
    stage: Stage = Stage.LISTENING
    at: int = 0
    """So much of the form has been repeated."""
    blanks: str = ""
    """Heard last, and not judged before something follows."""
    held: str = ""
    """All that was heard and not passed on, in case that it is a continuation."""


def joint(delivered: str, *, continues: bool) -> Joint:
    """A second voice is about to speak."""
    body = delivered.rstrip()
    return Joint(form=_form(body), tail=delivered[len(body) :], continues=continues)


def joined(joint: Joint, text: str) -> tuple[Joint, str]:
    """What of this text is new."""
    if joint.stage is Stage.JOINED:
        return joint, text
    if joint.stage is Stage.APART or not text:
        return joint, ""
    if joint.continues and len(joint.form) < TELLING_CHARS:
        return _continued(joint, text)
    return _compared(joint, text)


def ended(joint: Joint) -> tuple[Joint, str]:
    """The second voice has finished: what is still new of what was held back."""
    if joint.stage is not Stage.LISTENING:
        return joint, ""
    if joint.at == len(joint.form):
        return _met(joint, "")
    if joint.continues:
        # A whole answer that ends inside of what was delivered already is no repetition of it.
        return replace(joint, stage=Stage.JOINED, held=""), _without(joint.tail, joint.held)
    return _apart(joint), ""


def _compared(joint: Joint, text: str) -> tuple[Joint, str]:
    form, at, blanks = joint.form, joint.at, joint.blanks
    for place, char in enumerate(text):
        if char.isspace():
            blanks += char
            continue
        if at == len(form):
            return _met(replace(joint, at=at, blanks=blanks), text[place:])
        said = (_blank(blanks) if blanks and at else "") + char
        if not form.startswith(said, at):
            return _astray(replace(joint, at=at), text)
        at += len(said)
        blanks = ""
    held = joint.held + text if joint.continues else ""
    return replace(joint, at=at, blanks=blanks, held=held), ""


def _met(joint: Joint, rest: str) -> tuple[Joint, str]:
    """All of it was repeated, and this is what follows."""
    new = _after(joint.tail, joint.blanks) + rest
    return replace(joint, stage=Stage.JOINED, held="", blanks=""), new


def _astray(joint: Joint, text: str) -> tuple[Joint, str]:
    """It has said something else than what was delivered."""
    if not joint.continues or joint.at >= max(ECHO_CHARS, len(joint.form) // 2):
        return _apart(joint), ""
    return replace(joint, stage=Stage.JOINED, held=""), _without(joint.tail, joint.held + text)


def _continued(joint: Joint, text: str) -> tuple[Joint, str]:
    said = joint.held + text
    if said.isspace():
        return replace(joint, held=said), ""
    return replace(joint, stage=Stage.JOINED, held=""), _without(joint.tail, said)


def _apart(joint: Joint) -> Joint:
    return replace(joint, stage=Stage.APART, held="", blanks="")


def _without(tail: str, said: str) -> str:
    """A continuation, without the blanks that were delivered already."""
    body = said.lstrip()
    return _after(tail, said[: len(said) - len(body)]) + body


def _after(tail: str, blanks: str) -> str:
    """Which of these blanks are still to come when the tail has been delivered."""
    if blanks.startswith(tail):
        return blanks[len(tail) :]
    return blanks if "\n" in blanks and "\n" not in tail else ""


def _form(text: str) -> str:
    """As texts are compared: a run of blanks is one blank, or a line's end and the indentation after it."""
    parts: list[str] = []
    blanks = ""
    for char in text.lstrip():
        if char.isspace():
            blanks += char
            continue
        if blanks:
            parts.append(_blank(blanks))
            blanks = ""
        parts.append(char)
    return "".join(parts)


def _blank(blanks: str) -> str:
    return "\n" + blanks.rpartition("\n")[2] if "\n" in blanks else " "
