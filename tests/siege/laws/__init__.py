"""The laws that no siege may break: each looks at what came back, at what the servers saw and at what the journal
holds, and names every breach in a sentence.
"""

from tests.siege.laws.aftermath import Aftermath
from tests.siege.laws.answers import (
    an_http_stream_ends_once,
    one_response_for_each_call,
    success_is_whole,
    what_was_delivered_of_a_broken_stream_is_said,
)
from tests.siege.laws.secrets import (
    keys_go_to_their_provider_alone,
    no_bug_is_logged,
    no_secret_is_told,
)
from tests.siege.laws.standings import (
    a_snapshot_is_the_fold_of_the_events,
    nobody_is_asked_who_may_not_be,
    nobody_is_struck_for_others,
)
from tests.siege.laws.verdicts import (
    a_name_has_one_verdict,
    a_request_counts_its_attempts,
    answers_come_from_who_said_them,
    deadlines_hold,
    every_attempt_is_closed_once,
    every_request_that_asked_anybody_is_closed_once,
    no_lane_is_asked_twice,
    nobody_keeps_all_others_waiting,
    one_answer_for_each_request,
    one_verdict_for_each_call,
)

__all__ = ["Aftermath", "breaches"]


def breaches(after: Aftermath) -> list[str]:
    """Every law that was broken, and where."""
    return [f"{law.__name__.replace('_', ' ')}: {breach}" for law in LAWS for breach in law(after)]


LAWS = (
    one_response_for_each_call,
    success_is_whole,
    an_http_stream_ends_once,
    what_was_delivered_of_a_broken_stream_is_said,
    one_verdict_for_each_call,
    a_name_has_one_verdict,
    every_attempt_is_closed_once,
    every_request_that_asked_anybody_is_closed_once,
    a_request_counts_its_attempts,
    no_lane_is_asked_twice,
    one_answer_for_each_request,
    answers_come_from_who_said_them,
    deadlines_hold,
    nobody_keeps_all_others_waiting,
    nobody_is_asked_who_may_not_be,
    nobody_is_struck_for_others,
    a_snapshot_is_the_fold_of_the_events,
    keys_go_to_their_provider_alone,
    no_secret_is_told,
    no_bug_is_logged,
)
