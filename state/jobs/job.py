"""A job and its items: what is asked, how, and how far each of them is.

job    filling -> running <-> sleeping, paused -> done | cancelled
item   pending -> sent -> done | failed
                    |--- we died in between ---> unknown (held)  or  pending again
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from state.config import Patience
from state.jobs.tally import NOTHING_DONE, Tally
from state.routing.asking import Options
from state.settings.tuning import Seconds

__all__ = [
    "ITEM_STATES_OVER",
    "PARALLEL_MAX",
    "URLS",
    "Item",
    "ItemKind",
    "ItemState",
    "Job",
    "JobOptions",
    "JobState",
    "OnUnknown",
    "Owner",
    "asked_of",
]

PARALLEL_MAX = 64
ITEM_DEADLINE_S = 900.0
"""One round of an item: longer than the ladders that a patient request may climb on two lanes."""


class JobState(StrEnum):
    """How a job stands."""

    FILLING = "filling"
    """Further pieces are to come."""
    RUNNING = "running"
    SLEEPING = "sleeping"
    """Every lane has to be waited for; it goes on by itself."""
    PAUSED = "paused"
    """Something is in the way that no lane can help: the disk, a name that is gone."""
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in (JobState.DONE, JobState.CANCELLED)


class ItemState(StrEnum):
    """How an item stands, on the disk."""

    PENDING = "pending"
    SENT = "sent"
    """The intent is on the disk: from here on a byte may have left."""
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It may have been answered and paid for before we died, and is not sent again unasked."""
    CANCELLED = "cancelled"


ITEM_STATES_OVER = frozenset({ItemState.DONE, ItemState.FAILED, ItemState.UNKNOWN, ItemState.CANCELLED})
"""Nothing more happens to it by itself."""


class ItemKind(StrEnum):
    """What an item asks for."""

    CHAT = "chat"
    EMBED = "embed"
    IMAGE = "image"


URLS: Mapping[str, ItemKind] = MappingProxyType(
    {
        "/v1/chat/completions": ItemKind.CHAT,
        "/v1/embeddings": ItemKind.EMBED,
        "/v1/images/generations": ItemKind.IMAGE,
    }
)
"""As OpenAI's batch files call them."""

OnUnknown = Literal["retry", "hold"]


class JobOptions(Options, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """All that a request may ask for, for each item that does not say otherwise; and of the job itself:"""

    parallel: Annotated[int, Meta(ge=1, le=PARALLEL_MAX)] | None = None
    """Items at the same time; None: as many as the lanes can carry."""
    on_unknown: OnUnknown | None = None
    """What becomes of an item that may have been answered before we died; None: `retry` where it cost
    nothing, `hold` where it may have been paid for."""
    deadline_s: Seconds | None = None
    """Of the job, from its submission on. What is not done by then fails; None: there is no hurry."""


class Owner(Struct, frozen=True, kw_only=True):
    """Whose job it is: the same that its requests are asked by."""

    uid: int | None = None
    app: str = ""


class Job(Struct, frozen=True, kw_only=True):
    """As it stands on the disk."""

    seq: int
    """In the order of submission."""
    id: str
    owner: Owner = Owner()
    name: str = ""
    model: str = ""
    """A pool or a model, for items that name none."""
    options: JobOptions = JobOptions()
    state: JobState
    """`sleeping` and `paused` are of the moment, and never on the disk."""
    total: int = 0
    tally: Tally = NOTHING_DONE
    created_wall_ms: int
    finished_wall_ms: int | None = None
    deadline_ms: int | None = None
    """On the timeline."""

    def __str__(self) -> str:
        return f"job {self.id}: {self.state}, {self.tally.over} of {self.total}"


class Item(Struct, frozen=True, kw_only=True):
    """One request of a job, to be asked."""

    n: int
    """Its place, from 0."""
    custom_id: str = ""
    kind: ItemKind = ItemKind.CHAT
    body: bytes = b""
    """As it will be asked."""
    crashes: int = 0
    """So often we died while it was on its way."""


def asked_of(job: JobOptions, item: Options) -> Options:
    """What one item asks of failoverd: the nearest word counts, the item's, else the job's."""
    said = {
        name: value
        for name in Options.__struct_fields__
        if (value := getattr(item, name)) != getattr(_PLAIN, name)
    }
    of_job = {name: getattr(job, name) for name in Options.__struct_fields__ if name != "deadline_s"}
    asked = Options(**{**of_job, **said})
    # Its name is ours to give, and it waits in the job, not in the router's queue.
    return structs.replace(
        asked,
        request_id="",
        max_wait_s=0.0,
        patience=asked.patience or Patience.PATIENT,
        deadline_s=ITEM_DEADLINE_S if asked.deadline_s is None else asked.deadline_s,
    )


_PLAIN = Options()
