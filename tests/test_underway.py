"""Whose request is whose: which is the last one, and who may know of it."""

from contextlib import ExitStack

from actors.case import Client
from daemon.api.caller import Caller
from daemon.api.underway import REMEMBERED_MAX, UnderWay

ANN, BOB = (Caller(client=Client(uid=uid), name=f"uid {uid}") for uid in (1, 2))
ADMIN = Caller(client=Client(uid=0), name="uid 0", sees_all=True)


def test_the_last_is_the_latest_to_end():
    known = UnderWay()
    with ExitStack() as first:
        first.enter_context(known.one("long", ANN, lambda: None))
        with known.one("short", ANN, lambda: None):
            assert known.last(ANN) == "short"
        with known.one("later", ANN, lambda: None):
            assert known.last(ANN) == "short"
        assert known.last(ANN) == "later"
    assert known.last(ANN) == "long"


def test_others_have_none():
    known = UnderWay()
    with known.one("r", ANN, lambda: None):
        assert not known.cancel("r", BOB)
    assert (known.last(BOB), known.shows("r", BOB)) == ("", False)
    assert (known.last(ADMIN), known.shows("r", ADMIN)) == ("r", True)


def test_of_very_many_the_oldest_are_forgotten():
    known = UnderWay()
    for at in range(REMEMBERED_MAX + 1):
        with known.one(f"r{at}", ANN, lambda: None):
            pass
    assert (known.shows("r0", ANN), known.shows("r1", ANN)) == (False, True)
