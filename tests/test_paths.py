"""Where config, state and sockets are, depending on who runs the daemon."""

import pytest

from daemon.paths import Places, places, places_here, sockets_to_try


def at(uid: int = 1000, **environment: str) -> Places:
    return places(environment, uid=uid, home="/home/ada")


def test_a_user_has_everything_below_home_and_a_port_for_sdks():
    found = at(XDG_RUNTIME_DIR="/run/user/1000")

    assert found == Places(
        config_dir="/home/ada/.config/failoverd",
        state_dir="/home/ada/.local/state/failoverd",
        runtime_dir="/run/user/1000/failoverd",
        is_system=False,
    )
    assert found.config_file == "/home/ada/.config/failoverd/failoverd.toml"
    assert found.socket == "/run/user/1000/failoverd/failoverd.sock"
    assert found.http_socket == "/run/user/1000/failoverd/http.sock"
    assert found.http_tcp == "127.0.0.1:4747"


def test_root_at_a_prompt_has_the_systems_places_and_no_port():
    found = at(uid=0, XDG_RUNTIME_DIR="/run/user/0", XDG_CONFIG_HOME="/root/.config")

    assert found == Places("/etc/failoverd", "/var/lib/failoverd", "/run/failoverd", is_system=True)
    assert found.http_tcp == ""


def test_a_system_service_has_what_systemd_says_whoever_it_runs_as():
    found = at(
        uid=990,
        CONFIGURATION_DIRECTORY="/etc/failoverd",
        STATE_DIRECTORY="/var/lib/failoverd",
        RUNTIME_DIRECTORY="/run/failoverd",
    )

    assert found == Places("/etc/failoverd", "/var/lib/failoverd", "/run/failoverd", is_system=True)


def test_a_users_own_service_is_still_a_users():
    found = at(
        XDG_RUNTIME_DIR="/run/user/1000",
        CONFIGURATION_DIRECTORY="/home/ada/.config/failoverd",
        STATE_DIRECTORY="/home/ada/.local/state/failoverd",
        RUNTIME_DIRECTORY="/run/user/1000/failoverd",
    )

    assert found == at(XDG_RUNTIME_DIR="/run/user/1000")


def test_of_several_directories_the_first_counts():
    assert at(STATE_DIRECTORY="/var/lib/failoverd:/var/lib/other").state_dir == "/var/lib/failoverd"


def test_a_user_may_have_moved_them():
    found = at(XDG_CONFIG_HOME="/c", XDG_STATE_HOME="/s/", XDG_RUNTIME_DIR="/r")

    assert (found.config_dir, found.state_dir, found.runtime_dir) == (
        "/c/failoverd",
        "/s/failoverd",
        "/r/failoverd",
    )


@pytest.mark.parametrize("wrong", ["", "relative/path", "./x"])
def test_a_relative_directory_counts_as_none(wrong):
    assert at(XDG_CONFIG_HOME=wrong, XDG_STATE_HOME=wrong, XDG_RUNTIME_DIR=wrong) == at()


def test_without_a_session_the_sockets_are_beside_the_state():
    assert at().socket == "/home/ada/.local/state/failoverd/run/failoverd.sock"


def test_a_client_looks_for_its_own_daemon_first_and_then_for_the_machines():
    assert sockets_to_try({"XDG_RUNTIME_DIR": "/run/user/1000"}, uid=1000, home="/home/ada") == (
        "/run/user/1000/failoverd/failoverd.sock",
        "/run/failoverd/failoverd.sock",
    )
    assert sockets_to_try({}, uid=0, home="/root") == ("/run/failoverd/failoverd.sock",)


def test_this_process_has_places_too():
    assert all(path.startswith("/") for path in places_here()[:3])
