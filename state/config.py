"""What the operator decides: the config file as values, each default with its reason.

`[daemon]`, `[provider.NAME]` with keys and models, `[pool.NAME]`. Unknown keys are refused by the decoder;
what a type cannot say is checked by `state.configcheck`. Secrets stand here as references only.
"""

from enum import StrEnum

from msgspec import Struct, field

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
    "Strategy",
    "TimeoutConfig",
]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the config file."""


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


class Capability(StrEnum):
    """What a model can be asked for."""

    CHAT = "chat"
    TOOLS = "tools"
    VISION = "vision"
    JSON = "json"
    IMAGE = "image"
    EMBEDDINGS = "embeddings"


class TimeoutConfig(Section, frozen=True, kw_only=True):
    """Our own clocks around one attempt; httpx's are per operation and a dripping server outlives them."""

    connect_s: float = 5.0
    first_token_s: float = 10.0
    gap_s: float = 15.0
    total_s: float = 30.0
    """For an answer that is not streamed: takes the place of first token and gap."""
    trial_first_token_s: float = 5.0
    """A trial is kept short: somebody waits behind it."""


class RetryConfig(Section, frozen=True, kw_only=True):
    """Second tries on the same lane, before the failure counts."""

    retries: int = 1
    """For `unavailable`, and for a network failure before the first byte."""
    pause_s_min: float = 0.25
    pause_s_max: float = 0.5
    stated_wait_s_max: float = 3.0
    """A rate limit that says it ends this soon is waited out, once."""
    ladder_s: tuple[float, ...] = (5.0, 10.0, 20.0, 40.0, 80.0)
    """A patient request climbs it on its lane; an interactive one only when no lane is left."""
    patient_tries: int = 5
    patient_pause_s: float = 2.0


class RestConfig(Section, frozen=True, kw_only=True):
    """How long a rate-limited lane waits. Not a punishment: it grows only where nothing was stated."""

    stated_s_min: float = 1.0
    stated_s_max: float = 600.0
    first_s: float = 30.0
    growth: float = 2.0
    grown_s_max: float = 300.0
    quota_s: float = 600.0
    """Out for this long when a quota is gone and neither a reset nor a calendar is known."""


class QuarantineConfig(Section, frozen=True, kw_only=True):
    """How long a lane that failed sees no traffic."""

    single_s: float = 300.0
    row_s: float = 600.0
    row: int = 3
    """This many failures without a success between them are a row."""
    jitter: float = 0.10
    """Trials of lanes that fell together do not start together."""
    early_trial: bool = True
    """Two good probes in a row may bring the trial forward, one per step of the probe ladder."""
    keep_last: bool = True
    """The last lane that a request could use is benched by a row, not by a single failure."""
    loopback_s: float = 15.0
    """A local model server that is slow or restarting is back in seconds: its sentence is this times the
    number of failures in the row, never more than `loopback_s_max`."""
    loopback_s_max: float = 60.0
    slow_start: tuple[int, ...] = (1, 2, 4, 8, 16)
    """How many requests at once a lane carries after its trial, one step further with each success."""
    last_resort_s: float = 10.0
    """With everything out, one attempt per this time for the whole daemon: to the lane nearest to its end."""
    offline_s: float = 10.0
    """Connection failures on two hosts within this time, and no success, are our own network's fault."""


class ProbeConfig(Section, frozen=True, kw_only=True):
    """Free health checks, never a completion."""

    enabled: bool = True
    url: str = ""
    """Empty: the dialect's own free endpoint (a model list, `/api/tags`)."""
    every_s: float = 60.0
    jitter: float = 0.2
    timeout_s: float = 5.0
    ladder_s: tuple[float, ...] = (10.0, 20.0, 30.0, 30.0, 60.0, 120.0, 300.0)
    """While a lane is out."""
    good_in_row: int = 2


class LimitsConfig(Section, frozen=True, kw_only=True):
    """What may be used, by this lane, key or provider; None: not limited, or learned from answers."""

    rpm: int | None = None
    rpd: int | None = None
    tpm: int | None = None
    tpd: int | None = None
    concurrency: int | None = None


class PriceConfig(Section, frozen=True, kw_only=True):
    """US dollars per million tokens, and per image. None: unpriced, which is not free."""

    input: float | None = None
    output: float | None = None
    cached_input: float | None = None
    image: float | None = None


