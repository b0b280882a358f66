"""`failoverctl batch`: submitted whole or not at all, followed through restarts, fetched in order, told plainly."""

import json
import threading
from pathlib import Path

import pytest

from daemon.exits import Exit
from daemon.verdicts import ErrorKind
from tests.ctl.prompt import ctl
from tests.fakes.daemon import fake_daemon, raw, refuses, says
from tests.fakes.jobs import FakeJobs, job_line, job_status

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
NIGHT = [{"custom_id": f"c{n}", "body": {"messages": [n]}} for n in range(5)]


@pytest.fixture
def jobs(daemon):
    return FakeJobs(daemon)


@pytest.fixture
def night(tmp_path):
    path = tmp_path / "night.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in NIGHT))
    return str(path)


@pytest.fixture
def out(tmp_path):
    return str(tmp_path / "results.jsonl")


def ids(path):
    return [json.loads(line)["id"] for line in Path(path).read_text().splitlines()]


# Submitting.


def test_a_file_is_submitted_followed_and_fetched(daemon, jobs, night, out):
    said = ctl(daemon, "batch", "run", night, "--out", out)

    assert said.code == Exit.OK
    assert jobs.items == NIGHT
    assert jobs.is_sealed
    assert ids(out) == [f"j1-{n}" for n in range(5)]
    assert not Path(f"{out}.job").exists()
    assert said.err == "job j1 is submitted: 5 items\n5 of 5, 100%; done\n"
    assert said.out.startswith("job j1 is done: 5 of 5 items answered (100%)\n")
    assert said.out.endswith(f"\n\nresults: {out}\n")


def test_wishes_go_with_the_job(daemon, jobs, night):
    ctl(daemon, "batch", "run", night, "--pool", "captions", "--only", "gemini/*", "--not", "x", "--parallel", "8", "--strategy", "round_robin",
        "--no-failover", "--on-unknown", "hold", "--deadline", "8h", "--name", "n", "--detach")  # fmt: skip

    assert jobs.opening == {
        "name": "n",
        "model": "captions",
        "options": {
            "app": "failoverctl",
            "include": ["gemini/*"],
            "exclude": ["x"],
            "parallel": 8,
            "strategy": "round_robin",
            "failover": False,
            "on_unknown": "hold",
            "deadline_s": 28_800.0,
        },
        "items": [],
        "more": True,
    }


def test_detached_it_prints_the_id_for_scripts_and_how_to_come_back(daemon, jobs, night):
    said = ctl(daemon, "batch", "run", night, "--detach")

    assert (said.code, said.out) == (Exit.OK, "j1\n")
    assert "come back with: failoverctl batch attach j1\n" in said.err
    assert not any(method == "job.follow" for method, _ in daemon.asked)


def test_stdin_is_read_too(daemon, jobs):
    typed = b"\xef\xbb\xbf" + b'{"messages": []}\r\n\r\n{"messages": [1]}'

    assert ctl(daemon, "batch", "run", "-", stdin=typed).code == Exit.OK
    assert jobs.items == [{"messages": []}, {"messages": [1]}]
    assert jobs.opening["name"] == "stdin"


def test_wrong_lines_are_named_and_nothing_is_asked(daemon, jobs, night, out):
    with Path(night).open("a") as file:
        file.write("what?\n{}\n" + json.dumps(NIGHT[0]) + "\n[]\n")

    said = ctl(daemon, "batch", "run", night, "--out", out)

    assert said.code == Exit.USAGE
    assert said.err.replace(night, "FILE") == (
        "failoverctl: FILE: line 6: not JSON, at column 1\n"
        "  line 7: it asks nothing: there is no messages or prompt or input in it\n"
        "  line 9: not a JSON object\n"
        "  3 lines are wrong, so nothing was asked: mend it and run it again\n"
    )
    assert jobs.is_gone
    assert not jobs.is_sealed
    assert not Path(out).exists()


def test_behind_a_wrong_line_nothing_more_is_sent_only_looked_at(daemon, jobs):
    said = ctl(daemon, "batch", "run", "-", stdin="what?\n" + '{"messages": []}\n' * 2500 + "[]\n")

    assert said.code == Exit.USAGE
    assert "line 2,502: not a JSON object\n" in said.err
    assert jobs.items == []


def test_a_file_of_nothing_but_mistakes_is_not_told_in_full(daemon, jobs):
    said = ctl(daemon, "batch", "run", "-", stdin="x\n" * 1000)

    assert said.err.count("\n") == 12
    assert "many lines are wrong" in said.err


