"""Clients of other people's making speak to a real daemon, and find nothing strange about it."""

import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.fakeserver import Line
from tests.fakeserver.answers import answer
from tests.phone import dialled, serving_apart
from tests.process import running, write_config
from tests.rpc_strangers import NODE, PYTHON, TEXT
from tests.strangers import absent, need

pytestmark = pytest.mark.stranger

HERE = Path(__file__).parent.parent / ".strangers" / "rpc"
CONFIG = '[provider.echo]\nurl = "{url}/v1"\nmodels = ["m1"]\nprobe.enabled = false\n'
PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'


async def echo(line: Line) -> None:
    """Says again what it was told, or hangs if it is told to."""
    while True:
        asked = await line.hear()
        said = json.loads(asked.body)["messages"][-1]["content"]
        if said.startswith("hang"):
            await line.sleep()
        message = {"role": "assistant", "content": said}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        await line.say(answer(json.dumps({"choices": choices}, ensure_ascii=False).encode()))


@pytest.fixture(scope="module")
def daemon():
    with tempfile.TemporaryDirectory() as home, serving_apart(echo) as provider:
        write_config(Path(home), CONFIG.format(url=provider.url))
        with running(Path(home)) as daemon:
            daemon.wait_ready()
            yield daemon


@pytest.fixture
def path(daemon):
    return str(daemon.home / "run" / "failoverd.sock")


def told(*words: str, said: bytes = b"", cwd: Path | None = None) -> bytes:
    ran = subprocess.run(words, input=said, capture_output=True, timeout=60, cwd=cwd, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def is_content(found: dict[str, object]) -> bool:
    chat = found["chat"]
    assert isinstance(chat, dict)
    return bool(
        chat["choices"][0]["message"]["content"] == TEXT and chat["failover"]["lane"] == "echo/key1/m1"
    )


@pytest.mark.parametrize("name", PYTHON)
def test_a_python_client_just_works(path, name):
    python = HERE / "python" / "bin" / "python"
    if not python.exists():
        absent("Python's JSON-RPC clients are not installed; .ci/strangers rpc_clients does that")
    found = json.loads(told(str(python), "-c", PYTHON[name], path))
    assert found["ping"]["pong"]
    assert is_content(found)
    assert (found["error"], found["batch"]) == (-32601, [True, True])


@pytest.mark.parametrize("name", NODE)
def test_a_node_client_just_works(daemon, path, name):
    need("node")
    if not (HERE / "node" / ".complete").exists():
        absent("Node's JSON-RPC clients are not installed; .ci/strangers rpc_clients does that")
    found = json.loads(told("node", "-e", NODE[name], "--", path, cwd=HERE / "node"))
    assert found["ping"]["pong"]
    assert is_content(found)
    assert (found["error"], found["batch"]) == (-32601, [True, True])
    if name == "vscode-jsonrpc":
        assert found["cancelled"] == -32800
        with dialled(daemon) as phone:
            assert phone.ask("status")["in_flight"] == 0


@pytest.mark.parametrize("end", [b"", b"\n"], ids=["bare", "line"])
def test_socat_half_closes_and_still_gets_its_answer(path, end):
    need("socat")
    heard = told("socat", "-t", "10", "-", f"UNIX-CONNECT:{path}", said=PING + end)
    assert json.loads(heard)["result"]["pong"]


def test_nc_half_closes_and_still_gets_its_answers(path):
    need("nc")
    params = {"model": "auto", "messages": [{"role": "user", "content": TEXT}]}
    chat = json.dumps({"jsonrpc": "2.0", "id": "ü", "method": "chat", "params": params}, ensure_ascii=False)
    heard = told(
        "nc", "-N", "-U", path, said=PING + b"\n" + chat.encode() + b"\n[" + PING + b"," + PING + b"]\n"
    )
    lines = [json.loads(line) for line in heard.splitlines()]
    by_id = {line["id"]: line["result"] for line in lines if isinstance(line, dict)}
    assert by_id["ü"]["choices"][0]["message"]["content"] == TEXT
    assert by_id[1]["pong"]
    assert [[each["id"] for each in line] for line in lines if isinstance(line, list)] == [[1, 1]]


def test_nc_with_a_file_that_was_written_for_reading(path):
    need("nc")
    spread = json.dumps(json.loads(PING), indent=4).encode()
    assert json.loads(told("nc", "-N", "-U", path, said=spread))["result"]["pong"]


def test_curl_is_told_where_http_is_spoken(path):
    need("curl")
    ran = subprocess.run(
        ["curl", "-s", "--http0.9", "--unix-socket", path, "http://localhost/v1/models"],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert b"http.sock" in ran.stdout
