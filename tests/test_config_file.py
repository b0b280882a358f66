"""Which file is read, when none is, and what is said when it cannot be."""

import os

import pytest

from daemon.configfile import FILE_BYTES_MAX, Refused, load
from state.settings.resolved import Resolved
from state.settings.secret import Secret
from state.words import KeyId
from tests.configs import here, read_config, resolve_config, said_about, write

AS_ROOT = os.geteuid() == 0
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def test_no_file_at_the_usual_place_means_the_environment(tmp_path):
    resolved = load(
        None, here(tmp_path, {"GEMINI_API_KEY": "a-key-of-mine", "GEMINI_API_KEY_2": "another-key"})
    )

    assert isinstance(resolved, Resolved)
    assert resolved.source == "environment"
    assert [*resolved.config.provider] == ["pollinations", "gemini"]
    assert resolved.secrets == {
        KeyId("gemini", "key1"): Secret("a-key-of-mine"),
        KeyId("gemini", "key2"): Secret("another-key"),
    }
    assert resolved.config.daemon.socket == "/run/failoverd/failoverd.sock"


def test_an_ollama_that_answers_is_found(tmp_path):
    resolved = load(None, here(tmp_path, ollama=True))

    assert isinstance(resolved, Resolved)
    assert resolved.config.provider["ollama"].url == "http://127.0.0.1:11434"


def test_a_bad_key_in_the_environment_is_said_without_a_file(tmp_path):
    (line,) = _lines(load(None, here(tmp_path, {"OPENAI_API_KEY": "two\nlines-of-it"})))

    assert line == (
        "environment: provider.openai.keys[0].secret: variable OPENAI_API_KEY holds more than one line; "
        "leave only the key"
    )


def test_the_usual_file_is_read_if_it_is_there(tmp_path):
    write(tmp_path, "[provider.ollama]\n")

    resolved = load(None, here(tmp_path))

    assert isinstance(resolved, Resolved)
    assert (resolved.source, [*resolved.config.provider]) == (f"{tmp_path}/failoverd.toml", ["ollama"])


def test_a_file_that_was_asked_for_must_be_there(tmp_path):
    path = f"{tmp_path}/other.toml"

    assert _lines(load(path, here(tmp_path))) == [f"{path}: file {path} does not exist"]


def test_a_link_at_the_usual_place_that_leads_nowhere_is_not_passed_over(tmp_path):
    (tmp_path / "failoverd.toml").symlink_to(tmp_path / "gone")

    assert isinstance(load(None, here(tmp_path)), Refused)


def test_a_place_that_cannot_be_looked_at_is_not_passed_over(tmp_path):
    assert isinstance(load(None, here(tmp_path / ("x" * 300))), Refused)


@pytest.mark.skipif(AS_ROOT, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_not_passed_over(tmp_path):
    write(tmp_path, "[provider.ollama]\n").chmod(0)

    assert isinstance(load(None, here(tmp_path)), Refused)


def test_a_directory_is_no_file(tmp_path):
    assert _lines(load(str(tmp_path), here(tmp_path))) == [
        f"{tmp_path}: {tmp_path} is a directory; name a file in it"
    ]


def test_a_pipe_is_no_file_and_nobody_waits_for_it(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)

    assert _lines(load(str(path), here(tmp_path))) == [f"{path}: {path} is no ordinary file"]


def test_a_linked_file_is_read(tmp_path):
    (tmp_path / "real.toml").write_text("[provider.ollama]\n")
    (tmp_path / "failoverd.toml").symlink_to(tmp_path / "real.toml")

    assert isinstance(load(None, here(tmp_path)), Resolved)


def test_a_file_that_everybody_may_write_is_refused_for_it_says_where_keys_go(tmp_path):
    path = write(tmp_path, "[provider.ollama]\n")
    path.chmod(0o666)

    assert _lines(load(str(path), here(tmp_path))) == [
        f"{path}: file {path} can be written by everybody (mode 0666); run chmod o-w {path}"
    ]


def test_a_file_of_two_megabytes_is_refused(tmp_path):
    assert said_about(tmp_path, b"#" * (2 * FILE_BYTES_MAX)) == [
        "FILE: file FILE is larger than 1,048,576 bytes"
    ]


def test_a_file_in_another_encoding_is_refused(tmp_path):
    assert said_about(tmp_path, "[daemon]\n# für alle\n".encode("latin-1")) == [
        "FILE: line 2 is not UTF-8; save the file as UTF-8"
    ]


def test_certificates_are_looked_at(tmp_path):
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    (tmp_path / "key.pem").write_text("something else")
    text = """
        [provider.own]
        url = "https://api.example.com/v1"
        models = ["a"]
        ca_file = "{}/{}"
    """

    assert read_config(tmp_path, text.format(tmp_path, "ca.pem")).provider["own"].ca_file
    assert said_about(tmp_path, text.format(tmp_path, "key.pem")) == [
        "FILE: provider.own.ca_file: file DIR/key.pem holds no certificate in PEM form"
    ]


def test_a_door_for_other_machines_opens_with_a_token(tmp_path):
    text = '[provider.ollama]\n[daemon]\nhttp_tcp = "0.0.0.0:4747"\nhttp_token = "env:TOKEN"\n'

    resolved = resolve_config(tmp_path, text, {"TOKEN": "a-token-of-mine"})

    assert resolved.http_token == Secret("a-token-of-mine")


def _lines(found: Resolved | Refused) -> list[str]:
    assert isinstance(found, Refused)
    return [*found.lines]
