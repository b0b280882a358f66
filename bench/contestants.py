"""Who is compared: each with its config, its way in for every route, and nothing switched on that others lack.

plain           the fast upstream
after-500       one that answers 500, then the fast one
after-refused   one where nobody listens, then the fast one
over-tls        the fast one behind TLS, its certificate verified
"""

import shutil
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.strangers import LITELLM, OURS, PORTKEY
from bench.upstream import Ports

__all__ = ["Contestant", "Direct", "Door", "Failoverd", "LiteLlm", "Nginx", "Portkey", "Route", "free_port"]

CHAT = "/v1/chat/completions"
KEY = "sk-of-a-benchmark"


class Route(StrEnum):
    PLAIN = "plain"
    AFTER_500 = "after-500"
    AFTER_REFUSED = "after-refused"
    SECURE = "over-tls"


class Door(Struct, frozen=True):
    """How to ask."""

    address: str
    """`HOST:PORT`, or the path of a Unix socket."""
    path: str = CHAT
    model: str = "bench"
    headers: Mapping[str, str] = {}


class Contestant(ABC):
    """One of those compared."""

    name: str

    def __init__(self, home: Path, ports: Ports, ca_file: Path) -> None:
        self.home = home / self.name
        self.home.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.ports = ports
        self.ca_file = ca_file

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        return {}

    @abstractmethod
    def command(self) -> list[str]:
        """Write the config, and say how to start; empty: there is nothing to start."""

    @abstractmethod
    def door(self, route: Route) -> Door: ...

    def url(self, port: int) -> str:
        return f"http://127.0.0.1:{port}/v1"

    def upstreams(self, route: Route) -> list[int]:
        """In the order in which they are to be tried."""
        first = {Route.AFTER_500: [self.ports.broken], Route.AFTER_REFUSED: [self.ports.away]}
        return [*first.get(route, []), self.ports.fast]


class Direct(Contestant):
    """Nobody between."""

    name = "direct"

    def command(self) -> list[str]:
        return []

    def door(self, route: Route) -> Door:
        del route
        return Door(f"127.0.0.1:{self.ports.fast}")


class Nginx(Contestant):
    """The bar: C, an event loop, and nothing known of what it carries."""

    name = "nginx"

    def command(self) -> list[str]:
        pools = "\n".join(self._pool(route) for route in Route)
        doors = "\n".join(self._location(route) for route in Route)
        (self.home / "nginx.conf").write_text(
            _NGINX.format(home=self.home, port=self.port, pools=pools, doors=doors)
        )
        return [_found("nginx"), "-p", str(self.home), "-c", str(self.home / "nginx.conf")]

    def door(self, route: Route) -> Door:
        return Door(self.address, f"/{route}{CHAT}")

    def _pool(self, route: Route) -> str:
        if route is Route.SECURE:
            servers = f"server 127.0.0.1:{self.ports.secure};"
        else:
            first, *others = (f"server 127.0.0.1:{port} max_fails=0" for port in self.upstreams(route))
            servers = " ".join([f"{first};", *(f"{other} backup;" for other in others)])
        return f"upstream {route} {{ {servers} keepalive 512; }}"

    def _location(self, route: Route) -> str:
        where = f"location /{route}/ {{ proxy_pass "
        if route is not Route.SECURE:
            return f"{where}http://{route}/; }}"
        verified = (
            f"proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_trusted_certificate {self.ca_file};"
        )
        return f"{where}https://{route}/; {verified} }}"


_NGINX = """\
daemon off; user root; worker_processes 1; pid {home}/pid; error_log {home}/errors crit;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 100000000; client_max_body_size 64m; client_body_buffer_size 2m;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxied; fastcgi_temp_path {home}/f;
  uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
  proxy_next_upstream error timeout http_500 non_idempotent;
  {pools}
  server {{ listen 127.0.0.1:{port} backlog=4096; {doors} }}
}}
"""


class LiteLlm(Contestant):
    """LiteLLM's proxy, one worker, no database, nothing logged."""

    name = "litellm"

    @property
    def environ(self) -> dict[str, str]:
        return {
            "LITELLM_MODE": "PRODUCTION",
            "LITELLM_LOG": "ERROR",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "SSL_CERT_FILE": str(self.ca_file),
            "PYTHONPATH": "",
        }

    def command(self) -> list[str]:
        urls = {
            Route.PLAIN: self.url(self.ports.fast),
            Route.AFTER_500: self.url(self.ports.broken),
            Route.AFTER_REFUSED: self.url(self.ports.away),
            Route.SECURE: f"https://localhost:{self.ports.secure}/v1",
        }
        config = {
            "model_list": [
                {
                    "model_name": str(route),
                    "litellm_params": {"model": "openai/bench", "api_base": url, "api_key": KEY},
                }
                for route, url in urls.items()
            ],
            "router_settings": {
                "num_retries": 0,
                "disable_cooldowns": True,
                "fallbacks": [{str(route): ["plain"]} for route in (Route.AFTER_500, Route.AFTER_REFUSED)],
            },
            "litellm_settings": {"telemetry": False, "num_retries": 0},
        }
        path = self.home / "config.yaml"
        path.write_bytes(msgspec.json.encode(config))  # JSON is YAML
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--num_workers", "1"]
        return [str(LITELLM), "--config", str(path), *where]

    def door(self, route: Route) -> Door:
        return Door(self.address, model=str(route))


