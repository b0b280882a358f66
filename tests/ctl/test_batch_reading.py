"""What is read: lines of requests, lists and folders of images. What can't be sent is named."""

import json
import os
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.ctl.batch.images import IMAGE_BYTES_MAX, image_requests, kind_of, listed, natural, paths_in
from daemon.ctl.batch.pieces import PIECE_BYTES, PIECE_ITEMS_MAX, pieces, submit_text
from daemon.ctl.batch.reading import LINE_BYTES_MAX, Flaw, Request, requests
from daemon.ctl.complaint import Complaint

PLAIN = b'{"messages": [{"role": "user", "content": "hi"}]}'
LINE = b'{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": %s}' % PLAIN
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20
WEBP = b"RIFF\x20\0\0\0WEBPVP8 " + b"\0" * 20


# Lines.


def test_openais_lines_and_plain_ones_may_be_mixed():
    assert list(requests([LINE + b"\n", PLAIN + b"\n"])) == [Request(1, LINE), Request(2, PLAIN)]


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_say_nothing():
    lines = [b"\xef\xbb\xbf" + PLAIN + b"\r\n", b"\r\n", b"  \n", b"\t" + PLAIN]

    assert list(requests(lines)) == [Request(1, PLAIN), Request(4, PLAIN)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"messages": [', "not JSON, at column 15"),
        (b'{"messages": [NaN]}', "not JSON"),
        (b'{"messages": "\xff"}', "not UTF-8"),
        (b'"hello"', "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b'{"custom_id": "a", "body": "b"}', "its body is not an object"),
        (b'{"custom_id": "a"}', "it asks nothing: there is no messages or prompt or input in it"),
        (b'{"custom_id": "a", "error": "x"}', "it asks nothing: there is no messages or prompt or input in it"),
        (b'{"messages": ' + b"[" * 200_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_request_says_why(line, why):
    assert list(requests([PLAIN, line])) == [Request(1, PLAIN), Flaw(2, why)]


def test_a_flaw_is_told_as_editors_count():
    assert repr(Flaw(1204, "not JSON")) == "line 1,204: not JSON"


def test_after_a_line_that_never_ends_nothing_is_looked_at():
    found = list(requests([PLAIN, b"x" * LINE_BYTES_MAX, PLAIN]))

    assert found == [Request(1, PLAIN), Flaw(2, "longer than 32 MiB; is there one request a line?")]


@settings(max_examples=500)
@given(st.lists(st.binary(max_size=60) | st.sampled_from([LINE, PLAIN, b"", b" "])))
def test_every_line_is_a_request_a_flaw_or_blank_and_none_is_changed(lines):
    lines = [line.replace(b"\n", b"") for line in lines]

    found = list(requests(line + b"\n" for line in lines))

    assert [each.line for each in found] == sorted({each.line for each in found})
    for each in found:
        if isinstance(each, Request):
            assert each.text in lines[each.line - 1]
            assert isinstance(json.loads(each.text), dict)
    silent = set(range(1, len(lines) + 1)) - {each.line for each in found}
    assert all(not lines[number - 1].removeprefix(b"\xef\xbb\xbf").strip() for number in silent)


# Pieces.


@settings(max_examples=500)
@given(st.lists(st.integers(1, PIECE_BYTES * 2), max_size=40))
def test_pieces_hold_every_item_once_in_order_and_are_small_unless_one_item_is_not(sizes):
    items = [
        Request(at, b"x" * min(size, 2000) + b" " * max(0, size - 2000)) for at, size in enumerate(sizes)
    ]

    cut = list(pieces(items))

    assert [item for piece in cut for item in piece.requests] == items
    assert [piece.start for piece in cut] == [0, *(piece.end for piece in cut)][: len(cut)]
    for piece in cut:
        bytes_in = sum(len(item.text) for item in piece.requests)
        assert len(piece.requests) == 1 or bytes_in <= PIECE_BYTES


def test_many_small_items_are_cut_too_so_that_no_commit_is_long():
    assert [len(piece.requests) for piece in pieces([Request(1, b"{}")] * 2500)] == [
        PIECE_ITEMS_MAX,
        PIECE_ITEMS_MAX,
        500,
    ]


def test_a_piece_is_sent_as_it_was_read_to_the_last_digit():
    text = b'{"messages": [], "seed": 1.10000000000000000000001e5}'
    said = submit_text("j1", next(pieces([Request(1, text), Request(2, PLAIN)])))

    assert text in said
    assert json.loads(said) == {
        "job_id": "j1",
        "from": 0,
        "more": True,
        "items": [json.loads(text), json.loads(PLAIN)],
    }


# Images.


@pytest.mark.parametrize(("head", "kind"), [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")])
def test_an_image_is_known_by_its_content_and_sent_byte_by_byte(tmp_path, head, kind):
    path = tmp_path / "lies.txt"
    path.write_bytes(head)

    (one,) = image_requests([str(path)], "What is it?", "llava")

    item = json.loads(one.text)
    assert (item["custom_id"], item["url"], item["body"]["model"]) == (str(path), "/v1/chat/completions", "llava")  # fmt: skip
    question, picture = item["body"]["messages"][0]["content"]
    assert question == {"type": "text", "text": "What is it?"}
    announced, _, data = picture["image_url"]["url"].partition(",")
    assert (announced, b64decode(data)) == (f"data:{kind};base64", head)


def test_an_image_whose_model_nobody_named_goes_to_the_pool(tmp_path):
    (tmp_path / "a").write_bytes(PNG)

    (one,) = image_requests([str(tmp_path / "a")], "?", "")

    assert "model" not in json.loads(one.text)["body"]


def _failing(path: Path) -> str:
    (one,) = image_requests([str(path)], "?", "")
    item = json.loads(one.text)
    assert set(item) == {"custom_id", "error"}
    return str(item["error"])


def test_a_file_that_can_not_be_sent_is_an_item_that_says_why(tmp_path):
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").touch()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "large.png").write_bytes(PNG)
    os.truncate(tmp_path / "large.png", IMAGE_BYTES_MAX + 1)

    assert _failing(tmp_path / "text.png") == "it is no PNG, JPEG or WebP"
    assert _failing(tmp_path / "empty.png") == "it is empty"
    assert _failing(tmp_path / "pipe.png") == "it is no file"
    assert _failing(tmp_path) == "it can't be read: Is a directory"
    assert _failing(tmp_path / "large.png") == "it is larger than 20 MiB"
    assert _failing(tmp_path / "none.png") == "it can't be read: No such file or directory"
    assert _failing(tmp_path / "a\0b") == "its path holds a null byte"


def test_a_name_in_no_encoding_still_makes_an_item(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    Path(path).write_bytes(PNG)

    (one,) = image_requests([path], "?", "")

    assert json.loads(one.text)["custom_id"].endswith("/caf\\xe9.png")


def test_of_a_path_too_long_for_a_name_the_end_is_kept(tmp_path):
    path = f"{tmp_path}{'/.' * 400}/a.png"
    Path(path).write_bytes(PNG)

    (one,) = image_requests([path], "?", "")

    assert json.loads(one.text)["custom_id"] == path[-512:]


def test_a_folder_is_read_in_the_order_in_which_people_count(tmp_path):
    for name in ("img10.png", "img2.png", "Img1.png", "a", ".hidden", "007", "7"):
        (tmp_path / name).write_bytes(PNG)
    (tmp_path / "folder").mkdir()

    assert [Path(path).name for path in paths_in(str(tmp_path))] == ["007", "7", "a", "Img1.png", "img2.png", "img10.png"]  # fmt: skip


def test_a_list_names_paths_as_they_are(tmp_path):
    (tmp_path / "list").write_bytes(b"a b.png\r\n\n/x/y.jpg\ncaf\xe9.png")

    assert list(paths_in(str(tmp_path / "list"))) == ["a b.png", "/x/y.jpg", os.fsdecode(b"caf\xe9.png")]
    assert list(listed([b"\n"])) == []


def test_an_image_itself_is_a_list_of_one(tmp_path):
    (tmp_path / "one").write_bytes(PNG)

    assert list(paths_in(str(tmp_path / "one"))) == [str(tmp_path / "one")]


def test_a_place_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Complaint, match="No such file or directory"):
        list(paths_in(str(tmp_path / "none")))


@pytest.mark.parametrize("head", [b"", b"RIFF\x20\0\0\0WAVE", b"GIF89a", b"\x89PNG", b"<svg"])
def test_what_models_can_not_see_is_no_image(head):
    assert kind_of(head) == ""


@settings(max_examples=500)
@given(st.lists(st.text(alphabet="aB10.\u0663é", max_size=8), unique=True))
def test_two_names_never_tie(names):
    assert len({natural(name) for name in names}) == len(names)


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_numbers_in_names_are_compared_as_numbers(one, other):
    assert (natural(f"img{one}.png") < natural(f"img{other}.png")) == (one < other)
