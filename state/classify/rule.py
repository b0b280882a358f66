"""A row of the table: when this clue is found, this is what happened and who is to blame."""

from msgspec import Struct

from state.classify.clues import Clue, coded, says, that
from state.classify.themes.blame import ACCOUNT, SERVICE, UPSTREAM, UPSTREAM_CODES
from state.failures import Kind, Scope

__all__ = [
    "KEY",
    "MODEL",
    "MODEL_IF_NAMED_ELSE_KEY",
    "MODEL_IF_NAMED_ELSE_PROVIDER",
    "MODEL_UNLESS_ACCOUNT",
    "MODEL_UNLESS_SERVICE",
    "PROVIDER",
    "REQUEST",
    "Blame",
    "Rule",
]


class Blame(Struct, frozen=True):
    """Who is to blame where the words decide it."""

    clue: Clue
    then: Scope
    otherwise: Scope


class Rule(Struct, frozen=True):
    """One row."""

    name: str
    kind: Kind
    scope: Scope | Blame
    when: Clue


REQUEST, MODEL, KEY, PROVIDER = Scope.REQUEST, Scope.MODEL, Scope.KEY, Scope.PROVIDER

named = that(lambda testimony: testimony.model_named)
upstream = that(lambda testimony: testimony.relayed) | coded(UPSTREAM_CODES) | says(UPSTREAM)
account = says(ACCOUNT) & ~says("and model | for model | on this model | for this model")

MODEL_IF_NAMED_ELSE_PROVIDER = Blame(named | upstream, then=MODEL, otherwise=PROVIDER)
MODEL_IF_NAMED_ELSE_KEY = Blame(named & ~account, then=MODEL, otherwise=KEY)
MODEL_UNLESS_ACCOUNT = Blame(account, then=KEY, otherwise=MODEL)
"""Limits per minute are nearly always per model, also where the words speak of an organization."""
MODEL_UNLESS_SERVICE = Blame(says(SERVICE) & ~named & ~upstream, then=PROVIDER, otherwise=MODEL)
"""A bare "Overloaded" is one model's queue."""
