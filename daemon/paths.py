"""Where things are: config, state and sockets, for a system service, root at a prompt, or a user.

                       config                     state                      sockets
systemd says           $CONFIGURATION_DIRECTORY   $STATE_DIRECTORY           $RUNTIME_DIRECTORY
else, root             /etc/failoverd             /var/lib/failoverd         /run/failoverd
else, a user           ~/.config/failoverd        ~/.local/state/failoverd   $XDG_RUNTIME_DIR/failoverd

`failoverctl` imports this, so it imports nothing that takes time.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["USER_HTTP_TCP", "Places", "places", "places_here", "sockets_to_try"]

USER_HTTP_TCP = "127.0.0.1:4747"
"""Who runs it for oneself wants to set `base_url` and be done; a system service opens no port unasked."""

_CONFIG_NAME = "failoverd.toml"
_SOCKET_NAME = "failoverd.sock"
_HTTP_SOCKET_NAME = "http.sock"


class Places(NamedTuple):
    """Where this process looks, keeps and listens, unless its config says otherwise."""

    config_dir: str
    state_dir: str
    runtime_dir: str
    is_system: bool

    @property
    def config_file(self) -> str:
        return f"{self.config_dir}/{_CONFIG_NAME}"

    @property
    def socket(self) -> str:
        return f"{self.runtime_dir}/{_SOCKET_NAME}"

    @property
    def http_socket(self) -> str:
        return f"{self.runtime_dir}/{_HTTP_SOCKET_NAME}"

    @property
    def http_tcp(self) -> str:
        return "" if self.is_system else USER_HTTP_TCP


def places(environment: Mapping[str, str], *, uid: int, home: str) -> Places:
    """Directory by directory, the first that applies."""
    usual = _roots() if uid == 0 else _users(environment, home)
    config, state, runtime = (
        _first(environment, f"{name}_DIRECTORY") for name in ("CONFIGURATION", "STATE", "RUNTIME")
    )
    # A user's own systemd sets these variables too; there the directory is below the user's.
    own = f"{_xdg(environment, 'XDG_RUNTIME_DIR')}/"
    return Places(
        config_dir=config or usual.config_dir,
        state_dir=state or usual.state_dir,
        runtime_dir=runtime or usual.runtime_dir,
        is_system=usual.is_system or (bool(runtime) and (own == "/" or not runtime.startswith(own))),
    )


def places_here() -> Places:
    """Of this process."""
    return places(os.environ, uid=os.geteuid(), home=os.path.expanduser("~"))  # noqa: PTH111 - pathlib costs failoverctl 8 ms


def sockets_to_try(environment: Mapping[str, str], *, uid: int, home: str) -> tuple[str, ...]:
    """Where a client looks for a daemon: first one's own, then the machine's."""
    own = (_roots() if uid == 0 else _users(environment, home)).socket
    return tuple(dict.fromkeys((own, _roots().socket)))


def _roots() -> Places:
    return Places("/etc/failoverd", "/var/lib/failoverd", "/run/failoverd", is_system=True)


def _users(environment: Mapping[str, str], home: str) -> Places:
    config = _xdg(environment, "XDG_CONFIG_HOME") or f"{home}/.config"
    state = _xdg(environment, "XDG_STATE_HOME") or f"{home}/.local/state"
    runtime = _xdg(environment, "XDG_RUNTIME_DIR")
    # Without a login session there is no runtime directory; the state directory is ours alone, too.
    return Places(
        config_dir=f"{config}/failoverd",
        state_dir=f"{state}/failoverd",
        runtime_dir=f"{runtime}/failoverd" if runtime else f"{state}/failoverd/run",
        is_system=False,
    )


def _xdg(environment: Mapping[str, str], name: str) -> str:
    """A relative path here counts as none: so says the specification."""
    path = environment.get(name, "")
    return path.rstrip("/") if path.startswith("/") else ""


def _first(environment: Mapping[str, str], name: str) -> str:
    """Systemd separates several directories by colons."""
    return environment.get(name, "").split(":")[0]