class ModelConfig(Section, frozen=True, kw_only=True):
    """A model at a provider: what it can do, what it may use, what it costs."""

    name: str
    can: tuple[Capability, ...] = (Capability.CHAT, Capability.TOOLS, Capability.JSON)
    context: int | None = None
    """Tokens; None: unknown, so never filtered by it."""
    max_output: int | None = None
    dimensions: int | None = None
    limits: LimitsConfig = LimitsConfig()
    price: PriceConfig = PriceConfig()
    enabled: bool = True


class KeyConfig(Section, frozen=True, kw_only=True):
    """A credential, by reference: `credential:NAME`, `file:PATH` or `env:NAME`. Empty: no key is needed."""

    name: str
    secret: str = ""
    limits: LimitsConfig = LimitsConfig()
    enabled: bool = True


class ProviderConfig(Section, frozen=True, kw_only=True):
    """One service, one actor. `name` is the table's name in the file."""

    name: str = ""
    api: Api = Api.OPENAI
    url: str
    image_url: str = ""
    priority: int = 10
    """Lower goes first."""
    weight: float = 1.0
    keys: tuple[KeyConfig, ...] = (KeyConfig(name="key1"),)
    models: tuple[ModelConfig, ...] = ()
    limits: LimitsConfig = LimitsConfig()
    model_limits: LimitsConfig = LimitsConfig()
    """For each lane whose model states none of its own."""
    reset_zone: str = "UTC"
    """In which zone a daily limit starts anew at midnight; Gemini: America/Los_Angeles."""
    timeout: TimeoutConfig = TimeoutConfig()
    retry: RetryConfig = RetryConfig()
    rest: RestConfig = RestConfig()
    quarantine: QuarantineConfig = QuarantineConfig()
    probe: ProbeConfig = ProbeConfig()
    stream_upstream: bool = False
    paid: bool = True
    """Whether an item that may have been sent is sent again without asking."""
    proxy: str = ""
    ca_file: str = ""
    allow_private: bool = False
    """Link-local and metadata addresses are refused unless this says otherwise."""
    api_version: str = ""
    connections: int = 64
    data_classes: tuple[str, ...] = ()
    """Classes of data that this provider may see; empty: all that no pool restricts."""
    enabled: bool = True


class PoolConfig(Section, frozen=True, kw_only=True):
    """A named, ordered list of lane patterns that an app asks for."""

    name: str = ""
    lanes: tuple[str, ...]
    strategy: Strategy = Strategy.PRIMARY_ONLY
    weights: dict[str, float] = field(default_factory=dict)
    patience: Patience = Patience.INTERACTIVE
    deadline_s: float = 120.0
    max_wait_s: float = 0.0
    """How long a request may queue for capacity when nothing is eligible now."""
    failover: bool = True
    sticky: bool = False
    no_failover_to: tuple[str, ...] = ()
    data_class: str = ""
    on_content_policy: str = "return"
    """`return` gives a refusal to the caller, `next` tries the next lane."""
    rescue: str = "continue"
    merge_identical: bool = False
    cache_s: float = 0.0
    keep_answers: bool = False


class JournalConfig(Section, frozen=True, kw_only=True):
    """What is kept, and for how long."""

    path: str = ""
    keep_days: float = 30.0
    keep_mib: int = 512


class DaemonConfig(Section, frozen=True, kw_only=True):
    """The process itself."""

    socket: str = ""
    http_socket: str = ""
    http_tcp: str = ""
    """`127.0.0.1:4747`; empty: no TCP."""
    state_dir: str = ""
    log_format: str = "auto"
    log_level: str = "INFO"
    drain_s: float = 30.0
    in_flight_max: int = 2048
    in_flight_per_client_max: int = 512
    prefer_s: float = 1800.0
    """How long the lane that rescued a context is remembered."""
    strategy: Strategy = Strategy.PRIMARY_ONLY
    """Of the pool `auto`."""
    admin_uids: tuple[int, ...] = ()
    admin_gids: tuple[int, ...] = ()


class Config(Section, frozen=True, kw_only=True):
    """The whole file, checked and with names filled in."""

    daemon: DaemonConfig = DaemonConfig()
    journal: JournalConfig = JournalConfig()
    provider: dict[str, ProviderConfig] = field(default_factory=dict)
    pool: dict[str, PoolConfig] = field(default_factory=dict)
