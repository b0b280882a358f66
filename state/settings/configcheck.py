"""What is wrong with a config that has the right shape: all that a type cannot say.

Whether the files, variables and credentials that it names are there is for `daemon.configfile` to find out.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from state.config import Config, DaemonConfig, JournalConfig
from state.settings.naming import path_fault
from state.settings.poolcheck import pool_problems
from state.settings.problems import Fault, Problem
from state.settings.providercheck import provider_problems
from state.settings.references import refer
from state.settings.urls import split_host_port

__all__ = ["check"]

LANES_MAX = 10_000
"""Keys times models: a few short lines could ask for millions."""
SOCKET_PATH_BYTES_MAX = 107
"""sockaddr_un has 108, one of them for the end."""


def check(config: Config, *, whole: bool = True) -> Iterator[Problem]:
    """All that is wrong with it. Not `whole`: some sections had misfits and are missing, so nothing is said
    of those that refer to others.
    """
    yield from _daemon(config.daemon)
    yield from _journal(config.journal)
    for name, provider in config.provider.items():
        yield from provider_problems(name, provider)
    if not whole:
        return
    if not config.provider:
        yield Fault(
            "is missing: nobody is there to answer", "[provider.pollinations] is enough, without a key"
        ).at("provider")
    count = sum(len(provider.keys) * len(provider.models) for provider in config.provider.values())
    if count > LANES_MAX:
        yield Fault(f"has {count:,} lanes (keys times models)", f"at most {LANES_MAX:,}").at("provider")
        return
    for name, pool in config.pool.items():
        yield from pool_problems(name, pool, config)


def _daemon(daemon: DaemonConfig) -> Iterator[Problem]:
    for setting, path in (("socket", daemon.socket), ("http_socket", daemon.http_socket)):
        yield from _found(_socket_fault(path), "daemon", setting)
    if daemon.socket and daemon.socket == daemon.http_socket:
        yield Fault("is the same as socket", "they speak different languages").at("daemon", "http_socket")
    yield from _found(path_fault(daemon.state_dir) if daemon.state_dir else None, "daemon", "state_dir")
    token = refer(daemon.http_token) if daemon.http_token else None
    yield from _found(token if isinstance(token, Fault) else None, "daemon", "http_token")
    yield from _found(_http_tcp_fault(daemon), "daemon", "http_tcp")
    if daemon.in_flight_per_client_max > daemon.in_flight_max:
        yield Fault("is more than in_flight_max").at("daemon", "in_flight_per_client_max")


def _journal(journal: JournalConfig) -> Iterator[Problem]:
    yield from _found(path_fault(journal.path) if journal.path else None, "journal", "path")


def _found(fault: Fault | None, *path: str) -> Iterator[Problem]:
    if fault is not None:
        yield fault.at(*path)


def _socket_fault(path: str) -> Fault | None:
    if not path:
        return None
    size = len(path.encode())
    if size > SOCKET_PATH_BYTES_MAX:
        return Fault(
            f"is {size} bytes long", f"the path of a Unix socket has at most {SOCKET_PATH_BYTES_MAX}"
        )
    return path_fault(path)


def _http_tcp_fault(daemon: DaemonConfig) -> Fault | None:
    if not daemon.http_tcp:
        return None
    address = split_host_port(daemon.http_tcp)
    if address is None:
        return Fault("is no address", "one looks like 127.0.0.1:4747")
    host, _ = address
    if daemon.http_token or _is_reached_from_here_alone(host):
        return None
    return Fault("lets other machines in without a token", "set http_token, or listen on 127.0.0.1")


def _is_reached_from_here_alone(host: str) -> bool:
    """Stricter than `state.standing.hosts.is_loopback`: whoever listens on 0.0.0.0 is called by everybody."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