class Portkey(Contestant):
    """Portkey's open gateway, on Node."""

    name = "portkey"

    @property
    def environ(self) -> dict[str, str]:
        return {"NODE_ENV": "production", "NODE_EXTRA_CA_CERTS": str(self.ca_file)}

    def command(self) -> list[str]:
        return [_found("node"), str(PORTKEY), f"--port={self.port}", "--headless"]

    def door(self, route: Route) -> Door:
        if route is Route.SECURE:
            urls = [f"https://localhost:{self.ports.secure}/v1"]
        else:
            urls = [self.url(port) for port in self.upstreams(route)]
        targets = [{"provider": "openai", "api_key": KEY, "custom_host": url} for url in urls]
        config = {"strategy": {"mode": "fallback"}, "targets": targets} if targets[1:] else targets[0]
        return Door(self.address, headers={"x-portkey-config": msgspec.json.encode(config).decode()})


class Failoverd(Contestant):
    """Ours as it is: journal, deadline, explain, cancel and limits are on."""

    name = "failoverd"
    lanes = 1

    @property
    def environ(self) -> dict[str, str]:
        return {"BENCH_KEY": KEY}

    @property
    def http_socket(self) -> str:
        return str(self.home / "run" / "http.sock")

    @property
    def rpc_socket(self) -> str:
        return str(self.home / "run" / "failoverd.sock")

    def command(self) -> list[str]:
        path = self.home / "failoverd.toml"
        path.write_text(self._daemon() + self._providers() + self._pools())
        return [str(OURS), "-m", "daemon.main", "run", "--config", str(path)]

    def door(self, route: Route) -> Door:
        return Door(self.address, model=str(route))

    def _daemon(self) -> str:
        return (
            f'[daemon]\nsocket = "{self.rpc_socket}"\nhttp_socket = "{self.http_socket}"\n'
            f'http_tcp = "{self.address}"\nstate_dir = "{self.home}/state"\n'
            "in_flight_max = 8192\nin_flight_per_client_max = 8192\n"
        )

    def _providers(self) -> str:
        secure = f'https://localhost:{self.ports.secure}/v1"\nca_file = "{self.ca_file}'
        urls = {
            "spare": self.url(self.ports.fast),
            "broken": self.url(self.ports.broken),
            "away": self.url(self.ports.away),
            "secure": secure,
        }
        return self._fast() + "".join(
            _PROVIDER.format(name=name, url=url, models=_MODELS) for name, url in urls.items()
        )

    def _fast(self) -> str:
        return _PROVIDER.format(name="fast", url=self.url(self.ports.fast), models=_MODELS)

    def _pools(self) -> str:
        pools = {
            Route.PLAIN: ["fast", "spare"],
            Route.AFTER_500: ["broken", "fast"],
            Route.AFTER_REFUSED: ["away", "fast"],
            Route.SECURE: ["secure"],
        }
        return "".join(
            f"[pool.{name}]\nlanes = {msgspec.json.encode(lanes).decode()}\n" for name, lanes in pools.items()
        )


_MODELS = '[{ name = "bench", can = ["chat", "tools", "json", "vision"] }]'

_PROVIDER = """
[provider.{name}]
url = "{url}"
models = {models}
keys = [{{ secret = "env:BENCH_KEY" }}]
connections = 1024
limits = {{ rpm = 100000000, tpm = 1000000000000, concurrency = 100000 }}
# The very failover is measured: a failed lane is not asked again at once, and is tried anew a moment later.
retry = {{ retries = 0 }}
quarantine = {{ loopback_s = 0.001, loopback_s_max = 0.001, jitter = 0.0 }}
"""


class ManyLanes(Failoverd):
    """The same, with many lanes to choose from: the first of them is well."""

    def __init__(self, home: Path, ports: Ports, ca_file: Path, *, lanes: int) -> None:
        self.lanes = lanes
        self.name = f"{lanes} lanes"
        super().__init__(home, ports, ca_file)

    def _fast(self) -> str:
        models = [f"bench{at}" for at in range(self.lanes // 10)]
        written = msgspec.json.encode(models).decode()
        url = self.url(self.ports.fast)
        return "".join(_PROVIDER.format(name=f"fast{at}", url=url, models=written) for at in range(10))

    def _pools(self) -> str:
        return super()._pools().replace('"fast"', '"fast?/*"')


def free_port() -> int:
    """Free a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _found(name: str) -> str:
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin:/bin") or shutil.which(name)
    return path or name