def test_what_the_daemon_refuses_is_told_by_its_line(daemon, jobs, night):
    jobs.refuses_item = lambda item: "names nobody" if item["custom_id"] == "c3" else ""

    said = ctl(daemon, "batch", "run", night)

    assert said.code == Exit.USAGE
    assert f"{night}: line 4: `model` names nobody\n" in said.err
    assert jobs.is_gone


def test_a_line_too_large_for_one_message_is_told_with_the_setting(daemon, jobs, tmp_path):
    (tmp_path / "f").write_text(json.dumps({"messages": ["x" * 600_000]}))
    jobs.bytes_max = 600_000

    said = ctl(daemon, "batch", "run", str(tmp_path / "f"))

    assert "line 1: it is larger than the daemon takes in one message (daemon.frame_mib" in said.err
    assert jobs.is_gone


@pytest.mark.parametrize("typed", ["", "\n \n"])
def test_a_file_without_requests_leaves_no_job(daemon, jobs, typed):
    said = ctl(daemon, "batch", "run", "-", stdin=typed)

    assert (said.code, said.err) == (Exit.USAGE, "failoverctl: there is no request in -\n")
    assert jobs.is_gone


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--images", "x"),
        ("--prompt", "x"),
        ("f", "--images", "x", "--prompt", "y"),
        ("f", "--prompt", "y"),
    ],
)
def test_it_wants_to_know_what_is_to_be_asked(daemon, words):
    said = ctl(daemon, "batch", "run", *words)

    assert said.code == Exit.USAGE
    assert said.err.startswith("failoverctl: what is to be asked?\n  failoverctl batch run FILE")


def test_a_file_that_is_not_there_is_told_before_a_job_is_opened(daemon, jobs):
    said = ctl(daemon, "batch", "run", "/none")

    assert (said.code, said.err) == (Exit.USAGE, "failoverctl: can't read /none: No such file or directory\n")
    assert daemon.asked == []


def test_a_piece_whose_acknowledgement_got_lost_is_sent_again_and_stored_once(daemon, jobs, night):
    jobs.acks_lost = 2

    said = ctl(daemon, "batch", "run", night)

    assert said.code == Exit.OK
    assert jobs.items == NIGHT
    assert jobs.pieces == 3
    assert "the daemon is away; waiting for it\nit goes on\n" in said.err


def test_of_many_pieces_some_may_be_sent_twice(daemon, jobs):
    many = [{"messages": [n]} for n in range(2500)]
    jobs.acks_lost = 2

    said = ctl(
        daemon, "batch", "run", "-", "--detach", stdin="".join(f"{json.dumps(each)}\n" for each in many)
    )

    assert said.code == Exit.OK
    assert jobs.items == many
    assert jobs.pieces == 5


def test_while_the_disk_is_full_it_waits_and_says_so(daemon, jobs, night):
    full = refuses(ErrorKind.JOURNAL_UNAVAILABLE, "the disk is full")
    daemon.on("job.submit", full, full, jobs._submit)

    said = ctl(daemon, "batch", "run", night)

    assert said.code == Exit.OK
    assert said.err.startswith("the disk is full; waiting for it\nit goes on\n")


# Images.


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "photos"
    home.mkdir()
    for name in ("b10.png", "b9.png"):
        (home / name).write_bytes(PNG)
    (home / "notes.txt").write_text("no picture")
    return home


def test_a_folder_of_images_is_asked_about_one_by_one(daemon, jobs, folder):
    said = ctl(daemon, "batch", "run", "--images", str(folder), "--prompt", "What?", "--model", "llava")

    assert said.code == Exit.OK
    assert [item["custom_id"] for item in jobs.items] == [str(folder / n) for n in ("b9.png", "b10.png", "notes.txt")]  # fmt: skip
    assert [item.get("error") for item in jobs.items] == [None, None, "it is no PNG, JPEG or WebP"]


def test_an_image_too_large_for_the_daemon_fails_alone(daemon, jobs, folder):
    (folder / "a.png").write_bytes(PNG + b"\0" * 600_000)
    jobs.bytes_max = 600_000

    said = ctl(daemon, "batch", "run", "--images", str(folder), "--prompt", "What?")

    assert said.code == Exit.OK
    assert jobs.items[0] == {
        "custom_id": str(folder / "a.png"),
        "error": "it is larger than the daemon takes in one message (daemon.frame_mib in its config)",
    }
    assert len(jobs.items) == 4


