"""The whole daemon on one screen: who lives here, in which order they come and go.

stage 0   journal        must be there before anything happens, and after everything has
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from actors.actor import ChildSpec, OnExhausted
from actors.journal import Journal, JournalWriter
from actors.journal_file import JournalFile, open_journal
from actors.mailbox import Mailbox
from actors.recall import Recalled
from actors.seams import Clock, JournalBackend, Listener, Rng
from actors.supervisor import Supervisor
from daemon.news import Serving
from state.durability import Retention
from state.resolved import Changes, Resolved, compare

__all__ = ["Tree"]

DAY_MS = 86_400_000
MIB = 1024 * 1024


class Tree:
    """Everybody, built from a config and from what the journal remembers."""

    def __init__(
        self,
        resolved: Resolved,
        recalled: Recalled,
        file: JournalFile | None,
        *,
        clock: Clock,
        rng: Rng,
        listener: Listener,
    ) -> None:
        self._resolved = resolved
        self._clock = clock
        self._rng = rng
        self._listener = listener
        kept = resolved.config.journal
        self.journal = Journal(
            file,
            self._open_journal,
            clock=clock,
            listener=listener,
            parts={},
            retention=Retention(round(kept.keep_days * DAY_MS), kept.keep_mib * MIB),
        )

    def specs(self) -> Sequence[ChildSpec[Any]]:
        return (
            ChildSpec(
                mailbox=Mailbox("journal", 1, self._clock),
                make=lambda: JournalWriter(self.journal),
                stage=0,
                on_exhausted=OnExhausted.ESCALATE,
            ),
        )

    async def swap(self, resolved: Resolved, supervisor: Supervisor) -> Changes:
        changes = compare(self._resolved, resolved)
        self._resolved = resolved
        return changes

    def serving(self, after_s: float) -> Serving:
        config = self._resolved.config
        sockets = tuple(each for each in (config.daemon.socket, config.daemon.http_socket) if each)
        return Serving(after_s, len(config.provider), len(config.lanes), sockets)

    async def close(self) -> None:
        """Let go of what no actor owns, when all of them are gone."""
        await self.journal.close()

    async def _open_journal(self) -> JournalBackend:
        path = Path(self._resolved.config.journal.path)
        file, set_aside = await open_journal(path, wall_ms=self._clock.wall_ms())
        if set_aside is not None:
            self._listener.tell(set_aside)
        return file
