"""What the operator decides: the config file as values, each default with its reason.

`[daemon]`, `[journal]`, `[provider.NAME]` with keys and models, `[pool.NAME]`. This is the strict shape that
everybody reads; the shorter ways to write it are spelled out by `state.settings.written`, and what a type
cannot say is checked by `state.settings.configcheck`. Secrets stand here as references only.
"""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, field

from state.settings.offer import Capability, KeyConfig, LimitsConfig, ModelConfig, PriceConfig
from state.settings.tuning import (
    Count,
    Pause,
    ProbeConfig,
    QuarantineConfig,
    RestConfig,
    RetryConfig,
    Seconds,
    Section,
    TimeoutConfig,
)
from state.words import LaneId

__all__ = [
    "Api",
    "Capability",
    "Config",
    "DaemonConfig",
    "JournalConfig",
    "KeyConfig",
    "LimitsConfig",
    "ModelConfig",
    "Patience",
    "PoolConfig",
    "PriceConfig",
    "ProbeConfig",
    "ProviderConfig",
    "QuarantineConfig",
    "RestConfig",
    "RetryConfig",
    "Section",
    "Strategy",
    "TimeoutConfig",
]

Weight = Annotated[float, Meta(ge=0.001, le=1_000_000.0)]
"""A lane that should get nothing is disabled, not weighed with zero."""
Id = Annotated[int, Meta(ge=0, le=2**32 - 2)]


class Api(StrEnum):
    """The dialects that `actors.wire` speaks."""

    OPENAI = "openai"
    AZURE = "azure"
    GEMINI = "gemini"
    ANTHROPIC = "anthropic"
    OLLAMA = "ollama"
    POLLINATIONS = "pollinations"


class Strategy(StrEnum):
    """How the first lane is chosen among those that are eligible."""

    PRIMARY_ONLY = "primary_only"
    ROUND_ROBIN = "round_robin"
    BEST_PERFORMANCE = "best_performance"
    WEIGHTED = "weighted"
    RANDOM = "random"
    CHEAPEST = "cheapest"


class Patience(StrEnum):
    """Whether a caller would rather move on at once or wait for the lane it has."""

    INTERACTIVE = "interactive"
    PATIENT = "patient"


class ProviderConfig(Section, frozen=True, kw_only=True):
    """One service, one actor. A name that failoverd knows brings its own defaults; its key is enough."""

    name: str = ""
    """The table's own name; nothing else may stand here."""
    api: Api = Api.OPENAI
    """The dialect that it speaks."""
    url: str
    """Where it lives, with the version if it has one: `https://api.openai.com/v1`. What a dialect calls
    (`/chat/completions`, `/models/NAME:generateContent`, `/messages`, `/api/chat`) is put behind it."""
    image_url: str = ""
    """Where it makes images, if that is elsewhere."""
    priority: Annotated[int, Meta(ge=0, le=1_000_000)] = 10
    """Lower goes first."""
    weight: Weight = 1.0
    """Its share of the calls under the strategy `weighted`."""
    keys: Annotated[tuple[KeyConfig, ...], Meta(min_length=1, max_length=256)] = (KeyConfig(name="key1"),)
    """In this order; each is used with all models before the next."""
    models: Annotated[tuple[ModelConfig, ...], Meta(max_length=1024)] = ()
    """In this order. Empty is for Ollama only, and means: what is installed there, found while running."""
    limits: LimitsConfig = LimitsConfig()
    """Of all keys and models together."""
    model_limits: LimitsConfig = LimitsConfig()
    """For each lane whose model states none of its own."""
    reset_zone: str = "UTC"
    """In which zone a daily limit starts anew at midnight; Gemini: America/Los_Angeles."""
    timeout: TimeoutConfig = TimeoutConfig()
    """Its clocks."""
    retry: RetryConfig = RetryConfig()
    """Second tries on the same lane."""
    rest: RestConfig = RestConfig()
    """Waiting out rate limits."""
    quarantine: QuarantineConfig = QuarantineConfig()
    """Staying away after failures."""
    probe: ProbeConfig = ProbeConfig()
    """Looking at its health."""
    stream_upstream: bool = False
    """Callers who do not stream are served over a stream all the same, so that silence is noticed early."""
    paid: bool = True
    """Calls cost money: a job's item that may have been sent already is held, not sent again unasked."""
    proxy: str = ""
    """`http://HOST:PORT`; the environment's proxies are never used."""
    ca_file: str = ""
    """Trust the certificates in this file instead of the system's."""
    allow_private: bool = False
    """Link-local and metadata addresses are refused unless this says otherwise."""
    allow_http: bool = False
    """A key never travels unencrypted to another machine unless this says otherwise."""
    api_version: str = ""
    """For Azure."""
    connections: Annotated[int, Meta(ge=1, le=1024)] = 64
    """Open at the same time; what is more waits."""
    answer_mib_max: Annotated[int, Meta(ge=1, le=1024)] = 32
    """The largest answer that is taken, decompressed: a dozen large pictures. A larger one is a failure."""
    data_classes: tuple[str, ...] = ()
    """Classes of data that this provider may see; empty: all that no pool restricts."""
    enabled: bool = True
    """Whether it may be used."""

    @property
    def lanes(self) -> tuple[LaneId, ...]:
        """Key by key, each with its models in order: a cascade uses one key up before the next."""
        return tuple(LaneId(self.name, key.name, model.name) for key in self.keys for model in self.models)

    @property
    def discovers(self) -> bool:
        """Whether its models are found while running."""
        return not self.models


