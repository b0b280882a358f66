"""Clients that others have written, against the real daemon with good and bad providers behind it.

They see one answer or one clear error, and never ask again when failover is exhausted.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.strangers import absent, need
from tests.street import Street, street

pytestmark = pytest.mark.stranger

ROOT = Path(__file__).parent.parent
CLIENTS = Path(__file__).parent / "clients"
PYTHON = ROOT / ".strangers/clients/bin/python"
NODE = ROOT / ".strangers/node"
HELLO = "Hello from the good one."
BODY = '{"model":"good-only","messages":[{"role":"user","content":"Hello"}]}'


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Iterator[Street]:
    with street(tmp_path_factory.mktemp("street")) as found:
        yield found


def python(client: str, *words: str) -> dict[str, Any]:
    if not PYTHON.exists():
        absent("the Python clients are not installed; .ci/strangers installs them")
    return run([str(PYTHON), str(CLIENTS / client), *words])


def node(client: str, *words: str) -> dict[str, Any]:
    need("node")
    if not (NODE / "node_modules").exists():
        absent("the Node clients are not installed; .ci/strangers installs them")
    # Beside its libraries, where Node looks for them.
    shutil.copy(CLIENTS / client, NODE / client)
    return run(["node", str(NODE / client), *words])


def run(words: list[str], **environ: str) -> dict[str, Any]:
    """What a client says, line by line."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ended = subprocess.run(
        words, capture_output=True, text=True, timeout=120, env={**kept, **environ}, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    said: dict[str, Any] = {}
    for line in ended.stdout.splitlines():
        said |= json.loads(line)
    return said


def exhausted(here: Street) -> float:
    return here.metric('failoverd_requests_total{pool="limited-only",verdict="unavailable"}')


def test_openai_for_python(here):
    before = exhausted(here)
    said = python("openai_python.py", here.base_url, str(here.uds))

    for way in ("tcp", "unix"):
        assert said[f"{way} text"] == HELLO
        assert said[f"{way} stream"] == {"text": HELLO, "chunks": 5, "tokens": 12}
        assert said[f"{way} embeddings"] == [0.5, -0.25]
    assert said["async"] == [1, HELLO]
    assert said["rescued"]["x-failover-lane"] == "good/key1/m"
    assert said["options"] == "good/key1/m"
    assert said["tools"] == ["get_weather", '{"city":"Graz"}', "The tool said: sunny"]
    assert said["tools streamed"] == ['get_weather{"city":"Graz"}']
    assert (said["vision"], said["structured"]) == ("I see a picture.", {"city": "Graz", "degrees": 21})
    assert said["image"] == "iVBORw0K"
    assert {"auto", "rescued", "good/m"} <= set(said["models"])
    assert said["unknown"]["error"] == "NotFoundError"
    assert said["cut"] == {"error": "APIError", "code": "partial"}
    for way in ("exhausted", "exhausted stream"):
        assert (said[way]["error"], said[way]["status"], said[way]["code"]) == (
            "InternalServerError",
            503,
            "unavailable",
        )
    assert exhausted(here) - before == 2
    here.wait_deserted("endless")


def test_openai_for_node(here):
    before = exhausted(here)
    said = node("openai_node.mjs", here.base_url)

    error = {"name": "InternalServerError", "status": 503, "code": "unavailable"}
    assert said == {
        "text": HELLO,
        "stream": {"text": HELLO, "tokens": 12},
        "embeddings": [0.5, -0.25],
        "exhausted": error,
        "exhausted stream": error,
        "cut": {"name": "APIError", "code": "partial"},
        "left": True,
    }
    assert exhausted(here) - before == 2
    here.wait_deserted("endless")


