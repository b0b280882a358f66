"""Whether two requests are the same: everything in which their answers could differ, as a digest."""

from hashlib import blake2b

from msgspec import Raw, Struct
from msgspec.json import encode

from actors.case import Case
from state.routing.ask import Ask

__all__ = ["fingerprint"]

DIGEST_BYTES = 16
_NOT_CONTENT = frozenset({"model", "stream", "stream_options", "user"})
"""Whether an answer is streamed is how it is given, not what it is. The model is known by its pool."""


class _Wishes(Struct, frozen=True):
    """Where it may go is a part of what was asked: a cached answer must not come from where it may not."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]
    no_failover_to: tuple[str, ...]
    preferred_provider: str
    data_class: str
    failover: bool

    @classmethod
    def of(cls, ask: Ask) -> "_Wishes":
        return cls(
            ask.include,
            ask.exclude,
            ask.no_failover_to,
            ask.preferred_provider,
            ask.data_class,
            ask.failover,
        )


def fingerprint(case: Case, salt: str = "") -> str:
    """Exact: the same fields with the same bytes, in any order. Salted where it is kept on disk, so that it
    cannot be compared with the digest of a guess made once for all.
    """
    digest = blake2b(digest_size=DIGEST_BYTES, salt=salt.encode()[:16])
    digest.update(f"{type(case.request).__name__}\0{case.pool.name}\0".encode())
    fields: dict[str, Raw] = dict(case.request.fields)
    for name in sorted(fields.keys() - _NOT_CONTENT):
        value = bytes(fields[name])
        digest.update(f"{name}\0{len(value)}\0".encode())
        digest.update(value)
    digest.update(encode(_Wishes.of(case.ask)))
    return digest.hexdigest()
