"""`job.follow`: a job's progress as notifications, until it is over or nobody listens."""

import msgspec

from daemon.api.cast import Cast
from daemon.api.jobs import FollowParams, status
from daemon.api.jobs_said import JobStatus
from daemon.api.refusal import Refusal
from daemon.rpc.calls import Call

__all__ = ["follow"]

LOOK_MS = 250
"""So often its progress is told at most."""

_encode = msgspec.json.Encoder().encode


async def follow(cast: Cast, params: FollowParams, call: Call) -> JobStatus | Refusal:
    """The result is the last status. Whoever does not keep up misses news of items, never the end."""
    said: JobStatus | Refusal = await status(cast, params, call.caller)
    while not isinstance(said, Refusal) and not said.state.is_over:
        if not call.is_choked:
            call.notify("job.progress", "status", _encode(said))
        await cast.clock.sleep_until(cast.clock.now_ms() + LOOK_MS)
        said = await status(cast, params, call.caller)
    return said