def test_a_list_of_images_may_come_through_a_pipe(daemon, jobs, folder):
    ctl(daemon, "batch", "run", "--images", "-", "--prompt", "?", stdin=f"{folder}/b9.png\n")

    assert [item["custom_id"] for item in jobs.items] == [f"{folder}/b9.png"]


# Following.


def test_progress_failovers_and_failures_are_told_as_they_happen(daemon, jobs, night):
    told = {"n": 1, "custom_id": "c1", "tag": "east-failover", "state": "done", "lane": "east/key1/m", "reason": "timeout", "errors": []}  # fmt: skip
    jobs.notices = [
        ("job.progress", {"status": job_status(counts={"done": 1, "pending": 4})}),
        ("job.item", {"item": told}),
    ]

    said = ctl(daemon, "batch", "run", night)

    assert said.err == (
        "job j1 is submitted: 5 items\n1 of 5, 20%\nc1: east-failover: timeout, done by east/m\n5 of 5, 100%; done\n"
        "its results: failoverctl batch results j1 --out FILE\n"
    )


def test_a_daemon_that_is_restarted_is_waited_for_and_followed_on(daemon, jobs, out):
    jobs.items, jobs.is_sealed = list(NIGHT), True
    progress = b'{"jsonrpc": "2.0", "method": "job.progress", "params": {"status": %s}}\n'
    half = raw(
        progress % json.dumps(job_status(counts={"done": 2, "pending": 3})).encode(), b'{"jsonrpc": "2'
    )
    daemon.on("job.follow", half, half, refuses(ErrorKind.DRAINING, "failoverd is stopping"), jobs._follow)

    said = ctl(daemon, "batch", "attach", "j1", "--out", out)

    assert said.code == Exit.OK
    assert ids(out) == [f"j1-{n}" for n in range(5)]
    assert said.err.count("the daemon is away; waiting for it\nit goes on\n") >= 1


def test_a_daemon_that_is_gone_for_a_while_is_waited_for(jobs, daemon, tmp_path_factory, out):
    """The socket itself disappears, as it does when the daemon is stopped."""
    path = tmp_path_factory.mktemp("g") / "s"
    jobs.items, jobs.is_sealed = list(NIGHT), True
    gone = threading.Event()

    def leave(request):
        path.unlink()
        gone.set()
        return raw()(request)

    with fake_daemon(path) as first:
        first.on("job.status", says(jobs.status)).on("job.follow", leave).on("job.results", jobs._results)

        def comes_back():
            assert gone.wait(10)
            path.symlink_to(daemon.path)

        threading.Thread(target=comes_back).start()
        said = ctl(path, "batch", "attach", "j1", "--out", out)

    assert said.code == Exit.OK
    assert ids(out) == [f"j1-{n}" for n in range(5)]
    assert said.err.startswith("the daemon is away; waiting for it\n")


def test_a_job_that_is_none_leaves_no_file(daemon, jobs, out):
    for act in ("attach", "results"):
        said = ctl(daemon, "batch", act, "j2", "--out", out)
        assert (said.code, Path(out).exists()) == (Exit.USAGE, False)
        assert (
            said.err == "failoverctl: there is no such job\n  failoverctl batch list shows those there are\n"
        )


def test_not_all_answered_is_no_success_and_says_how_to_ask_again(daemon, jobs, night):
    jobs.ended = {"counts": {"done": 3, "failed": 2}}

    said = ctl(daemon, "batch", "run", night)

    assert said.code == Exit.FAILED
    assert "2 items failed; to ask again: failoverctl batch resume j1 --failed retry\n" in said.out
    assert said.err.endswith("its results: failoverctl batch results j1 --out FILE\n")


# Results.


def test_the_same_results_file_again_says_what_to_do(daemon, jobs, night, out):
    jobs.settled = 3
    ctl(daemon, "batch", "run", night, "--out", out)
    before = len(daemon.asked)

    said = ctl(daemon, "batch", "run", night, "--out", out)

    assert said.code == Exit.USAGE
    assert f"to go on with it: failoverctl batch attach j1 --out {out}\n" in said.err
    assert len(daemon.asked) == before


