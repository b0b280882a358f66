"""The whole daemon on one screen: who lives here, in which order they come and go.

stage 0   journal        there before anything happens, and after everything has
stage 1   network guard  hears how calls end, and says when it is we who are offline
stage 2   providers      one each; a reload replaces only those that changed
stage 3   router         every request goes through it
stage 4   listeners      where requests come in; the last to come and the first to go
          jobs           where they come from the disk: a stop takes no new ones from either
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from msgspec import Struct

from actors.jobs.jobs import Jobs, JobsActor
from actors.journal.journal import GATHER_MS, Journal, JournalWriter, Part
from actors.journal.journal_file import JournalFile, JournalLost, open_journal
from actors.kernel.actor import ChildSpec, OnExhausted
from actors.kernel.mailbox import Mailbox
from actors.kernel.supervisor import Supervisor
from actors.net.netguard import NetGuard, NetGuardActor
from actors.net.reach import reach
from actors.net.tls import TrustStore
from actors.provider.access import open_access
from actors.provider.ledger import Ledger
from actors.provider.provider import Doorway, ProbeNow, Provider
from actors.router.router import Router, RouterActor
from actors.seams import Clock, JournalBackend, Listener, Rng
from daemon.api.cast import Cast
from daemon.configfile import Refused
from daemon.doorstep import Doorstep
from daemon.http.app import Office
from daemon.http.doors import http_doors
from daemon.metrics.scrape import Page
from daemon.metrics.tally import Tally
from daemon.news import Serving
from daemon.past import Past, open_past
from daemon.rpc.clerk import Clerk
from daemon.rpc.methods import METHODS
from daemon.rpc.server import Server
from daemon.wishes import Wishes
from state.config import ProviderConfig
from state.events import ConfigLoaded, Event, LinkRestored
from state.memory.durability import JournalSetAside, Retention
from state.memory.fold import NOTHING_KNOWN
from state.memory.parts import ROUTER, part_name
from state.memory.remembered import Remembered, cut_short, interrupted
from state.settings.resolved import Changes, Resolved, compare, config_digest
from state.timeline import Reading

__all__ = ["Edges", "Tree"]

STAGE_JOURNAL, STAGE_GUARD, STAGE_PROVIDERS, STAGE_ROUTER, STAGE_LISTENERS = range(5)
PROBES_WAITING_MAX = 64
DAY_MS = 86_400_000
MIB = 1024 * 1024


class Edges(Struct, frozen=True, kw_only=True):
    """What there is of the process around the tree."""

    rpc: Doorstep
    http: Doorstep | None
    wishes: Wishes
    load: Callable[[], Resolved | Refused]
    version: str
    last_read: Reading | None = None
    """What the clocks said when the last life ended."""


class Tree:
    """Everybody, built from a config and from what the journal remembers."""

    def __init__(
        self,
        resolved: Resolved,
        remembered: Remembered,
        file: JournalFile | None,
        edges: Edges,
        *,
        clock: Clock,
        rng: Rng,
        listener: Listener,
    ) -> None:
        self.resolved = resolved
        self._remembered = remembered
        self._has_recalled = file is not None
        self._edges = edges
        self._clock = clock
        self._rng = rng
        self._listener = listener
        self._trust = TrustStore()
        self._parts: dict[str, Part] = {}
        self._gone: dict[str, Doorway] = {}
        """Of the providers that a reload took away. Snapshots go on to show them."""
        self._children: dict[str, str] = {}
        """By provider, also by those that are gone: the last that was called so may still be finishing."""
        self._mailboxes: dict[str, Mailbox[ProbeNow]] = {}
        self._generation = 0
        kept = resolved.config.journal
        self.journal = Journal(
            file,
            self._open_journal,
            clock=clock,
            listener=listener,
            parts=self._parts,
            retention=Retention(round(kept.keep_days * DAY_MS), kept.keep_mib * MIB),
            gather_ms=GATHER_MS,
        )
        self._tally = Tally()
        self._counting = ExitStack()
        self._counting.enter_context(self.journal.heard_by(self._tally.count))
        self._guard = NetGuard(
            resolved.config.provider,
            self.journal,
            clock=clock,
            reach=reach,
            is_down=remembered.router.statistics.is_offline,
        )
        self.doors = {name: self._door(each) for name, each in resolved.config.provider.items()}
        self.router = Router(
            resolved.config,
            self.doors,
            self._ledgers,
            self.journal,
            clock=clock,
            rng=rng,
            listener=listener,
            state=remembered.router,
        )
        self._guard.tells(self.router)
        self._parts[ROUTER] = lambda: self.router.state
        self.jobs = Jobs(
            self.router,
            self.journal,
            config=lambda: self.resolved.config,
            clock=clock,
            rng=rng,
            listener=listener,
        )
        self.cast = Cast(
            self.router,
            self.doors,
            self._mailboxes,
            self.journal,
            self.jobs,
            clock=clock,
            wishes=edges.wishes,
            resolved=lambda: self.resolved,
            load=edges.load,
            version=edges.version,
            last_read=edges.last_read,
        )
        self._note_config(tuple(str(key) for key in resolved.secrets))

    def close_interrupted(self, opened: Sequence[Event]) -> None:
        """Close what the last life left open: nobody is to blame, and every place is free again."""
        at_ms, wall_ms = self._clock.now_ms(), self._clock.wall_ms()
        for closed in interrupted(opened, self._remembered.open_attempts, at_ms=at_ms, wall_ms=wall_ms):
            if closed.lane.provider in self.doors:
                self.doors[closed.lane.provider].ledger.happened(closed)
        for verdict in cut_short(opened, self._remembered.open_attempts, at_ms=at_ms, wall_ms=wall_ms):
            self.router.switchboard.happened(verdict)

    # Starting, and what a reload changes.

    def specs(self) -> Sequence[ChildSpec[Any]]:
        """The children to start with."""
        providers = (self._provider_spec(name) for name in self.doors)
        return (
            self._journal_spec(),
            self._guard_spec(),
            *providers,
            self._router_spec(),
            self._jobs_spec(),
            self._rpc_spec(),
            *self._http_specs(),
        )

    async def swap(self, resolved: Resolved, supervisor: Supervisor) -> Changes:
        """Let another config take effect. A changed provider keeps its ledger and its door; its next life
        serves before the last one has drained, and nobody waits for that.
        """
        changes = compare(self.resolved, resolved)
        self.resolved = resolved
        leaving = [self._children[name] for name in (*changes.removed, *changes.changed)]
        for name in changes.removed:
            self._gone[name] = self.doors.pop(name)
            del self._mailboxes[name]
        for name in changes.changed:
            self.doors[name].reconfigure(resolved.config.provider[name])
        for name in changes.added:
            self.doors[name] = self._door(resolved.config.provider[name])
        self._note_config(changes.keys_changed)
        self.router.adopt(resolved.config, self.doors, self._ledgers)
        self._guard.adopt(resolved.config.provider)
        for name in (*changes.changed, *changes.added):
            await supervisor.start_child(self._provider_spec(name))
        for child in leaving:
            supervisor.let_go(child)
        return changes

    def serving(self, after_s: float) -> Serving:
        """What is being served, to be told to people."""
        daemon = self.resolved.config.daemon
        sockets = tuple(each for each in (daemon.socket, daemon.http_socket, daemon.http_tcp) if each)
        lanes = sum(len(door.ledger.lanes) for door in self.doors.values())
        return Serving(after_s, len(self.doors), lanes, sockets)

    async def close(self) -> None:
        """Let go of what no actor owns, when all of them are gone."""
        self._counting.close()
        await self.journal.close()

    # Everybody, one by one.

    def _journal_spec(self) -> ChildSpec[None]:
        return ChildSpec(
            mailbox=Mailbox("journal", 1, self._clock),
            make=lambda: JournalWriter(self.journal),
            stage=STAGE_JOURNAL,
            on_exhausted=OnExhausted.ESCALATE,
        )

    def _guard_spec(self) -> ChildSpec[None]:
        return ChildSpec(
            mailbox=Mailbox("network guard", 1, self._clock),
            make=lambda: NetGuardActor(self._guard),
            stage=STAGE_GUARD,
            on_exhausted=OnExhausted.BURY,
        )

    @property
    def _ledgers(self) -> dict[str, Ledger]:
        return {name: door.ledger for name, door in self.doors.items()}

    def _router_spec(self) -> ChildSpec[None]:
        return ChildSpec(
            mailbox=Mailbox("router", 1, self._clock),
            make=lambda: RouterActor(self.router),
            stage=STAGE_ROUTER,
            on_exhausted=OnExhausted.ESCALATE,
        )

    def _jobs_spec(self) -> ChildSpec[None]:
        return ChildSpec(
            mailbox=Mailbox("jobs", 1, self._clock),
            make=lambda: JobsActor(self.jobs),
            stage=STAGE_LISTENERS,
            on_exhausted=OnExhausted.BURY,
            grace_s=self.resolved.config.daemon.drain_s,
        )

    def _door(self, provider: ProviderConfig) -> Doorway:
        """Who comes back in the same life is who left: what it has used of its limits is used."""
        if (door := self._gone.pop(provider.name, None)) is not None:
            door.reconfigure(provider)
            return door
        state = self._remembered.providers.get(provider.name, NOTHING_KNOWN)
        ledger = Ledger(provider, state, clock=self._clock, witness=self._guard)
        self._parts[part_name(provider.name)] = lambda: ledger.state
        return Doorway(ledger, self._clock, self._rng)

    def _provider_spec(self, name: str) -> ChildSpec[ProbeNow]:
        resolved, door = self.resolved, self.doors[name]
        provider = resolved.config.provider[name]
        secrets = resolved.secrets_of(provider)
        self._generation += 1
        child = name if name not in self._children else f"{name}.{self._generation}"
        self._children[name] = child
        self._mailboxes[name] = Mailbox(child, PROBES_WAITING_MAX, self._clock)
        return ChildSpec(
            mailbox=self._mailboxes[name],
            make=lambda: Provider(
                door,
                lambda: open_access(provider, secrets, clock=self._clock, trust=self._trust),
                self._clock,
                self._rng,
            ),
            stage=STAGE_PROVIDERS,
            on_exhausted=OnExhausted.BURY,
            grace_s=resolved.config.daemon.drain_s,
        )

    def _rpc_spec(self) -> ChildSpec[None]:
        daemon = self.resolved.config.daemon
        clerk = Clerk(
            METHODS,
            self.cast,
            clock=self._clock,
            listener=self._listener,
            frame_bytes_max=lambda: self.resolved.config.daemon.frame_mib * MIB,
        )
        return ChildSpec(
            mailbox=Mailbox("rpc", 1, self._clock),
            make=lambda: Server(
                clerk,
                self._edges.rpc,
                lambda: self.resolved.config.daemon,
                clock=self._clock,
                listener=self._listener,
            ),
            stage=STAGE_LISTENERS,
            on_exhausted=OnExhausted.ESCALATE,
            grace_s=daemon.drain_s,
        )

    def _http_specs(self) -> Iterator[ChildSpec[None]]:
        return http_doors(
            Office(self.cast, Page(self._tally, self.cast).render),
            self._edges.http,
            self.resolved.config.daemon,
            stage=STAGE_LISTENERS,
            clock=self._clock,
            listener=self._listener,
        )

    def _note_config(self, keys_changed: tuple[str, ...]) -> None:
        """Keys that are new or other than before get a fresh chance; at a start all do, because nobody
        keeps anything by which a key that was mended meanwhile could be told from one that was not.
        """
        loaded = ConfigLoaded(
            at_ms=self._clock.now_ms(),
            wall_ms=self._clock.wall_ms(),
            digest=config_digest(self.resolved.config),
            keys_changed=keys_changed,
        )
        self.journal.record(loaded)
        for door in self.doors.values():
            door.ledger.learn(loaded)

    async def _open_journal(self, lost: JournalLost | None) -> JournalBackend:
        """Anew, because the file was lost; or at last, because there was none at the start."""
        path, wall_ms = Path(self.resolved.config.journal.path), self._clock.wall_ms()
        if self._has_recalled:
            file, set_aside = await open_journal(path, wall_ms=wall_ms, lost=lost)
        else:
            file, past, set_aside = await open_past(path, self.resolved.config, wall_ms=wall_ms)
            self._recall(past)
        if set_aside is not None:
            self.say_set_aside(set_aside)
        return file

    def say_set_aside(self, moved: JournalSetAside) -> None:
        """To the log, and to whoever asks how it stands."""
        self._listener.tell(moved)
        self.journal.begun_anew(str(moved))

    def _recall(self, past: Past) -> None:
        """In one step: what the file knows, and on top of it all that this life has seen until now."""
        config, clock = self.resolved.config, self._clock
        past = past.seen_from(clock.now_ms(), clock.read())
        self._remembered, self._has_recalled = past.remembered, True
        known = past.remembered.after(self.journal.waiting, config)
        for name, door in self.doors.items():
            door.ledger.recall(known.providers[name])
        self.router.recall(known.router)
        self.close_interrupted(past.opened)
        if known.router.statistics.is_offline and not self.router.status.is_offline:
            self.router.link(LinkRestored(at_ms=clock.now_ms(), wall_ms=clock.wall_ms()))
