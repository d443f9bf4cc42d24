"""The wire: what goes in comes out, and whatever is no message is refused before anything is allocated."""

from __future__ import annotations

import json
import socket
import struct
import threading
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from autograder.sandbox.inside import wire


@pytest.fixture
def pair():
    one, two = socket.socketpair()
    with one, two:
        yield one, two


def raw(header: object, payload: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + payload


@dataclass(frozen=True)
class Record:
    first: np.ndarray
    second: float


ARRAYS = st.one_of(
    arrays_of.arrays(np.float64, arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0)),
    arrays_of.arrays(np.int64, arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0)),
    arrays_of.arrays(np.bool_, arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0)),
)


@settings(deadline=None, max_examples=100)
@given(sent=st.lists(ARRAYS, max_size=4))
def test_arrays_arrive_bit_for_bit(sent):
    one, two = socket.socketpair()
    with one, two:
        wire.send(one, {"id": 1}, sent)
        header, received = wire.receive(two, deadline=wire.within(5))
    assert header["id"] == 1
    for before, after in zip(sent, received, strict=True):
        assert before.dtype == after.dtype
        assert before.shape == after.shape
        assert before.tobytes() == after.tobytes()


@settings(deadline=None, max_examples=50)
@given(sent=ARRAYS)
def test_an_array_in_fortrans_order_arrives_in_it(sent):
    sent = np.asfortranarray(sent)
    one, two = socket.socketpair()
    with one, two:
        wire.send(one, {"id": 1}, [sent])
        _, (received,) = wire.receive(two, deadline=wire.within(5))
    assert received.flags.f_contiguous
    assert received.shape == sent.shape
    assert received.tobytes() == sent.tobytes()


def test_a_strided_array_arrives_in_order(pair):
    array = np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1)
    wire.send(pair[0], {}, [array])
    assert np.array_equal(wire.receive(pair[1])[1][0], array)


@pytest.mark.parametrize("size", [1, 100, 8_000, 8_192, 20_000])
def test_small_and_large_arrays_arrive_together(pair, size):
    sent = [np.arange(3.0), np.arange(float(size)), np.arange(5.0)]
    sender = threading.Thread(target=wire.send, args=(pair[0], {}, sent))
    sender.start()
    received = wire.receive(pair[1], deadline=wire.within(5))[1]
    sender.join()
    for before, after in zip(sent, received, strict=True):
        assert np.array_equal(before, after)


def test_more_than_one_message_at_a_time_is_refused(pair):
    pair[0].sendall(raw({"id": 1, "arrays": []}) + raw({"id": 2, "arrays": []}))
    with pytest.raises(wire.WireError, match="more than one message was sent at a time"):
        wire.receive(pair[1])


def test_a_record_from_a_worker_is_not_built():
    """Its class would be imported by a name that student code has written."""
    description = {"record": "os:system", "fields": {"command": {"number": 1}}}
    with pytest.raises(wire.WireError, match="a record that may be built"):
        wire.decode(description, [])


def test_values_are_rebuilt_as_they_were():
    arrays = []
    value = wire.encode(Record(np.arange(3.0), 0.5), arrays)
    rebuilt = wire.decode(json.loads(json.dumps(value)), arrays, imports_records=True)
    assert np.array_equal(rebuilt.first, np.arange(3.0))
    assert rebuilt.second == 0.5


@pytest.mark.parametrize("number", [0.1, 1, True, -3.5e-300])
def test_numbers_keep_their_value_and_type(number):
    rebuilt = wire.decode(json.loads(json.dumps(wire.encode(number, []))), [])
    assert rebuilt == number
    assert type(rebuilt) is type(number)


