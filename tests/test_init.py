"""`failoverd init`: a first config that is right, says why, and overwrites nothing."""

import stat

from daemon.configfile import load
from daemon.exits import Exit
from daemon.init import begin, page
from state.settings.resolved import Resolved
from tests.configs import KEY, here
from tests.ctl.prompt import ctl

FOUND = {"GEMINI_API_KEY": KEY, "GEMINI_API_KEY_2": KEY, "OPENAI_API_KEY": KEY, "OLLAMA_HOST": "10.0.0.7"}


def test_what_it_writes_is_what_the_environment_would_have_given(tmp_path):
    desk = here(tmp_path, FOUND)
    without_a_file = load(None, desk)
    assert begin(tmp_path / "failoverd.toml", desk) == Exit.OK

    from_the_file = load(None, desk)

    assert isinstance(without_a_file, Resolved)
    assert isinstance(from_the_file, Resolved)
    assert set(from_the_file.config.provider) == {"pollinations", "gemini", "openai", "ollama"}
    for name, provider in from_the_file.config.provider.items():
        found = without_a_file.config.provider[name]
        assert (provider.url, provider.keys, provider.models) == (found.url, found.keys, found.models)


def test_with_every_comment_taken_away_it_is_right_too(tmp_path):
    text = page(here(tmp_path))
    (tmp_path / "failoverd.toml").write_text(
        "\n".join(
            line[1:] if line.startswith("#") and not line.startswith("# ") else line
            for line in text.splitlines()
        )
    )
    variables = {
        line.split('"env:')[1].rstrip('"'): KEY
        for line in text.splitlines()
        if '"env:' in line and "=" in line
    }

    found = load(None, here(tmp_path, variables))

    assert isinstance(found, Resolved), found.lines


def test_no_key_ever_stands_in_it(tmp_path):
    assert KEY not in page(here(tmp_path, FOUND))


def test_a_file_that_is_there_stays_as_it_is(tmp_path, capsys):
    path = tmp_path / "failoverd.toml"
    path.write_text("# mine\n")

    assert begin(path, here(tmp_path)) == Exit.FAILED

    assert path.read_text() == "# mine\n"
    assert "is there already and stays as it is\n  " in capsys.readouterr().err.replace(
        ", and stays", " and stays"
    )


def test_it_says_what_comes_next(tmp_path, capsys):
    path = tmp_path / "new/failoverd.toml"

    assert begin(path, here(tmp_path, {"OPENAI_API_KEY": KEY})) == Exit.OK

    said = capsys.readouterr()
    assert said.out == f"{path} is written, with pollinations, openai\n"
    assert said.err.startswith("next: look through it, then failoverctl check; ")
    assert stat.S_IMODE(path.stat().st_mode) & 0o022 == 0


def test_where_it_can_not_write_it_names_another_way(tmp_path, capsys):
    (tmp_path / "file").write_text("")

    assert begin(tmp_path / "file/failoverd.toml", here(tmp_path)) == Exit.FAILED

    assert "can't be written" in capsys.readouterr().err


def test_lines_fit_an_editor_of_usual_width(tmp_path):
    assert max(map(len, page(here(tmp_path, FOUND)).splitlines())) <= 110


def test_failoverctl_knows_it_too(tmp_path):
    assert "--print" in ctl(tmp_path, "init", "--help").out
