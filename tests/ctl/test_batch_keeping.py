"""RESULTS: it grows by whole lines, survives every interruption, and is never written over."""

import errno
import json
import os
import resource
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.ctl.batch.keeping import Kept, check_free, lines_of
from daemon.ctl.complaint import Complaint

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)

ONE, TWO, THREE = ({"id": f"j1-{n}", "text": "é\u2028"} for n in range(3))


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "results.jsonl")


def read(path):
    return [json.loads(line) for line in Path(path).read_bytes().split(b"\n")[:-1]]


def test_it_grows_line_by_line_until_it_is_complete(path):
    with Kept(path, "j1") as kept:
        kept.add([ONE])
        kept.add([TWO, THREE])
        assert Path(f"{path}.job").exists()
        kept.complete()

    assert read(path) == [ONE, TWO, THREE]
    assert not Path(f"{path}.job").exists()


def test_whoever_comes_back_goes_on_behind_the_last_whole_line(path):
    with Kept(path, "j1") as kept:
        kept.add([ONE, TWO])
    with Path(path).open("ab") as file:
        file.write(b'{"id": "j1-2", "te')

    with Kept(path, "j1") as kept:
        assert kept.count == 2
        kept.add([THREE])

    assert read(path) == [ONE, TWO, THREE]


def test_half_a_line_is_cut_off_and_nothing_else(path):
    with Kept(path, "j1") as kept:
        kept.add([ONE])
    with Path(path).open("ab") as file:
        file.write(b'{"id": "j1-1", "te')

    with Kept(path, "j1"):
        assert Path(path).read_bytes() == lines_of([ONE])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_wherever_a_write_is_cut_no_line_is_lost_or_doubled(tmp_path_factory, data):
    path = str(tmp_path_factory.mktemp("k") / "r")
    whole = [{"n": n, "text": data.draw(st.text(max_size=5))} for n in range(data.draw(st.integers(1, 6)))]
    text = lines_of(whole)
    cut = data.draw(st.integers(0, len(text)))
    with Kept(path, "j1"):
        pass
    Path(path).write_bytes(text[:cut])

    with Kept(path, "j1") as kept:
        kept.add(whole[kept.count :])
        kept.complete()

    assert read(path) == whole


def test_the_same_results_file_for_another_job_says_what_to_do(path):
    with Kept(path, "j1") as kept:
        kept.add([ONE])

    with pytest.raises(Complaint, match="belongs to job j1, and is not complete yet") as refused:
        check_free(path)
    assert refused.value.hints[0] == (f"to go on with it: failoverctl batch attach j1 --out {path}")
    with pytest.raises(Complaint, match="belongs to job j1"):
        Kept(path, "j2")


def test_what_is_complete_is_never_written_over(path):
    with Kept(path, "j1") as kept:
        kept.add([ONE])
        kept.complete()

    with pytest.raises(Complaint, match="holds something already"):
        check_free(path)
    with pytest.raises(Complaint, match="holds something already"):
        Kept(path, "j1")
    assert read(path) == [ONE]


def test_an_empty_file_may_be_used(path):
    Path(path).touch()

    check_free(path)


def test_only_one_may_write(path):
    with Kept(path, "j1"), pytest.raises(Complaint, match="another failoverctl is writing"):
        Kept(path, "j1")


def test_a_job_that_is_taken_back_leaves_no_file(path, tmp_path):
    with Kept(path, "j1") as kept:
        kept.forget()

    assert list(tmp_path.iterdir()) == []


def test_a_place_that_can_not_be_written_is_told_and_nothing_is_lost(tmp_path):
    with pytest.raises(Complaint, match="No such file or directory") as refused:
        Kept(str(tmp_path / "none" / "r"), "j1")
    assert refused.value.hints[0].startswith("nothing is lost: the daemon keeps the results")


def test_a_full_disk_leaves_whole_lines(path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Kept(path, "j1") as kept:
        kept.add([ONE])
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(lines_of([ONE])) + 10, before[1]))
        try:
            with pytest.raises(Complaint, match=os.strerror(errno.EFBIG)):
                kept.add([TWO, THREE])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert Path(path).read_bytes() == lines_of([ONE])
        kept.add([TWO])

    assert read(path) == [ONE, TWO]


@settings(max_examples=300)
@given(st.lists(JSON))
def test_a_line_is_json_whatever_is_in_it(results):
    lines = lines_of(results).decode().split("\n")

    assert [json.loads(line) for line in lines[:-1]] == results
    assert lines[-1] == ""
