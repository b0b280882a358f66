"""Times as one types them: `90`, `30s`, `10m`, `2h`, `1d`."""

import argparse

__all__ = ["period"]

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def period(text: str) -> float:
    """Seconds."""
    unit = _UNITS.get(text[-1:])
    try:
        amount = float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        amount = 0.0
    if not 0 < amount < 366 * 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write it like 30s, 10m, 2h or 1d")
    return amount
