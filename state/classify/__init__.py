"""What a failure means: the evidence is read once, then the table of rules is walked once."""

from state.classify.rule import Blame
from state.classify.rules import RULES
from state.classify.testimony import read
from state.failures import Evidence, Failure

__all__ = ["RULES", "classify"]


def classify(evidence: Evidence, now_wall_ms: int) -> Failure:
    """What went wrong, who is to blame, and which wait was stated. Never raises, whatever the evidence."""
    testimony = read(evidence, now_wall_ms)
    rule = next(rule for rule in RULES if rule.when.holds(testimony))
    scope = rule.scope
    if isinstance(scope, Blame):
        scope = scope.then if scope.clue.holds(testimony) else scope.otherwise
    return Failure(
        kind=rule.kind,
        scope=scope,
        rule=rule.name,
        wait_s=testimony.wait_s,
        status=testimony.status,
        said=testimony.said,
    )
