"""Two words that attempts and limits are told by: on which right a lane is used, and what a limit counts."""

from enum import StrEnum

__all__ = ["Mark", "Window"]


class Mark(StrEnum):
    """Why an attempt may use its lane."""

    NORMAL = "normal"
    TRIAL = "trial"
    EARLY_TRIAL = "early_trial"
    LAST_RESORT = "last_resort"


class Window(StrEnum):
    """What a limit counts, over which time."""

    RPM = "rpm"
    RPD = "rpd"
    TPM = "tpm"
    TPD = "tpd"
    CONCURRENCY = "concurrency"
