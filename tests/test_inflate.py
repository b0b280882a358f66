import gzip
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.net.faults import ExchangeFailed, Fault
from actors.net.inflate import FREE_BYTES, STEP_BYTES, Inflater
from tests.fakeserver.answers import bomb


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def inflated(coding: bytes, *pieces: bytes) -> bytes:
    inflater = Inflater(coding)
    out = b""
    for piece in pieces:
        inflater.feed(piece)
        while step := inflater.step():
            assert len(step) <= STEP_BYTES
            out += step
    inflater.finish()
    return out


PACKERS = [
    (b"gzip", gzip.compress),
    (b"x-gzip", gzip.compress),
    (b"deflate", zlib.compress),
    (b"deflate", raw_deflate),
]


@pytest.mark.parametrize(("coding", "pack"), PACKERS)
@settings(max_examples=300, deadline=None)
@given(
    data=st.binary(max_size=2000) | st.integers(0, 3 * STEP_BYTES).map(bytes),
    cuts=st.lists(st.integers(0, 3000)),
)
def test_what_was_packed_comes_out_wherever_it_was_cut(coding, pack, data, cuts):
    packed = pack(data)
    edges = [0, *sorted(cut % (len(packed) + 1) for cut in cuts), len(packed)]
    assert inflated(coding, *[packed[a:b] for a, b in pairwise(edges)]) == data


def test_each_part_of_a_flushed_stream_is_there_at_once():
    packer = zlib.compressobj(wbits=31)
    inflater = Inflater(b"gzip")
    for word in (b"data: a\n\n", b"data: b\n\n"):
        inflater.feed(packer.compress(word) + packer.flush(zlib.Z_SYNC_FLUSH))
        assert inflater.step() == word
        assert inflater.step() == b""


def test_members_in_a_row_are_one_body_and_padding_is_none():
    packed = gzip.compress(b"a") + gzip.compress(b"") + gzip.compress(b"b")
    assert inflated(b"gzip", packed) == b"ab"
    assert inflated(b"gzip", packed + bytes(100)) == b"ab"


def test_an_empty_body_may_claim_to_be_compressed():
    assert inflated(b"gzip") == b""


@pytest.mark.parametrize(("coding", "pack"), PACKERS)
def test_a_body_that_is_cut_is_not_taken_for_whole(coding, pack):
    packed = pack(b"hello" * 100)
    with pytest.raises(ExchangeFailed) as raised:
        inflated(coding, packed[:-3])
    assert raised.value.fault == Fault.TRUNCATED
    with pytest.raises(ExchangeFailed):
        inflated(coding, packed[:1])


@pytest.mark.parametrize("coding", [b"gzip", b"deflate"])
def test_what_is_not_compressed_is_refused(coding):
    with pytest.raises(ExchangeFailed) as raised:
        inflated(coding, b'{"not": "compressed"}' * 10)
    assert raised.value.fault in (Fault.BAD_ENCODING, Fault.TRUNCATED)


@pytest.mark.parametrize("coding", [b"br", b"zstd", b"gzip, gzip", b"compress", b"*"])
def test_an_encoding_that_was_not_offered_is_refused(coding):
    with pytest.raises(ExchangeFailed) as raised:
        Inflater(coding)
    assert raised.value.fault == Fault.BAD_ENCODING


def test_a_bomb_is_defused_after_a_few_steps():
    inflater = Inflater(b"gzip")
    inflater.feed(bomb(8)[:2000])
    given = 0
    with pytest.raises(ExchangeFailed) as raised:
        while step := inflater.step():
            given += len(step)
    assert raised.value.fault == Fault.BOMB
    assert given <= FREE_BYTES


def test_a_small_body_may_have_any_ratio():
    assert inflated(b"gzip", gzip.compress(bytes(FREE_BYTES))) == bytes(FREE_BYTES)
