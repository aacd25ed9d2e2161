"""What msgpack-python's `Unpacker` is used for: to find where messages end, and to get to one leaf."""

from collections.abc import Callable, Iterator
from typing import IO, Any

from serschema.model import Field, Kind, List, Path, Record, Union

from sercodecs.contract import DecodeError

TIMESTAMP_AS_DATETIME = 3
_AT_ONCE = 1 << 16


def messages(file: IO[bytes]) -> Iterator[bytes]:
    """The octets of one message after the other."""
    import msgpack

    unpacker = msgpack.Unpacker(max_buffer_size=0)
    held, past = bytearray(), 0
    while chunk := file.read(_AT_ONCE):
        unpacker.feed(chunk)
        held += chunk
        start = 0
        while True:
            try:
                unpacker.skip()
            except msgpack.OutOfData:
                break
            end = unpacker.tell() - past
            yield bytes(held[start:end])
            start = end
        del held[:start]
        past += start
    if held:
        raise DecodeError(f"{len(held)} octets of a message, which is cut off")


def skipping(path: Path, kinds: list[Kind], positional: bool) -> Callable[[bytes], Any]:
    """A reader of one leaf, which the library gets to by skipping what is before it."""
    import msgpack

    stages = [_step_into(kind, step, positional) for kind, step in zip(kinds, path)]

    def read(data: bytes) -> Any:
        size = len(data) or 1  # 0 is no bound
        unpacker = msgpack.Unpacker(timestamp=TIMESTAMP_AS_DATETIME, strict_map_key=False, max_buffer_size=size)
        unpacker.feed(data)
        for step_into in stages:
            step_into(unpacker)
        return unpacker.unpack()

    return read


def _step_into(kind: Kind, step: str | int, positional: bool) -> Callable[[Any], None]:
    """What moves an unpacker from the beginning of a value to that of a part of it."""
    keys = [member.key for member in _members(kind)]

    def item(unpacker: Any) -> None:
        position = keys.index(str(step)) if keys else int(step)
        if unpacker.read_array_header() <= position:
            raise IndexError(step)
        for _ in range(position):
            unpacker.skip()

    def alternative(unpacker: Any) -> None:
        if unpacker.read_array_header() != 2 or unpacker.unpack() != keys.index(str(step)):
            raise KeyError(step)

    def value(unpacker: Any) -> None:
        for _ in range(unpacker.read_map_header()):
            if unpacker.unpack() == step:
                return
            unpacker.skip()
        raise KeyError(step)

    match kind:
        case List():
            return item
        case Record() if positional:
            return item
        case Union() if positional:
            return alternative
        case _:
            return value


def _members(kind: Kind) -> tuple[Field, ...]:
    match kind:
        case Record(fields=members) | Union(alternatives=members):
            return members
        case _:
            return ()