class PoolConfig(Section, frozen=True, kw_only=True):
    """A named, ordered list of lane patterns that an app asks for."""

    name: str = ""
    """The table's own name; nothing else may stand here."""
    lanes: Annotated[tuple[str, ...], Meta(min_length=1, max_length=1024)]
    """Each `PROVIDER`, `PROVIDER/MODEL`, `PROVIDER/KEY/MODEL` or a bare model; `*` and `?` stand for
    anything."""
    strategy: Strategy = Strategy.PRIMARY_ONLY
    """Which of them goes first."""
    weights: dict[str, Weight] = field(default_factory=dict)
    """By pattern, in place of the providers' own."""
    patience: Patience = Patience.INTERACTIVE
    """`interactive` moves on at once, `patient` waits for the lane it has; a request may say otherwise."""
    deadline_s: Seconds = 120.0
    """For a request that states none."""
    max_wait_s: Pause = 0.0
    """How long a request may queue for capacity when nothing is eligible now."""
    failover: bool = True
    """`false`: the first lane or a clear error."""
    sticky: bool = False
    """The lane that rescued a context keeps it, even when the first is well again."""
    no_failover_to: tuple[str, ...] = ()
    """Lanes that may be a first choice but never a second."""
    data_class: str = ""
    """Only providers whose `data_classes` name it may see what is asked of this pool."""
    on_content_policy: Literal["return", "next"] = "return"
    """`return` gives a refusal to the caller, `next` tries the next lane."""
    rescue: Literal["continue", "restart", "none"] = "continue"
    """What happens to a stream that breaks after its first word."""
    merge_identical: bool = False
    """The same request twice at the same time is sent once."""
    cache_s: Pause = 0.0
    """The same request again within this time gets the same answer."""
    keep_answers: bool = False
    """Answers are stored with their request's id, so that a caller who comes back gets them again."""


class JournalConfig(Section, frozen=True, kw_only=True):
    """What is kept, and for how long."""

    path: str = ""
    """Empty: `journal.db` in `state_dir`."""
    keep_days: Annotated[float, Meta(ge=0.01, le=36_600.0)] = 30.0
    """What is older is forgotten."""
    keep_mib: Annotated[int, Meta(ge=1, le=1_048_576)] = 512
    """What is more is forgotten, the oldest first."""


class DaemonConfig(Section, frozen=True, kw_only=True):
    """The process itself."""

    socket: str = ""
    """JSON-RPC. Left out: `failoverd.sock` in the runtime directory."""
    http_socket: str = ""
    """OpenAI-compatible HTTP. Left out: `http.sock` beside the other."""
    http_tcp: str = ""
    """The same on TCP: `127.0.0.1:4747`. Empty: no TCP. Left out: `127.0.0.1:4747` when a user runs the
    daemon, no TCP when the system does."""
    http_token: str = ""
    """Where the token is that HTTP clients must show, as with a key's `secret`. Needed beyond loopback."""
    state_dir: str = ""
    """Left out: where systemd says, or the user's own state directory."""
    log_format: Literal["auto", "human", "journal", "json"] = "auto"
    """`auto`: `journal` when journald listens, else `human`."""
    log_level: Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """What is less important is not said."""
    drain_s: Pause = 30.0
    """How long requests in flight may finish after a stop was asked for."""
    in_flight_max: Count = 2048
    """Requests at the same time; more are refused at once, with a time to come back."""
    in_flight_per_client_max: Count = 512
    """The same for one client, so that none can crowd out the others."""
    prefer_s: Pause = 1800.0
    """How long the lane that rescued a context is remembered."""
    contexts_max: Count = 1024
    """So many contexts are remembered; at the bound the oldest is forgotten."""
    strategy: Strategy = Strategy.PRIMARY_ONLY
    """Of the pool `auto`."""
    admin_uids: tuple[Id, ...] = ()
    """Users who may steer, besides root and the daemon's own."""
    admin_gids: tuple[Id, ...] = ()
    """Groups whose members may steer."""
    read_uids: tuple[Id, ...] = ()
    """Users who may see what everybody has asked, and not steer: those of a monitoring system."""
    read_gids: tuple[Id, ...] = ()
    """Groups whose members may see that."""
    frame_mib: Annotated[int, Meta(ge=1, le=256)] = 4
    """The largest message on the JSON-RPC socket: a long conversation, or two photos; more for more."""


class Config(Section, frozen=True, kw_only=True):
    """The whole file, checked and with names filled in."""

    daemon: DaemonConfig = DaemonConfig()
    journal: JournalConfig = JournalConfig()
    provider: Annotated[dict[str, ProviderConfig], Meta(max_length=256)] = field(default_factory=dict)
    pool: Annotated[dict[str, PoolConfig], Meta(max_length=256)] = field(default_factory=dict)

    @property
    def lanes(self) -> tuple[LaneId, ...]:
        """Every lane that is known before anything runs, in the order of the file."""
        return tuple(lane for provider in self.provider.values() for lane in provider.lanes)
