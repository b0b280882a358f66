"""Are we ourselves offline? Told from whose calls fail to connect, and how close together."""

from hypothesis import given, settings
from hypothesis import strategies as st

from state.standing.offline import Link, Sign, see

A, B, C, HOME = "https://a.example/v1", "https://b.example", "https://c.example", "http://localhost:11434"
ANSWERED, FAILED, NO_ROUTE = Sign.ANSWERED, Sign.NOT_CONNECTED, Sign.NO_ROUTE
WINDOW_MS = 10_000


def after(*signs: tuple[str, Sign, int]) -> Link:
    link = Link()
    for url, sign, at_ms in signs:
        link = see(link, url, sign, at_ms, WINDOW_MS)
    return link


def test_one_host_that_fails_again_and_again_is_down_by_itself():
    assert not after((A, FAILED, 0), (A, FAILED, 1), ("https://a.example/other", FAILED, 2)).is_down


def test_two_hosts_within_ten_seconds_and_we_are_offline_since_the_first_failure():
    assert after((A, FAILED, 1000), (B, FAILED, 11_000)).lost_since_ms == 1000


def test_two_hosts_further_apart_prove_nothing():
    assert after((A, FAILED, 0), (B, FAILED, 10_001)).lost_since_ms is None


def test_any_answer_between_them_proves_the_link():
    assert not after((A, FAILED, 0), (C, ANSWERED, 1), (B, FAILED, 2)).is_down


def test_the_unbroken_run_of_failures_began_with_its_first():
    link = after((A, FAILED, 0), (A, FAILED, 9000), (A, FAILED, 18_000), (B, FAILED, 20_000))

    assert link.lost_since_ms == 0


def test_a_failure_from_before_a_silence_is_no_part_of_the_run():
    link = after((A, FAILED, 0), (A, FAILED, 20_000), (B, FAILED, 21_000))

    assert link.lost_since_ms == 20_000


def test_local_hosts_prove_nothing_either_way():
    assert not after((A, FAILED, 0), (HOME, FAILED, 1), (HOME, NO_ROUTE, 2)).is_down
    assert after((A, FAILED, 0), (HOME, ANSWERED, 1), (B, FAILED, 2)).is_down


def test_no_route_at_all_needs_no_second_witness():
    assert after((A, NO_ROUTE, 7)).lost_since_ms == 7


def test_once_down_only_an_answer_from_outside_proves_the_link_again():
    link = after((A, FAILED, 0), (B, FAILED, 1), (A, FAILED, 60_000), (HOME, ANSWERED, 60_001))
    assert link.lost_since_ms == 0

    assert see(link, C, ANSWERED, 60_002, WINDOW_MS) == Link()


signs = st.lists(
    st.tuples(st.sampled_from([A, B, C, HOME]), st.sampled_from(Sign), st.integers(0, 8000)), max_size=12
)


@settings(max_examples=500)
@given(signs)
def test_the_judgement_is_what_a_look_at_the_whole_story_says(steps):
    now_ms = 0
    story: list[tuple[str, Sign, int]] = []
    down = False
    for url, sign, pause_ms in steps:
        now_ms += pause_ms
        if url == HOME:
            continue
        if sign is ANSWERED:
            story, down = [], False
            continue
        story.append((url, sign, now_ms))
        recent = {host for host, _, at_ms in story if at_ms >= now_ms - WINDOW_MS}
        down = down or sign is NO_ROUTE or len(recent) > 1

    told, at_ms = Link(), 0
    for url, sign, pause_ms in steps:
        at_ms += pause_ms
        told = see(told, url, sign, at_ms, WINDOW_MS)

    assert told.is_down == down
    assert len(told.failing) <= 2