def test_vercels_ai_sdk(here):
    before = exhausted(here)
    said = node("vercel.mjs", here.base_url)

    assert (said["text"], said["stream"]) == (HELLO, HELLO)
    assert said["tools"] == [["get_weather", {"city": "Graz"}]]
    assert (said["structured"], said["embeddings"]) == ({"city": "Graz", "degrees": 21}, [0.5, -0.25])
    assert (said["exhausted"]["name"], said["exhausted"]["status"]) == ("AI_APICallError", 424)
    assert said["cut"] == ["the stream broke off, "]
    assert exhausted(here) - before == 1


def test_langchain(here):
    before = exhausted(here)
    said = python("langchain_client.py", here.base_url)

    assert said == {
        "text": HELLO,
        "stream": HELLO,
        "structured": {"city": "Graz", "degrees": 21},
        "exhausted": [503, "unavailable"],
    }
    assert exhausted(here) - before == 1


@pytest.mark.parametrize("more", [(), ("--no-stream",)])
def test_simons_llm(here, tmp_path, more):
    llm = PYTHON.with_name("llm")
    if not llm.exists():
        absent("llm is not installed; .ci/strangers installs it")
    models = f"- model_id: failoverd\n  model_name: good-only\n  api_base: {here.base_url}\n"
    (tmp_path / "extra-openai-models.yaml").write_text(models)
    kept = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LLM_USER_PATH": str(tmp_path),
        "OPENAI_API_KEY": "unused",
    }
    ended = subprocess.run(
        [str(llm), "-m", "failoverd", *more, "Hello"],
        capture_output=True,
        text=True,
        timeout=120,
        env=kept,
        check=False,
    )
    assert (ended.stdout.strip(), ended.returncode) == (HELLO, 0), ended.stderr


# curl.


def curl(here: Street, *words: str, unix: bool = False, path: str = "/chat/completions") -> tuple[int, str]:
    """Status and body."""
    need("curl")
    url = f"http://localhost/v1{path}" if unix else f"{here.base_url}{path}"
    through = ("--unix-socket", str(here.uds)) if unix else ()
    form = ("-s", "-N", "-w", "\n%{http_code}", *through)
    ended = subprocess.run(
        ["curl", *form, *words, url], capture_output=True, text=True, timeout=60, check=True
    )
    body, _, status = ended.stdout.rpartition("\n")
    return int(status), body


JSON = ("-H", "content-type: application/json")


@pytest.mark.parametrize("unix", [False, True])
def test_curl(here, unix):
    status, body = curl(here, *JSON, "-d", BODY, unix=unix)
    assert (status, json.loads(body)["choices"][0]["message"]["content"]) == (200, HELLO)
    status, body = curl(here, *JSON, "-d", BODY.replace("}]}", '}],"stream":true}'), unix=unix)
    assert (status, body.count("data: "), body.endswith("data: [DONE]\n\n")) == (200, 8, True)


def test_a_web_page_cannot_use_it(here):
    assert curl(here, *JSON, "-d", BODY, "-H", "host: evil.example")[0] == 421
    assert curl(here, *JSON, "-d", BODY, "-H", "origin: https://evil.example")[0] == 403
    assert curl(here, "-H", "content-type: text/plain", "-d", BODY)[0] == 415
    assert curl(here, "-H", "sec-fetch-site: cross-site", path="/models")[0] == 403
    assert curl(here, "-X", "OPTIONS", "-H", "origin: https://evil.example")[0] == 403


def test_curl_that_is_interrupted_frees_its_provider_within_100_ms(here):
    need("curl")
    body = BODY.replace("good-only", "endless-only").replace("}]}", '}],"stream":true}')
    client = subprocess.Popen(
        ["curl", "-s", "-N", *JSON, "-d", body, here.base_url + "/chat/completions"], stdout=subprocess.PIPE
    )
    with client:
        assert client.stdout is not None
        client.stdout.read(200)
        began = time.monotonic()
        client.kill()
        here.wait_deserted("endless")
        # Of the daemon's 100 ms; the fake itself takes up to 20 to see it.
        assert time.monotonic() - began < 0.15
