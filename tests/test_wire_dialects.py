"""What holds for every dialect, whoever wrote it: where requests go, where keys go, who is in the table."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.address import base
from actors.wire.dialects import DIALECTS
from state.config import Api, ModelConfig, ProbeConfig
from tests.wire.calls import URLS, call, chat, dialect, embed, gap, image, provider

each_api = pytest.mark.parametrize("api", URLS)


def test_every_api_has_its_dialect() -> None:
    assert {api: spoken.api for api, spoken in DIALECTS.items()} == {api: api for api in Api}


def test_every_dialect_has_its_own_tests() -> None:
    home = Path(__file__).parent
    assert [api for api in Api if not (home / f"test_wire_{api}.py").is_file()] == []


@each_api
@given(name=st.text(min_size=1, max_size=60), stream=st.booleans())
def test_no_model_name_leads_away_from_the_configured_origin(api: Api, name: str, *, stream: bool) -> None:
    for request in (chat(), embed(), image("a cat")):
        if gap(api, request):
            continue
        made = call(
            api, request, stream=stream, model=ModelConfig(name=name), image_url=f"{URLS[api]}/images"
        )
        wire = dialect(made).build(made)
        assert wire.origin == base(URLS[api]).origin
        assert wire.target.startswith("/")
        assert wire.target.isascii()
        assert not set(wire.target) & set(" \r\n#\\")
        assert "/../" not in urlsplit(wire.url).path + "/"


@each_api
def test_a_probe_is_free(api: Api) -> None:
    wire = DIALECTS[api].probe(provider(api))
    assert (wire.method, wire.body) == ("GET", b"")
    assert wire.origin == base(URLS[api]).origin
    assert wire.key is not None


@each_api
def test_the_key_does_not_follow_a_probe_to_another_origin(api: Api) -> None:
    def probed(url: str) -> object:
        return DIALECTS[api].probe(provider(api, probe=ProbeConfig(url=url)))

    elsewhere = DIALECTS[api].probe(
        provider(api, probe=ProbeConfig(url="https://status.example.com/health?x=1"))
    )
    assert (elsewhere.url, elsewhere.key) == ("https://status.example.com/health?x=1", None)
    at_home = DIALECTS[api].probe(provider(api, probe=ProbeConfig(url=f"{base(URLS[api]).origin}/health")))
    assert at_home.key is not None
    assert (
        DIALECTS[api].probe(provider(api, probe=ProbeConfig(url="https://status.example.com"))).target == "/"
    )


@each_api
def test_no_prompt_is_in_what_a_log_would_show(api: Api) -> None:
    secret = "my-own-words"
    for request in (chat([{"role": "user", "content": secret}]), embed(secret), image(secret)):
        if not gap(api, request):
            made = call(api, request)
            assert secret not in repr(dialect(made).build(made))
