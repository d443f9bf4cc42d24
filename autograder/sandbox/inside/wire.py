"""The wire between grader and worker: a length, a JSON header, then raw buffers. No pickle, either way.

A message is a u32 (little-endian) header length, the header, and the buffers of the arrays that the header's
``"arrays"`` announces, in C order or, where it says so, in Fortran's. Both ends use this file; a receiver
trusts nothing that has not been checked here.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import socket
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import numpy as np

MAX_HEADER_BYTES = 64 * 1024
MAX_REPLY_BYTES = 8 * 1024 * 1024
MAX_DIMENSIONS = 8
MAX_ARRAYS = 512
_MAX_SIZE = 2**31 - 1
_AT_ONCE_BYTES = 64 * 1024
"""A message up to this size is sent by one system call, since each call wakes the other end."""
_Given = TypeVar("_Given")
_Read = TypeVar("_Read")
_LENGTH = struct.Struct("<I")
_JSON = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_DTYPES = {"<f8": np.dtype("<f8"), "<i8": np.dtype("<i8"), "|b1": np.dtype("?")}


class WireError(Exception):
    """What arrived is not a message: too long, incomplete, or not in the agreed form."""


class WireClosed(WireError):
    """The other end is gone."""


class WireTimeout(WireError):
    """The deadline passed before the whole message was sent or received."""


Header = dict[str, Any]
Message = tuple[Header, list[np.ndarray]]
Deadline = Callable[[], float]
"""Returns the seconds that may be waited before it is called again; 0 or less once time is up."""


def within(seconds: float) -> Deadline:
    """The deadline so many seconds from now."""
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()


def send(
    channel: socket.socket,
    header: Header,
    arrays: Sequence[np.ndarray] = (),
    deadline: Deadline | None = None,
) -> None:
    """Send one message.

    Args:
        channel: a connected stream socket.
        header: what JSON can write; ``"arrays"`` is added here.
        arrays: float64, int64 or bool arrays.
        deadline: when to give up; None waits for ever.

    Raises:
        WireError: the header or an array is not of the agreed form; nothing was sent.
        WireClosed: the other end is gone.
        WireTimeout: the other end did not read in time.
    """
    announced, buffers = [], []
    for array in arrays:
        is_fortran = np.ndim(array) > 1 and array.flags.f_contiguous and not array.flags.c_contiguous
        contiguous = array if is_fortran else np.ascontiguousarray(array).reshape(np.shape(array))
        layout = {"dtype": _dtype_name(contiguous.dtype), "shape": list(contiguous.shape)}
        announced.append({**layout, "order": "F"} if is_fortran else layout)
        if contiguous.size:
            buffers.append(contiguous.ravel(order="K").data.cast("B"))
    text = _JSON.encode({**header, "arrays": announced}).encode()
    if len(text) > MAX_HEADER_BYTES:
        raise WireError(f"the header has {len(text)} bytes, but {MAX_HEADER_BYTES} are the limit.")
    pieces = [memoryview(_LENGTH.pack(len(text)) + text), *buffers]
    if sum(map(len, pieces)) <= _AT_ONCE_BYTES:
        pieces = [memoryview(b"".join(pieces))]
    for piece in pieces:
        _send_all(channel, piece, deadline)


def receive(
    channel: socket.socket, *, limit_bytes: int | None = MAX_REPLY_BYTES, deadline: Deadline | None = None
) -> Message:
    """Receive one message, checking every number before anything is allocated for it.

    Args:
        channel: a connected stream socket.
        limit_bytes: the most that the arrays together may take; None for no limit.
        deadline: when to give up; None waits for ever.

    Returns:
        The header, and the arrays it announced.

    Raises:
        WireError: the message is not of the agreed form.
        WireClosed: the other end is gone.
        WireTimeout: the message was not complete in time.
    """
    incoming = _Incoming(channel, deadline)
    (length,) = _LENGTH.unpack(incoming.take(_LENGTH.size))
    if not 2 <= length <= MAX_HEADER_BYTES:
        raise WireError(f"a header of {length} bytes was announced, but {MAX_HEADER_BYTES} are the limit.")
    header = _read_header(incoming.take(length))
    announced = header.get("arrays")
    if not isinstance(announced, list) or len(announced) > MAX_ARRAYS:
        raise WireError("the header does not announce its arrays.")
    layouts = [_read_layout(entry) for entry in announced]
    total = sum(dtype.itemsize * math.prod(shape) for dtype, shape, _ in layouts)
    if limit_bytes is not None and total > limit_bytes:
        raise WireError(f"arrays of {total} bytes were announced, but {limit_bytes} are the limit.")
    arrays: list[np.ndarray] = [np.empty(shape, dtype, order) for dtype, shape, order in layouts]
    for array in arrays:
        if array.size:
            incoming.fill(array.ravel(order="K").data.cast("B"))
    if incoming.holds_more:
        raise WireError("more than one message was sent at a time.")
    # numpy takes only the bytes 0 and 1 for booleans, and any byte may have come.
    return header, [array.view(np.uint8) != 0 if array.dtype == np.bool_ else array for array in arrays]


def encode(value: object, arrays: list[np.ndarray]) -> Header:
    """Describe an argument for the header, and add its arrays to ``arrays``.

    Args:
        value: a number, an array, or a dataclass of arrays, sent as a record with its class's full name.
        arrays: extended by the arrays found.

    Raises:
        WireError: the wire does not carry values of this type.
    """
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return {"number": value}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        entries = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {
            "record": f"{type(value).__module__}:{type(value).__qualname__}",
            "fields": {name: encode(entry, arrays) for name, entry in entries.items()},
        }
    array = np.asarray(value)
    _dtype_name(array.dtype)
    arrays.append(array)
    return {"array": len(arrays) - 1}


def decode(description: object, arrays: Sequence[np.ndarray], *, imports_records: bool = False) -> object:
    """Rebuild a value that `encode` described.

    Args:
        description: the header's entry.
        arrays: the message's arrays.
        imports_records: whether records are built, whose classes are then imported by their names: only where
            the grader itself wrote the description.

    Raises:
        WireError: the description is not one that `encode` writes.
    """
    if isinstance(description, dict):
        if "number" in description and isinstance(description["number"], bool | int | float):
            return description["number"]
        index = description.get("array")
        if type(index) is int and 0 <= index < len(arrays):
            return arrays[index]
        if imports_records and "record" in description:
            module, _, name = description["record"].partition(":")
            record = getattr(importlib.import_module(module), name)
            fields = description["fields"].items()
            return record(**{key: decode(entry, arrays, imports_records=True) for key, entry in fields})
    raise WireError("a value is not described as a number, an array or a record that may be built.")


def _dtype_name(dtype: np.dtype) -> str:
    for name, known in _DTYPES.items():
        if dtype == known:
            return name
    raise WireError(f"an array of dtype {dtype} does not go over the wire: float64, int64 and bool do.")


def _read_header(text: memoryview) -> Header:
    try:
        header = json.loads(str(text, "utf-8"))
    except (ValueError, RecursionError):
        raise WireError("the header is not JSON.") from None
    if not isinstance(header, dict):
        raise WireError("the header is not a JSON object.")
    return header


def _read_layout(entry: object) -> tuple[np.dtype, tuple[int, ...], Literal["C", "F"]]:
    if not isinstance(entry, dict):
        raise WireError("an array is announced without dtype and shape.")
    dtype, shape = _DTYPES.get(str(entry.get("dtype"))), entry.get("shape")
    if dtype is None or not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise WireError("an array is announced with an unknown dtype or more than 8 dimensions.")
    if not all(type(size) is int and 0 <= size <= _MAX_SIZE for size in shape):
        raise WireError("an array is announced with an impossible size.")
    if 0 in shape and math.prod(size for size in shape if size) > _MAX_SIZE:
        raise WireError("an array is announced with an impossible size.")
    return dtype, tuple(shape), "F" if entry.get("order") == "F" else "C"


def _send_all(channel: socket.socket, piece: memoryview, deadline: Deadline | None) -> None:
    while piece:
        piece = piece[_before(deadline, channel, channel.send, piece) :]


class _Incoming:
    """The bytes of one message, of which a short one takes one system call."""

    def __init__(self, channel: socket.socket, deadline: Deadline | None) -> None:
        self._channel = channel
        self._deadline = deadline
        self._read = memoryview(b"")

    @property
    def holds_more(self) -> bool:
        """Whether more bytes were read than were taken."""
        return len(self._read) > 0

    def take(self, length: int) -> memoryview:
        """Take the next bytes."""
        if len(self._read) < length:
            text = bytearray(self._read)
            while len(text) < length:
                text += self._next(self._channel.recv, _AT_ONCE_BYTES)
            self._read = memoryview(text)
        taken, self._read = self._read[:length], self._read[length:]
        return taken

    def fill(self, piece: memoryview) -> None:
        """Fill a piece of memory with the next bytes; a large one is received where it belongs."""
        if len(piece) <= _AT_ONCE_BYTES:
            piece[:] = self.take(len(piece))
            return
        held = self.take(min(len(self._read), len(piece)))
        piece[: len(held)] = held
        piece = piece[len(held) :]
        while piece:
            piece = piece[self._next(self._channel.recv_into, piece) :]

    def _next(self, read: Callable[[_Given], _Read], given: _Given) -> _Read:
        found = _before(self._deadline, self._channel, read, given)
        if not found:
            raise WireClosed("the other end closed the connection.")
        return found


def _before(
    deadline: Deadline | None, channel: socket.socket, transfer: Callable[[_Given], _Read], given: _Given
) -> _Read:
    """Send or receive a piece as soon as that is possible, before the deadline."""
    while True:
        if deadline is not None:
            left = deadline()
            if left <= 0:
                raise WireTimeout("the deadline passed.")
            channel.settimeout(left)
        try:
            return transfer(given)
        except TimeoutError:
            continue
        except OSError as error:
            raise WireClosed(f"the connection broke: {error}.") from None
