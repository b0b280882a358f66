"""Where secrets are read from: files that nobody else can read, credentials of systemd, variables."""

import os
from pathlib import Path

import pytest

from daemon.secrets import Sources, follow
from state.settings.problems import Fault
from state.settings.secret import Secret
from tests.configs import KEY


def key_file(path: Path, *, mode: int = 0o600, content: bytes = b"a-key-of-mine\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def sources(directory: Path, *, uid: int | None = None, **environment: str) -> Sources:
    return Sources(environment, os.geteuid() if uid is None else uid, directory)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_only_its_owner_reads_is_taken(tmp_path, mode):
    path = key_file(tmp_path / "key", mode=mode)

    assert follow(f"file:{path}", sources(tmp_path)) == Secret("a-key-of-mine")


def test_a_relative_path_starts_beside_the_config(tmp_path):
    key_file(tmp_path / "keys/gemini")

    assert follow("file:keys/gemini", sources(tmp_path)) == Secret("a-key-of-mine")


def test_a_path_may_start_at_home(tmp_path):
    key_file(tmp_path / "keys/gemini")

    assert follow("file:~/keys/gemini", sources(Path("/"), HOME=str(tmp_path))) == Secret("a-key-of-mine")


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (0o644, "readable by others (mode 0644)"),
        (0o640, "readable by others (mode 0640)"),
        (0o604, "readable by others (mode 0604)"),
        (0o620, "open to others (mode 0620)"),
        (0o601, "open to others (mode 0601)"),
    ],
)
def test_a_file_that_others_can_touch_is_refused(tmp_path, mode, reason):
    path = key_file(tmp_path / "key", mode=mode)

    assert follow(f"file:{path}", sources(tmp_path)) == Fault(
        f"file {path} is {reason}", f"run chmod 600 {path}"
    )


def test_a_file_of_another_user_is_refused(tmp_path):
    path = key_file(tmp_path / "key")
    owner = path.stat().st_uid
    if owner == 0:
        pytest.skip("root's files are trusted; the next test says the same for root")

    assert follow(f"file:{path}", sources(tmp_path, uid=owner + 1)) == Fault(
        f"file {path} belongs to somebody else (uid {owner})", f"run chown {owner + 1} {path}"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_roots_own_key_may_not_lie_in_a_file_of_somebody_else(tmp_path):
    path = key_file(tmp_path / "key")
    os.chown(path, 12345, -1)

    assert follow(f"file:{path}", sources(tmp_path)) == Fault(
        f"file {path} belongs to somebody else (uid 12345)", f"run chown 0 {path}"
    )


def test_a_link_is_not_followed(tmp_path):
    key_file(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert follow("file:link", sources(tmp_path)) == Fault(
        f"{tmp_path}/link is a symbolic link", "name the file that it leads to"
    )


def test_a_directory_or_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe", mode=0o600)

    assert follow("file:pipe", sources(tmp_path)) == Fault(f"{tmp_path}/pipe is no ordinary file")
    assert follow(f"file:{tmp_path}", sources(tmp_path)) == Fault(
        f"{tmp_path} is a directory", "name a file in it"
    )


def test_a_large_file_is_not_read(tmp_path):
    path = key_file(tmp_path / "key", content=b"k" * 8193)

    assert follow(f"file:{path}", sources(tmp_path)) == Fault(f"file {path} is larger than 8,192 bytes")


def test_what_the_file_holds_is_said_of_the_file_but_not_shown(tmp_path):
    path = key_file(tmp_path / "key", content=f"{KEY}\n{KEY}\n".encode())

    assert follow(f"file:{path}", sources(tmp_path)) == Fault(
        f"file {path} holds more than one line", "leave only the key"
    )


def test_a_missing_file_whose_name_looks_like_a_key_is_not_named(tmp_path):
    assert follow(f"file:./{KEY}", sources(tmp_path)) == Fault(f"file {tmp_path}/(not shown) does not exist")


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600])
def test_a_credential_is_what_systemd_put_there_with_an_acl_in_the_groups_bits(tmp_path, mode):
    key_file(tmp_path / "gemini", mode=mode)

    found = follow("credential:gemini", sources(Path("/"), CREDENTIALS_DIRECTORY=str(tmp_path)))

    assert found == Secret("a-key-of-mine")


def test_a_credential_may_come_out_of_a_whole_directory_of_them(tmp_path):
    key_file(tmp_path / "key_gemini")

    found = follow("credential:gemini", sources(Path("/"), CREDENTIALS_DIRECTORY=str(tmp_path)))

    assert found == Secret("a-key-of-mine")


def test_a_credential_of_its_own_goes_before_one_of_the_directory(tmp_path):
    key_file(tmp_path / "gemini", content=b"my-own-key\n")
    key_file(tmp_path / "key_gemini")

    found = follow("credential:gemini", sources(Path("/"), CREDENTIALS_DIRECTORY=str(tmp_path)))

    assert found == Secret("my-own-key")


def test_a_credential_named_by_its_path_is_one_too(tmp_path):
    path = key_file(tmp_path / "gemini", mode=0o440)

    assert follow(f"file:{path}", sources(Path("/"), CREDENTIALS_DIRECTORY=str(tmp_path))) == Secret(
        "a-key-of-mine"
    )


@pytest.mark.parametrize("mode", [0o444, 0o460])
def test_a_credential_that_others_can_read_or_the_group_can_write_is_none(tmp_path, mode):
    key_file(tmp_path / "gemini", mode=mode)

    found = follow("credential:gemini", sources(Path("/"), CREDENTIALS_DIRECTORY=str(tmp_path)))

    assert isinstance(found, Fault)


def test_a_credential_that_the_unit_does_not_pass_is_missing(tmp_path):
    found = follow("credential:gemini", sources(Path("/"), CREDENTIALS_DIRECTORY=str(tmp_path)))

    assert found == Fault(f"file {tmp_path}/gemini does not exist")


def test_a_variable_may_hold_bytes_that_are_no_text():
    found = follow("env:A", sources(Path("/"), A="a-key-\udcff-mine"))

    assert found == Fault("variable A holds bytes that are not text", "write the key anew, as plain ASCII")
