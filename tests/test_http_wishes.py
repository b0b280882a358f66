"""Options in headers: the same as in the body, which counts more."""

import msgspec
import pytest

from actors.wire.complaint import BadRequest
from daemon.http.head import read_head
from daemon.http.wishes import options_of
from state.config import Patience, Strategy
from state.routing.asking import PLAIN, Options


def options(body: str | None = None, **lines: str) -> Options | BadRequest:
    head = read_head(
        [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in lines.items()]
    )
    return options_of(head, None if body is None else msgspec.Raw(body.encode()))


def test_who_wishes_nothing_gets_what_the_pool_has():
    assert options() is PLAIN


def test_every_option_has_its_header():
    found = options(
        x_failover_pool="captions",
        x_failover_include="gemini, ollama",
        x_failover_exclude="openai",
        x_failover_no_failover_to="a,b,",
        x_failover_preferred_provider="gemini",
        x_failover_strategy="cheapest",
        x_failover_failover="false",
        x_failover_sticky="true",
        x_failover_patience="patient",
        x_failover_deadline_s="20.5",
        x_failover_max_wait_s="3",
        x_failover_rescue="none",
        x_failover_context="talk-1",
        x_failover_data_class="health",
        x_failover_budget_usd="0.5",
        x_failover_request_id="r-1",
        x_failover_app="notes",
    )
    assert found == Options(
        pool="captions",
        include=("gemini", "ollama"),
        exclude=("openai",),
        no_failover_to=("a", "b"),
        preferred_provider="gemini",
        strategy=Strategy.CHEAPEST,
        failover=False,
        sticky=True,
        patience=Patience.PATIENT,
        deadline_s=20.5,
        max_wait_s=3.0,
        rescue="none",
        context="talk-1",
        data_class="health",
        budget_usd=0.5,
        request_id="r-1",
        app="notes",
    )
    assert set(Options.__struct_fields__) == {
        name for name in Options.__struct_fields__ if getattr(found, name) != getattr(PLAIN, name)
    }


def test_an_idempotency_key_names_the_request():
    assert options(idempotency_key="order-17") == Options(request_id="order-17")


def test_our_own_header_names_it_more_precisely():
    assert options(idempotency_key="sdk-made", x_failover_request_id="mine") == Options(request_id="mine")


def test_the_body_counts_more_than_the_headers():
    found = options(
        '{"deadline_s": 5, "exclude": []}',
        x_failover_deadline_s="60",
        x_failover_exclude="a",
        x_failover_app="notes",
    )
    assert found == Options(deadline_s=5.0, app="notes")


@pytest.mark.parametrize(
    ("lines", "blamed"),
    [
        ({"x_failover_colour": "blue"}, "colour"),
        ({"x_failover_deadline_s": "soon"}, "deadline_s"),
        ({"x_failover_strategy": "best"}, "strategy"),
        ({"idempotency_key": "with a space"}, "request_id"),
        ({"x_failover_exclude": ",".join("abcdefgh" * 10)}, "exclude"),
    ],
)
def test_a_wish_that_cannot_be_understood_is_refused_by_its_name(lines, blamed):
    found = options(**lines)
    assert isinstance(found, BadRequest)
    assert blamed in str(found)


def test_a_wrong_body_is_not_saved_by_the_headers():
    assert isinstance(options('{"colour": 1}', x_failover_app="notes"), BadRequest)
