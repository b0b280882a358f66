"""The doors to HTTP as children of the tree: the Unix socket, which nobody can do without, and a TCP port."""

from collections.abc import Iterator

from actors.kernel.actor import ChildSpec, OnExhausted
from actors.kernel.mailbox import Mailbox
from actors.seams import Clock, Listener
from daemon.http.app import App, Office
from daemon.http.guards import Via
from daemon.http.port import Port
from daemon.http.server import Doorstep, HttpServer
from state.config import DaemonConfig

__all__ = ["http_doors"]


def http_doors(
    office: Office,
    unix: Doorstep | None,
    settings: DaemonConfig,
    *,
    stage: int,
    clock: Clock,
    listener: Listener,
) -> Iterator[ChildSpec[None]]:
    """Those that the config asks for. A port that somebody else has is no reason to die."""

    def door(name: str, app: App, doorstep: Doorstep, on_exhausted: OnExhausted) -> ChildSpec[None]:
        grace_s = settings.drain_s
        return ChildSpec(
            mailbox=Mailbox(name, 1, clock),
            make=lambda: HttpServer(app, doorstep, clock=clock, listener=listener, grace_s=grace_s),
            stage=stage,
            on_exhausted=on_exhausted,
            grace_s=grace_s,
        )

    if unix is not None:
        yield door("http", App(office, Via.UNIX), unix, OnExhausted.ESCALATE)
    if settings.http_tcp:
        port = Port(settings.http_tcp)
        yield door("http-tcp", App(office, port.via), port, OnExhausted.BURY)
