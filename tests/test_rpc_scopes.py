"""Who may do what."""

from itertools import product

import pytest

from daemon.rpc.methods import METHODS
from daemon.rpc.scopes import EVERYBODY, Peer, Scope, scopes_of
from state.config import DaemonConfig

OWN = 1000
SETTINGS = DaemonConfig(admin_uids=(1,), admin_gids=(11,), read_uids=(2,), read_gids=(22,))


@pytest.mark.parametrize("peer", [Peer(0), Peer(OWN), Peer(1), Peer(7, frozenset({11, 5}))])
def test_root_the_daemons_own_user_and_listed_ones_may_everything(peer):
    assert scopes_of(peer, SETTINGS, OWN) == frozenset(Scope)


@pytest.mark.parametrize("peer", [Peer(2), Peer(7, frozenset({22}))])
def test_who_may_see_may_not_steer(peer):
    assert scopes_of(peer, SETTINGS, OWN) == EVERYBODY | {Scope.READ}


def test_everybody_else_may_ask():
    assert scopes_of(Peer(7, frozenset({7, 100})), SETTINGS, OWN) == {Scope.CALL, Scope.JOBS}


def test_to_be_listed_takes_nothing_away():
    for uid, gids in product((0, 1, 2, 7, OWN), ((), (11,), (22,), (11, 22))):
        peer = Peer(uid, frozenset(gids))
        assert scopes_of(peer, SETTINGS, OWN) >= scopes_of(peer, DaemonConfig(), OWN) >= EVERYBODY


def test_whatever_changes_something_takes_an_admin():
    others = {name for name, method in METHODS.items() if method.scope is not Scope.ADMIN}
    assert others == {
        *("chat", "image", "embed", "cancel", "ping", "rpc.discover"),
        *("status", "stats", "capacity", "explain"),
        *("journal.query", "events.subscribe"),
        *(name for name in METHODS if name.startswith("job.")),
    }


def test_jobs_are_for_everybody_their_own():
    jobs = {name for name, method in METHODS.items() if method.scope is Scope.JOBS}
    assert jobs == {name for name in METHODS if name.startswith("job.")} != set()


def test_what_others_have_asked_is_for_those_who_may_see_it():
    readers = {name for name, method in METHODS.items() if method.scope is Scope.READ}
    assert readers == {"journal.query", "events.subscribe"}
