"""Real image files through failoverctl and the daemon to providers of two dialects, checked byte by byte there."""

import hashlib
import json

import pytest

from daemon.exits import Exit
from tests.jobs.counting import counting, provider_config
from tests.jobs.night import Night
from tests.jobs.pictures import JPEG, PNG, WEBP

PROMPT = "What is it? \N{CAMERA}"
SEES = [{"name": "parrot", "can": ["chat", "vision"]}]


@pytest.fixture
def folder(tmp_path):
    """Names lie; contents do not."""
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "img2.jpg").write_bytes(PNG)
    (folder / "img10").write_bytes(WEBP)
    (folder / "img1.webp").write_bytes(JPEG)
    (folder / "img3.png").write_text("no picture")
    (folder / "img4.png").touch()
    return folder


def charged(kind: str, picture: bytes) -> str:
    return f"{PROMPT} {kind}:{hashlib.sha256(picture).hexdigest()}"


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["openai", "gemini"])
def test_pictures_arrive_as_they_are_and_what_is_none_fails_alone(tmp_path_factory, folder, dialect):
    home = tmp_path_factory.mktemp("i")
    out = home / "results.jsonl"
    with counting(dialect=dialect) as provider:
        night = Night(home, provider_config("sees", provider.url, paid=False, models=SEES, api=dialect))
        with night.daemon():
            said = night.ctl("batch", "run", "--images", str(folder), "--prompt", PROMPT, "-o", str(out))
        asked = provider.ledger()
    assert said.returncode == Exit.FAILED
    assert sorted(asked) == sorted(
        [charged("image/png", PNG), charged("image/jpeg", JPEG), charged("image/webp", WEBP)]
    )
    results = [json.loads(line) for line in out.read_text().splitlines()]
    names = [result["custom_id"] for result in results]
    assert names == [str(folder / n) for n in ("img1.webp", "img2.jpg", "img3.png", "img4.png", "img10")]
    told = [result["error"] and result["error"]["message"] for result in results]
    assert told == [None, None, "it is no PNG, JPEG or WebP", "it is empty", None]
    answered = results[0]["response"]["body"]["choices"][0]["message"]["content"]
    assert answered == f"answer to {charged('image/jpeg', JPEG)}"
    assert "3 of 5 items answered (60%)" in said.stdout
