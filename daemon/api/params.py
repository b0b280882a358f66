"""What a method takes."""

from msgspec import Struct

__all__ = ["Nothing", "Params"]


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """An object; or, in the order of its fields, a list."""


class Nothing(Params, frozen=True):
    """No params."""
