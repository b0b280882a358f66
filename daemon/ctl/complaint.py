"""Why failoverctl could not do it: what happened, what to do next, and the exit code that says so."""

from daemon.exits import Exit

__all__ = ["Complaint"]


class Complaint(Exception):
    """Ends the command. `hints` are next steps, one a line."""

    def __init__(self, says: str, *hints: str, exit_code: Exit = Exit.FAILED) -> None:
        super().__init__(says)
        self.says = says
        self.hints = hints
        self.exit_code = exit_code
