"""Packed files of JSON lines: gzip by the standard library, Zstandard by `zstandard` where it is installed."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING, Any, cast

from freshbits.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

PACKED = (".gz", ".zst")


def unpacked_name(name: str) -> str:
    """Returns a file's name without the ending that says how it is packed.

    >>> unpacked_name("rollouts.jsonl.zst")
    'rollouts.jsonl'
    """
    return next((name[: -len(ending)] for ending in PACKED if name.endswith(ending)), name)


def opened(file: Path) -> io.BufferedReader:
    """Opens a file for reading bytes, unpacked on the way; what cannot be unpacked is an `EOFError` as it is met.

    Raises:
        InputError: if it is packed by Zstandard and nothing here unpacks that.
    """
    if file.suffix.lower() == ".gz":
        return cast("io.BufferedReader", gzip.open(file, "rb"))
    if file.suffix.lower() != ".zst":
        return file.open("rb")
    try:
        import zstandard
    except ImportError:
        raise InputError(
            "is packed by Zstandard, which is not installed", file=file,
            mend="pip install zstandard, or unpack it first: zstd -d FILE",
        ) from None  # fmt: skip
    inner = zstandard.ZstdDecompressor().stream_reader(file.open("rb"), read_across_frames=True, closefd=True)
    return io.BufferedReader(_Unpacked(inner, zstandard.ZstdError))


class _Unpacked(io.RawIOBase):
    """A stream of Zstandard that raises what gzip does where it is broken."""

    def __init__(self, inner: Any, error: type[Exception]) -> None:
        self._inner, self._error = inner, error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return int(self._inner.readinto(buffer))
        except self._error as error:
            raise EOFError(str(error)) from None

    def close(self) -> None:
        self._inner.close()
        super().close()