def test_half_written_results_are_gone_on_with(daemon, jobs, out):
    jobs.items, jobs.settled = list(NIGHT), 3

    first = ctl(daemon, "batch", "results", "j1", "--out", out)
    jobs.settled = None
    second = ctl(daemon, "batch", "results", "j1", "--out", out)

    assert (first.code, first.out) == (Exit.FAILED, f"3 results in {out}\n")
    assert first.err == "the job is not over; the same command fetches the rest\n"
    assert (second.code, second.out) == (Exit.OK, f"5 results in {out}\n")
    assert ids(out) == [f"j1-{n}" for n in range(5)]


def test_results_may_go_to_a_program(daemon, jobs):
    jobs.items = list(NIGHT)

    said = ctl(daemon, "batch", "results", "j1", "--out", "-")

    assert [json.loads(line)["custom_id"] for line in said.out.splitlines()] == [f"c{n}" for n in range(5)]


@pytest.mark.parametrize("words", [("run", "f"), ("attach", "j1")])
def test_while_a_job_runs_results_are_not_mixed_with_its_report(daemon, words):
    said = ctl(daemon, "batch", *words, "--out", "-")

    assert (said.code, daemon.asked) == (Exit.USAGE, [])
    assert said.err.endswith("to print them: failoverctl batch results JOB --out -\n")


# Looks and acts.


def test_the_list_for_people_programs_and_shells(daemon):
    daemon.on("job.list", says({"jobs": [job_line(), job_line(job_id="j0", state="done")]}))

    assert ctl(daemon, "batch", "list", "--ids").out == "j1\nj0\n"
    assert len(json.loads(ctl(daemon, "batch", "list", "--json").out)["jobs"]) == 2
    assert ctl(daemon, "batch", "list").out.splitlines()[1].startswith("j1   running")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"counts": {"done": 1, "pending": 1}}, Exit.OK),
        ({"counts": {"failed": 1}}, Exit.FAILED),
        ({"counts": {"unknown": 1}}, Exit.FAILED),
        ({"state": "paused", "why": "the disk is full"}, Exit.FAILED),
    ],
)
def test_a_status_exits_as_it_stands(daemon, changed, code):
    daemon.on("job.status", says(job_status(**changed)))

    assert ctl(daemon, "batch", "status", "j1").code == code
    assert json.loads(ctl(daemon, "batch", "status", "j1", "--json").out)["job_id"] == "j1"


@pytest.mark.parametrize(
    ("words", "params", "says_"),
    [
        ("resume j1", {"job_id": "j1"}, "job j1 is running"),
        ("resume j1 --unknown hold", {"job_id": "j1", "unknown": "hold"}, "job j1 is running"),
        ("cancel j1", {"job_id": "j1"}, "job j1 is running"),
        ("purge j1", {"job_id": "j1"}, "job j1 is deleted, with all that was asked and answered"),
    ],
)  # fmt: skip
def test_each_act_is_one_method_and_one_sentence(daemon, words, params, says_):
    method = f"job.{words.split()[0]}"
    daemon.on(method, says(job_line()))

    said = ctl(daemon, "batch", *words.split())

    assert daemon.asked == [(method, params)]
    assert (said.code, said.out, said.err) == (Exit.OK, f"{says_}\n", "")


def test_who_has_items_asked_again_is_told_that_fetched_results_are_old(daemon):
    daemon.on("job.resume", says(job_line()))

    said = ctl(daemon, "batch", "resume", "j1", "--failed", "retry")

    assert daemon.asked == [("job.resume", {"job_id": "j1", "failed": "retry"})]
    assert said.err == (
        "results that were fetched before keep their old lines; fetch them anew with: "
        "failoverctl batch results j1 --out NEW\n"
    )


@pytest.mark.parametrize("act", ["status x", "list", "cancel x", "resume x", "results x --out -", "attach x"])
@pytest.mark.parametrize("result", [None, {}, [], "x", {"jobs": [{}], "results": 7}])
def test_an_answer_of_another_shape_is_told_and_no_traceback(daemon, act, result):
    for name in ("status", "list", "cancel", "resume", "results", "follow"):
        daemon.on(f"job.{name}", says(result))

    said = ctl(daemon, "batch", *act.split())

    assert said.code == Exit.FAILED
    assert said.err.startswith("failoverctl: the daemon's answer is not what this failoverctl expects\n")


def test_without_a_daemon_it_says_so_at_once(tmp_path, night):

    assert ctl(tmp_path / "none", "batch", "run", night).code == Exit.NOT_RUNNING
