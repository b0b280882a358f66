"""`failoverd doctor`: what it finds, and what it advises."""

import argparse
import io

import pytest

from actors.net.faults import ExchangeFailed, Fault
from daemon.configfile import load
from daemon.ctl.terminal import Terminal
from daemon.doctor import arguments, main
from daemon.doctor.finding import chart, odd, well, wrong
from daemon.doctor.house import config, disk
from daemon.doctor.outside import Look, clock_of, look_at, way_to, ways_to
from daemon.doctor.patient import examine
from daemon.exits import Exit
from daemon.verdicts import ErrorKind
from state.config import ProviderConfig
from tests.configs import here, resolve_config, write
from tests.fakes.daemon import fake_daemon, raw, refuses, says
from tests.fakeserver.server import serving
from tests.fakeserver.strange_ports import free_port

PROVIDER = ProviderConfig(name="x", url="https://x.test/v1")


def test_findings_line_up_with_advice_below_what_it_is_for():
    screen = Terminal(io.StringIO(), io.StringIO(), width=40)
    findings = [
        well("disk", "79,922 MiB free"),
        wrong("x", "its certificate is none that we trust", "look at it"),
        odd("y", "z"),
    ]

    assert list(chart(findings, screen)) == [
        "well   disk  79,922 MiB free",
        "wrong  x     its certificate is none",
        "             that we trust",
        "             look at it",
        "odd    y     z",
    ]


def test_advice_that_is_the_same_for_many_is_given_once():
    screen = Terminal(io.StringIO(), io.StringIO(), width=40)
    findings = [
        wrong("x", "broken", "mend it"),
        wrong("y", "broken", "mend it"),
        odd("z", "dull", "polish it"),
    ]

    assert list(chart(findings, screen)) == [
        "wrong  x  broken",
        "wrong  y  broken",
        "          mend it",
        "odd    z  dull",
        "          polish it",
    ]


def test_where_nobody_can_be_reached_it_is_us():
    near = Look(provider=ProviderConfig(name="ollama", url="http://127.0.0.1:11434"), seconds=0.01)
    far = [
        Look(provider=ProviderConfig(name=name, url=f"https://{name}.test"), failed=ExchangeFailed(fault))
        for name, fault in (("x", Fault.UNRESOLVED), ("y", Fault.CONNECT_TIMEOUT))
    ]
    refused = Look(provider=PROVIDER, failed=ExchangeFailed(Fault.TLS))

    assert [each.subject for each in ways_to([*far, near])] == ["network", "ollama"]
    assert [each.subject for each in ways_to([*far, refused])] == ["x", "y", "x"]
    assert [each.subject for each in ways_to(far[:1])] == ["x"]


def test_a_config_is_summed_up_or_its_mistakes_are_told(tmp_path):
    good = resolve_config(tmp_path, "[provider.pollinations]\n")
    assert next(config(good)).state == "well"
    assert next(disk(good)).subject == "disk"

    path = write(tmp_path, "[provider.x]\nurl = 7\n[pool.y]\nlanes = []\n")
    found = list(config(load(str(path), here(tmp_path))))
    assert {each.state for each in found} == {"wrong"}
    assert all(each.advice for each in found)


@pytest.mark.parametrize("fault", list(Fault))
def test_every_way_to_fail_has_advice(fault):
    found = way_to(Look(provider=PROVIDER, failed=ExchangeFailed(fault)))

    assert (found.state, found.subject) == ("wrong", "x")
    assert "{" not in found.advice
    assert found.advice


@pytest.mark.parametrize(
    ("ahead_s", "state"), [(0.4, "well"), (-59.0, "well"), (61.0, "wrong"), (-7200.0, "wrong")]
)
def test_a_clock_that_is_off_is_told_by_what_most_providers_say(ahead_s, state):
    looks = [Look(provider=PROVIDER, ahead_s=each) for each in (ahead_s, ahead_s, None, 99_999.0)]

    assert clock_of(looks).state == state
    assert clock_of([]).state == "odd"


async def test_any_answer_shows_that_the_way_is_open_and_no_key_is_sent():
    async def refuses(line):
        await line.hear()
        await line.say(b"HTTP/1.1 401 No\r\ncontent-length: 0\r\ndate: Sat, 21 Nov 2026 09:00:00 GMT\r\n\r\n")

    async with serving(refuses) as server:
        providers = {
            "a": ProviderConfig(name="a", url=f"{server.url}/v1"),
            "b": ProviderConfig(name="b", url=f"http://127.0.0.1:{free_port()}/v1"),
            "c": ProviderConfig(name="c", url="http://127.0.0.1:1/v1", enabled=False),
        }
        looks = await look_at(providers)

    assert [(look.provider.name, look.failed and look.failed.fault) for look in looks] == [
        ("a", None),
        ("b", Fault.UNREACHABLE),
    ]
    assert looks[0].ahead_s is not None
    assert "authorization" not in server.asked[0].headers


def probe(target: str, kind: str = "", status: int | None = None) -> dict[str, object]:
    return {"target": target, "is_well": not kind, "seconds": 0.2, "kind": kind, "status": status, "said": ""}


def test_the_daemon_is_looked_at_through_its_socket(tmp_path_factory):
    path = tmp_path_factory.mktemp("d") / "s"
    with fake_daemon(path) as daemon:
        path.chmod(0o660)
        daemon.on("ping", says({"pong": True, "version": "9.9.9", "uptime_s": 252.0}))
        daemon.on("probe", says({"probes": [probe("a"), probe("b", kind="auth", status=401)]}))
        patient = examine([str(path)])
        assert patient.socket == str(path)
        assert [each.state for each in patient.findings] == ["odd", "well", "well", "wrong"]
        assert patient.findings[2].says == "the daemon reaches a (0.20s)"
        assert patient.findings[3].says == "b: its key was refused (auth, HTTP 401)"
        assert patient.findings[3].advice.startswith("put a working key in its place")

        daemon.on("probe", refuses(ErrorKind.FORBIDDEN, "you may not"))
        assert patient.findings[0] == examine([str(path)]).findings[0]
        assert examine([str(path)]).findings[2].advice == "sudo failoverctl doctor"
        assert patient.findings[0].says.startswith("failoverd 9.9.9 runs, up 4m 12s, and ")

        path.chmod(0o666)
        assert examine([str(path)]).findings[1].advice.startswith("everybody on this machine may ask")

        daemon.on("ping", raw(b"HTTP/1.1 400\r\n"))
        assert [each.state for each in examine([str(path)]).findings] == ["wrong"]
    assert [each.state for each in examine([f"{path}-none"]).findings] == ["odd"]


def test_the_whole_visit(tmp_path, capsys):
    path = write(tmp_path, f'[provider.x]\nurl = "http://127.0.0.1:{free_port()}/v1"\nmodels = ["m"]\n')
    parser = argparse.ArgumentParser()
    arguments(parser)

    code = main(parser.parse_args(["--config", str(path), "--socket", str(tmp_path / "s")]))

    said = capsys.readouterr()
    assert code == Exit.FAILED
    assert "wrong  x" in said.out
    assert "no daemon is running" in said.out
    assert said.err.strip().startswith("1 wrong, ")
