"""`failoverd check`: what would run, or what is wrong."""

import argparse
import re
from pathlib import Path

import pytest

import daemon
from daemon.check import arguments, main, report
from daemon.exits import Exit
from tests.configs import KEY, here, read_config, said_about, write

SAMPLE = Path(daemon.__file__).parent.parent / "systemd/failoverd.toml"


def test_a_good_config_is_summed_up(tmp_path, capsys):
    text = """
        [provider.gemini]
        keys = ["env:A", "env:B"]
        [provider.pollinations]
        [provider.ollama]
        enabled = false
        [pool.captions]
        lanes = ["gemini/*", "llava"]
        strategy = "round_robin"
    """
    path = write(tmp_path, text)

    assert report(str(path), here(tmp_path, {"A": KEY, "B": "another-key"})) == Exit.OK

    said = capsys.readouterr()
    assert said.err == ""
    assert (
        said.out.replace(str(path), "FILE")
        == """\
FILE is well: 3 providers, 10 lanes, 1 pool.

PROVIDER      HOST                               KEYS         MODELS
pollinations  text.pollinations.ai               none needed  openai and 1 more
gemini        generativelanguage.googleapis.com  key1, key2   gemini-2.5-flash and 3 more
ollama (off)  127.0.0.1                          none needed  found while running

POOL      STRATEGY      LANES
captions  round_robin   gemini/*, llava
auto      primary_only  all of them

It listens on /run/failoverd/failoverd.sock,
/run/failoverd/http.sock (HTTP)
and keeps its journal at /var/lib/failoverd/journal.db.
"""
    )


def test_without_a_file_it_says_what_the_environment_offers(tmp_path, capsys):
    assert report(None, here(tmp_path, {"OPENAI_API_KEY": KEY})) == Exit.OK

    assert (
        capsys.readouterr()
        .out.replace(str(tmp_path), "DIR")
        .startswith(
            "There is no DIR/failoverd.toml; the environment offers 2 providers, 6 lanes.\n"
            "To choose for yourself, begin with: failoverctl init\n"
        )
    )


def test_a_wrong_config_is_a_line_for_each_problem_and_exit_2(tmp_path, capsys):
    path = write(tmp_path, f'[provider.openai]\nkey = "{KEY}"\n[pool.x]\nlanes = []\n')

    assert report(str(path), here(tmp_path)) == Exit.USAGE

    said = capsys.readouterr()
    assert said.out == ""
    assert [line.split(": ")[:2] for line in said.err.splitlines()] == [
        [str(path), "pool.x.lanes"],
        [str(path), "provider.openai.key"],
    ]
    assert KEY not in said.err


def test_as_a_command_it_takes_a_path(tmp_path, capsys):
    parser = argparse.ArgumentParser()
    arguments(parser)
    path = write(tmp_path, "[provider.ollama]\n")

    assert main(parser.parse_args(["--config", str(path)])) == Exit.OK
    assert capsys.readouterr().out.startswith(f"{path} is well: 1 provider, 0 lanes, 0 pools.\n")


def test_the_sample_runs_as_it_is(tmp_path):
    assert [*read_config(tmp_path, SAMPLE.read_text()).provider] == ["pollinations"]


def test_the_sample_with_every_setting_tried_runs_too(tmp_path):
    tried = re.sub(r"^#(?=[\[\w])", "", SAMPLE.read_text(), flags=re.MULTILINE)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    for name in re.findall(r'"credential:([\w-]+)"', tried):
        if name != "NAME":
            (credentials / name).write_text(f"{KEY}-{name}\n")
            (credentials / name).chmod(0o400)

    config = read_config(tmp_path, tried, {"CREDENTIALS_DIRECTORY": str(credentials)})

    assert [*config.provider] == ["pollinations", "gemini", "openrouter", "openai", "ollama", "local"]
    assert [*config.pool] == ["captions", "night"]


def test_a_mistake_in_the_sample_would_be_found(tmp_path):
    assert said_about(tmp_path, SAMPLE.read_text().replace("#[journal]\n#keep_days", "[journal]\nkeep_day"))


@pytest.mark.parametrize("name", ["gemini", "openai"])
def test_no_key_is_in_the_summary(tmp_path, capsys, name):
    path = write(tmp_path, f'[provider.{name}]\nkey = "env:A"\n')

    report(str(path), here(tmp_path, {"A": KEY}))

    assert KEY not in capsys.readouterr().out
