"""Keys and secrets: where they go, and where they are never seen."""

from collections.abc import Iterator

from tests.canary.spellings import leaks
from tests.siege.laws.aftermath import Aftermath

__all__ = ["keys_go_to_their_provider_alone", "no_bug_is_logged", "no_secret_is_told"]


def keys_go_to_their_provider_alone(after: Aftermath) -> Iterator[str]:
    siege = after.siege
    for name, server in siege.servers.items():
        own = {secret for owner, secret in siege.keys.items() if owner.startswith(f"{name}/")}
        foreign = {secret for owner, secret in siege.keys.items() if not owner.startswith(f"{name}/")}
        for asked in server.fake.asked:
            shown = server.shown_key(asked)
            if shown not in own:
                yield f"{name} was shown {shown!r}"
            seen = f"{asked.target} {asked.headers} {asked.body!r}"
            if any(secret in seen for secret in foreign):
                yield f"{name} has seen another's key at {asked.target}"
            if seen.count(shown) > 1:
                yield f"{name} was shown a key more than once at {asked.target}"


def no_secret_is_told(after: Aftermath) -> Iterator[str]:
    yield from leaks(after.siege.keys, after.raw)


def no_bug_is_logged(after: Aftermath) -> Iterator[str]:
    for line in after.siege.process.log.splitlines():
        if any(
            word in line for word in ("Traceback", "crashed", "ended by a bug", "Error(", "never awaited")
        ):
            yield line
