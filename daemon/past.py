"""What the journal knew before this life: recalled at the start, or as soon as its file can be opened."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from actors.journal.journal_file import JournalFile, JournalLost, JournalUnusable
from actors.journal.recall import open_and_recall, opened_by
from state.config import Config
from state.events import Event
from state.memory.durability import JournalSetAside
from state.memory.moved import moved
from state.memory.parts import parts_of
from state.memory.remembered import Remembered, remember, unanswered
from state.timeline import Anchor, Reading, resume

__all__ = ["NO_PAST", "Past", "open_past"]


class Past(Struct, frozen=True, kw_only=True):
    """All that earlier lives have left, and when."""

    anchor: Anchor | None = None
    """Where their timeline stood; None: there was none."""
    remembered: Remembered = Remembered()
    opened: Sequence[Event] = ()
    """How the attempts and requests began that nobody closed."""

    def seen_from(self, at_ms: int, now: Reading) -> "Past":
        """The same on the timeline of a life that began without it and stands at this moment by now."""
        by_ms = at_ms - resume(self.anchor, now).at_ms
        return Past(
            anchor=Anchor(at_ms, now),
            remembered=moved(self.remembered, by_ms),
            opened=[replace(event, at_ms=event.at_ms + by_ms) for event in self.opened],
        )


NO_PAST = Past()


async def open_past(
    path: Path, config: Config, *, wall_ms: int
) -> tuple[JournalFile, Past, JournalSetAside | None]:
    """Open the journal and recall all that it knows of this config.

    Raises JournalUnusable where there can be no file now.
    """
    file, recalled, set_aside = await open_and_recall(path, parts_of(config), wall_ms=wall_ms)
    remembered = remember(recalled.snapshots, recalled.tail, config)
    try:
        opened = await file.run(opened_by(remembered.open_attempts))
    except JournalLost as error:
        await file.close()
        raise JournalUnusable(str(error)) from error
    opened += unanswered(recalled.tail)
    return file, Past(anchor=recalled.anchor, remembered=remembered, opened=opened), set_aside
