"""The journal of an unfinished run: verdicts as they come, beside the file that is to be written.

A line is a batch, written at once and made durable before the next one; what a crash leaves of a line is dropped
when the journal is opened again. So a verdict is either there whole or not there, at any moment.
"""

from __future__ import annotations

import contextlib
import json
import os
from secrets import token_hex
from typing import IO, TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.signals.signal import Verdict
from freshbits.signals.spending import Usage
from freshbits.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from freshbits.signals.signal import Signal

LAYOUT = 1
SECRET = "secret"


class Journal:
    """Keeps the verdicts of one command; another command is refused, and so is the same one twice at a time.

    Args:
        path: the journal's file; made if it is not there.
        signals: the signals of the command: names and keys must be those that the journal was begun with.
        resume: whether a journal that is there is continued, else it is thrown away.

    Attributes:
        secret: 32 hex digits, drawn when the journal was begun: what a completion cannot know.

    Raises:
        InputError: the journal belongs to other options, or another process writes it now.
    """

    def __init__(self, path: Path, signals: Sequence[Signal], *, resume: bool = True) -> None:
        self.path = path
        self.signals = signals
        self.secret = token_hex(16)
        head = {"journal": LAYOUT, "freshbits": __version__, "signals": [[s.name, s.key] for s in signals]}
        try:
            self._file: IO[bytes] = path.open("a+b")
        except OSError as error:
            raise InputError(
                f"cannot write here ({error.strerror})", file=path.parent, mend="choose another place"
            ) from None
        _lock(self._file, path)
        try:
            if not resume:
                self._file.truncate(0)
            self._read(head)
        except BaseException:
            self._file.close()
            raise

    def verdicts(self) -> Iterator[tuple[int, list[bytes], list[Verdict]]]:
        """Yields the batches of the journal: number of the signal, keys, verdicts."""
        self._file.seek(self._first)
        while self._file.tell() < self._end:
            line = json.loads(self._file.readline())
            count = len(line["keys"])
            parts, used = (line.get(name) or [()] * count for name in ("parts", "usage"))
            verdicts = [
                Verdict(score, why, tuple(part), Usage(*use))
                for score, why, part, use in zip(line["scores"], line["evidence"], parts, used, strict=True)
            ]
            yield line["signal"], [bytes.fromhex(key) for key in line["keys"]], verdicts

    def add(self, number: int, keys: Sequence[bytes], verdicts: Sequence[Verdict]) -> None:
        """Writes a batch of signal `number`; it is durable when this returns.

        What is unscored for a reason that may pass is left out: a run that goes on asks again.
        """
        kept = [(key, verdict) for key, verdict in zip(keys, verdicts, strict=True) if not verdict.passing]
        if not kept:
            return
        line: dict[str, Any] = {
            "signal": number,
            "keys": [key.hex() for key, _ in kept],
            "scores": [verdict.score for _, verdict in kept],
            "evidence": [verdict.evidence for _, verdict in kept],
        }
        if any(verdict.parts for _, verdict in kept):
            line["parts"] = [list(verdict.parts) for _, verdict in kept]
        if any(verdict.usage.requests for _, verdict in kept):
            line["usage"] = [verdict.usage.numbers() for _, verdict in kept]
        self._append(line)

    def close(self) -> None:
        """Lets go of the journal; it stays where it is, unless it holds no verdict."""
        if not self._file.closed:
            if self._file.seek(0, os.SEEK_END) <= self._first:
                self.path.unlink(missing_ok=True)
            self._file.close()

    def remove(self) -> None:
        """Deletes the journal: its run has ended."""
        self.path.unlink(missing_ok=True)
        self._file.close()

    def _read(self, head: dict[str, Any]) -> None:
        """Finds where the whole lines end, cuts off the rest, and begins the journal where it is empty."""
        self._file.seek(0)
        first = self._file.readline()
        found = _whole(first)
        secret = found.pop(SECRET, None) if found is not None else None
        self._first = self._end = len(first) if found else 0
        if found is not None:
            if found != head and not any(_whole(line) for line in self._file):
                found, self._end = None, 0  # it holds no verdict
            elif found != head:
                raise InputError(
                    f"the journal of an unfinished run belongs to {_difference(found, head)}", file=self.path,
                    mend="run that command again to finish it, or drop its verdicts with --no-resume",
                )  # fmt: skip
            else:
                for line in self._file:
                    if _whole(line) is None:
                        break
                    self._end += len(line)
        self._file.truncate(self._end)
        if found is not None and isinstance(secret, str):
            self.secret = secret
        if found is None:
            self._append(head | {SECRET: self.secret})
            self._first = self._end = self._file.tell()

    def _append(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def journal_of(out: Path) -> Path:
    """Returns where the journal of a file stands: beside it, hidden, so that no log reader takes it for a log.

    >>> from pathlib import Path
    >>> journal_of(Path("a/scored.parquet")).as_posix()
    'a/.scored.parquet.journal'
    """
    return out.with_name(f".{out.name}.journal")


def _whole(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    with contextlib.suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict):
            return found
    return None


def _difference(found: dict[str, Any], head: dict[str, Any]) -> str:
    """Says in what a journal differs from the command."""
    if found.get("freshbits") != head["freshbits"] or found.get("journal") != head["journal"]:
        return f"freshbits {found.get('freshbits')}, and this is {head['freshbits']}"
    were = [key for _, key in found.get("signals", [])]
    return "other signals or options: " + "; ".join(were)


def _lock(file: IO[bytes], path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise InputError(
            "another command is writing this file now", file=path, mend="wait for it, or write to another file"
        ) from None