def test_an_object_array_is_not_sent():
    with pytest.raises(wire.WireError, match="dtype object"):
        wire.encode(np.array([object()]), [])


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (struct.pack("<I", 2**31) + b"{}", "header of"),
        (struct.pack("<I", 1) + b"{", "header of"),
        (struct.pack("<I", 4) + b"\xff\xfe{}", "not JSON"),
        (raw([1, 2]), "not a JSON object"),
        (raw({}), "does not announce"),
        (raw({"arrays": [{}] * (wire.MAX_ARRAYS + 1)}), "does not announce"),
        (raw({"arrays": [7]}), "without dtype"),
        (raw({"arrays": [{"dtype": "|O8", "shape": [1]}]}), "unknown dtype"),
        (raw({"arrays": [{"dtype": "<f8", "shape": [1] * 9}]}), "more than 8"),
        (raw({"arrays": [{"dtype": "<f8", "shape": [-1]}]}), "impossible size"),
        (raw({"arrays": [{"dtype": "<f8", "shape": [True]}]}), "impossible size"),
        (raw({"arrays": [{"dtype": "<f8", "shape": [0, 2**31 - 1, 2**31 - 1]}]}), "impossible size"),
        (raw({"arrays": [{"dtype": "<f8", "shape": [2**20, 2]}]}), "limit"),
        (raw({"arrays": [{"dtype": "<f8", "shape": [2**30]}]}), "limit"),
        (struct.pack("<I", 60000) + b"[" * 60000, "not JSON"),
    ],
)
def test_what_is_no_message_is_refused(pair, message, why):
    pair[0].sendall(message)
    with pytest.raises(wire.WireError, match=why):
        wire.receive(pair[1], deadline=wire.within(5))


def test_a_torn_message_is_noticed(pair):
    pair[0].sendall(raw({"arrays": [{"dtype": "<f8", "shape": [4]}]}, b"1234"))
    pair[0].close()
    with pytest.raises(wire.WireClosed):
        wire.receive(pair[1], deadline=wire.within(5))


def test_an_endless_message_ends_at_the_deadline(pair):
    stop = threading.Event()

    def drip() -> None:
        pair[0].sendall(raw({"arrays": [{"dtype": "<f8", "shape": [1000]}]}))
        while not stop.wait(0.02):
            pair[0].sendall(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        with pytest.raises(wire.WireTimeout):
            wire.receive(pair[1], deadline=wire.within(0.2))
    finally:
        stop.set()
        thread.join()


def test_a_reader_that_does_not_read_is_left_at_the_deadline(pair):
    with pytest.raises(wire.WireTimeout):
        wire.send(pair[0], {}, [np.zeros(10**6)], deadline=wire.within(0.2))


def test_bytes_that_are_no_booleans_become_booleans(pair):
    pair[0].sendall(raw({"arrays": [{"dtype": "|b1", "shape": [3]}]}, b"\x00\x01\x77"))
    (array,) = wire.receive(pair[1])[1]
    assert array.view(np.uint8).tolist() == [0, 1, 1]


@settings(deadline=None, max_examples=150)
@given(noise=st.binary(max_size=200))
def test_noise_never_raises_anything_but_a_wire_error(noise):
    one, two = socket.socketpair()
    with two:
        with one:
            one.sendall(noise)
        with pytest.raises(wire.WireError):
            wire.receive(two, deadline=wire.within(5))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
LAYOUTS = st.lists(
    st.fixed_dictionaries(
        {"dtype": st.sampled_from(["<f8", "<i8", "|b1", "|O", ">f8", "U4", ""]) | JSON},
        optional={"shape": st.lists(st.integers(-2, 2**40), max_size=10) | JSON},
    )
    | JSON,
    max_size=4,
)


@settings(deadline=None, max_examples=300)
@given(header=st.dictionaries(st.sampled_from(["id", "done", "fault", "borrow"]), JSON), layouts=LAYOUTS)
def test_hostile_headers_end_in_a_wire_error_or_in_small_plain_arrays(header, layouts):
    one, two = socket.socketpair()
    with one, two:
        one.sendall(raw({**header, "arrays": layouts}, bytes(256)))
        one.shutdown(socket.SHUT_WR)
        try:
            _, arrays = wire.receive(two, deadline=wire.within(5))
        except wire.WireError:
            return
    assert sum(array.nbytes for array in arrays) <= 256
    assert all(type(array) is np.ndarray and array.dtype.kind in "fib" for array in arrays)
