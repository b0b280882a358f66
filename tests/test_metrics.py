"""What Prometheus is told: everything that happened, once; how it stands; and nothing without end."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemon.http.guards import Via
from daemon.metrics.scrape import Page
from daemon.metrics.tally import LANES_MAX, OTHER, POOLS_MAX, Histogram, Tally
from state.config import LimitsConfig, ModelConfig, PriceConfig
from state.events import Answered, AttemptClosed, ProbeClosed, RequestClosed, Usage, Verdict
from state.failures import Failure, Kind, Scope
from state.words import LaneId, ProviderId
from tests.house_of_doors import House, fails, lane, offering, says
from tests.visitor import Hotel

ROOT = Path(__file__).parent.parent
anyio_test = pytest.mark.anyio


def closed(of: LaneId, **more: object) -> AttemptClosed:
    given: dict[str, object] = {
        "attempt_id": "a",
        "request_id": "r",
        "outcome": Answered(),
        "duration_ms": 30,
    }
    return AttemptClosed(at_ms=0, wall_ms=0, lane=of, **(given | more))  # type: ignore[arg-type]


def samples(page: bytes) -> dict[str, float]:
    """Each as it stands on the page, with its labels in order."""
    found = {}
    for family in text_string_to_metric_families(page.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


async def page_after(house: House, *bodies: dict[str, object]) -> dict[str, float]:
    """What the page says when these have been served."""
    tally = Tally()
    hotel = Hotel(house, Via.UNIX)
    with house.journal.heard_by(tally.count):
        for body in bodies or ({},):
            await hotel.chat({"model": "auto", "messages": [{"role": "user", "content": "hi"}], **body})
    return samples(Page(tally, hotel.cast).render())


@anyio_test
async def test_a_request_that_failed_over_is_told_with_all_its_attempts():
    house = House("a", "b", a=[fails(Kind.UNAVAILABLE, after_s=1.0)], b=[says("hello", after_s=0.5)])
    found = await page_after(house)

    assert found["failoverd_requests_total{pool=auto,verdict=ok}"] == 1
    assert found["failoverd_failovers_total{pool=auto}"] == 1
    of = "failoverd_key=key1,gen_ai_provider_name={0},gen_ai_request_model=m"
    assert found["failoverd_attempts_total{" + of.format("a") + ",outcome=unavailable}"] == 1
    assert found["failoverd_attempts_total{" + of.format("b") + ",outcome=answered}"] == 1
    assert found["failoverd_rescues_total{" + of.format("b") + "}"] == 1
    assert found["failoverd_request_duration_seconds_sum{gen_ai_operation_name=chat}"] == pytest.approx(1.5)
    model = "gen_ai_provider_name=b,gen_ai_request_model=m"
    assert found["gen_ai_client_operation_duration_seconds_sum{" + model + "}"] == pytest.approx(0.5)
    assert found["gen_ai_client_operation_duration_seconds_bucket{" + model + ",le=0.64}"] == 1
    assert found["gen_ai_client_token_usage_sum{" + model + ",gen_ai_token_type=input}"] == 10


@anyio_test
async def test_a_lane_in_quarantine_shows_how_long():
    found = await page_after(House("a", "b", a=[fails(Kind.UNAVAILABLE)]))

    of = "failoverd_key=key1,gen_ai_provider_name=a,gen_ai_request_model=m"
    assert found["failoverd_lane_standing{" + of + ",standing=out}"] == 1
    assert found["failoverd_lane_standing{" + of + ",standing=usable}"] == 0
    assert 250 < found["failoverd_lane_quarantine_remaining_seconds{" + of + "}"] <= 330
    assert (found["failoverd_pool_usable_lanes{pool=auto}"], found["failoverd_pool_lanes{pool=auto}"]) == (
        1,
        2,
    )


@anyio_test
async def test_a_key_that_was_refused_is_out_without_end():
    found = await page_after(House("a", "b", a=[fails(Kind.AUTH, Scope.KEY)]))
    of = "failoverd_key=key1,gen_ai_provider_name=a,gen_ai_request_model=m"
    assert found["failoverd_lane_quarantine_remaining_seconds{" + of + "}"] == float("inf")


def test_every_verdict_and_every_kind_of_failure_is_counted_apart():
    tally = Tally()
    for verdict in Verdict:
        tally.count(RequestClosed(at_ms=0, wall_ms=0, request_id="r", verdict=verdict, pool="auto"))
    for kind in Kind:
        tally.count(closed(lane("a"), outcome=Failure(kind=kind, scope=Scope.MODEL, rule="r")))
        tally.count(
            ProbeClosed(
                at_ms=0,
                wall_ms=0,
                target=ProviderId("a"),
                failure=Failure(kind=kind, scope=Scope.MODEL, rule="r"),
            )
        )
    assert tally.verdicts == {("auto", verdict): 1 for verdict in Verdict}
    assert tally.lanes[lane("a")].outcomes == dict.fromkeys(Kind, 1)
    assert tally.probes == {("a", kind): 1 for kind in Kind}


def test_what_has_no_price_is_not_free():
    tally = Tally()
    tally.count(closed(lane("a"), usage=Usage(tokens_in=1), cost_usd=None))
    tally.count(closed(lane("a"), usage=Usage(tokens_in=1), cost_usd=0.25))
    model = tally.models["a", "m"]
    assert (model.unpriced, model.cost_usd) == (1, 0.25)


def test_lanes_and_pools_without_end_are_counted_together():
    tally = Tally()
    for number in range(LANES_MAX + 100):
        tally.count(closed(LaneId("a", "key1", f"m{number}")))
        tally.count(RequestClosed(at_ms=0, wall_ms=0, request_id="r", verdict=Verdict.OK, pool=f"p{number}"))
    assert len(tally.lanes) == LANES_MAX + 1
    assert tally.lanes[LaneId(OTHER, OTHER, OTHER)].outcomes == {"answered": 100}
    assert len(tally.verdicts) == POOLS_MAX + 1
    assert tally.verdicts[OTHER, Verdict.OK] == LANES_MAX + 100 - POOLS_MAX


def test_a_histogram_counts_its_bounds_in():
    histogram = Histogram((1.0, 2.0))
    for amount in (0.5, 1.0, 1.5, 2.0, 3.0):
        histogram.saw(amount)
    assert (histogram.counts, histogram.total) == ([2, 2, 1], 8.0)


def test_the_dashboard_and_the_alerts_name_nothing_that_the_page_has_not():
    expressions = "\n".join([*dashboard_expressions(), (ROOT / "systemd/alerts.yml").read_text()])
    named = set(re.findall(r"\b(?:failoverd|gen_ai_(?:client|server))_[a-z_]+\b", expressions))
    on_the_page = re.compile("|".join(sorted(families(), key=len, reverse=True)))
    labels = {"failoverd_key"}
    assert {name for name in named - labels if not on_the_page.match(name)} == set()
    assert len(named) > 15


def dashboard_expressions() -> list[str]:
    panels = json.loads((ROOT / "systemd/grafana-dashboard.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def families() -> set[str]:
    hotel = Hotel(
        House(
            providers=(offering("a", ModelConfig(name="m", price=PriceConfig(), limits=LimitsConfig(rpd=5))),)
        )
    )
    text = Page(Tally(), hotel.cast).render().decode()
    return set(re.findall(r"^# HELP (\S+)", text, re.MULTILINE))
