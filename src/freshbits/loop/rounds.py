"""The rounds of a loop on disk: each whole or not at all, so that a loop can be killed and taken up at any moment.

    DIR/run.json                    the resolved loop, the control, where its signals come from, the versions
    DIR/round-000/rollouts.parquet  what the model wrote, scored: canonical columns, read by `freshbits audit DIR`
    DIR/round-000/ledger.json       what the round offered and how good the model was
    DIR/round-000/model.safetensors the weights that wrote the round (adapter.safetensors: of an adapter)

Round 0 is the model as the loop found it; round t is written by the model that was trained on round t - 1.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.atomic import replacing
from freshbits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = "run.json"
ROLLOUTS, LEDGER = "rollouts.parquet", "ledger.json"
WEIGHTS = ("model.safetensors", "adapter.safetensors")
_ROUND = re.compile(r"round-(\d{3,})")
_UNFINISHED = ".round-"
_FOLLOWS = {"origins", "structures"}  # from the loop and the control, by this version's reading


@dataclass(frozen=True)
class Rounds:
    """Finds and writes the rounds of one directory.

    Attributes:
        directory: where the run lies.
    """

    directory: Path

    def begin(self, settings: dict[str, Any], *, resume: bool) -> None:
        """Makes the directory ready: new, or holding a run with these very settings that is to be resumed.

        Raises:
            InputError: if something else lies there, the settings differ, or resuming was not asked for.
        """
        place = self.directory / RUN
        if place.is_file():
            self._same(place, settings, resume=resume)
        else:
            self._new(place, settings)
        for left in self.directory.glob(_UNFINISHED + "*"):
            shutil.rmtree(left)

    def _new(self, place: Path, settings: dict[str, Any]) -> None:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            others = [path.name for path in self.directory.iterdir() if not path.name.startswith(".")]
        except OSError as error:
            raise InputError(f"cannot be written to ({error.strerror})", file=self.directory) from None
        if others:
            raise InputError(f"holds other files ({others[0]})", file=self.directory, mend="name a new directory")
        with replacing(place) as temporary:
            temporary.write_text(_text(settings), encoding="utf-8")

    def _same(self, place: Path, settings: dict[str, Any], *, resume: bool) -> None:
        if not resume:
            raise InputError(
                "holds a run already", file=self.directory, mend="go on with --resume, or name another directory"
            )
        try:
            held = json.loads(place.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise InputError("is no record of a run", file=place, mend="name another directory") from None
        given = json.loads(_text(settings))
        for key in sorted({*held, *given} - _FOLLOWS):
            if held.get(key) != given.get(key):
                raise InputError(
                    f"the run here was begun with another {key}", file=place, mend="name another directory"
                )

    @property
    def done(self) -> int:
        """Number of rounds that are whole, counted from round 0 without a gap."""
        found = {int(match.group(1)) for path in self._folders() if (match := _ROUND.fullmatch(path.name))}
        number = 0
        while number in found:
            number += 1
        return number

    def _folders(self) -> list[Path]:
        return [path for path in self.directory.iterdir() if path.is_dir()] if self.directory.is_dir() else []

    def folder(self, number: int) -> Path:
        """Returns where a round lies.

        >>> Rounds(Path("run")).folder(7).name
        'round-007'
        """
        return self.directory / f"round-{number:03d}"

    @contextlib.contextmanager
    def writing(self, number: int) -> Iterator[Path]:
        """Gives a folder to write a round into, which takes the round's name when the block ends without an error."""
        folder = Path(tempfile.mkdtemp(prefix=f"{_UNFINISHED}{number:03d}.", dir=self.directory))
        try:
            yield folder
            folder.chmod(0o755)
            for path in folder.iterdir():
                _settle(path)
            folder.rename(self.folder(number))
            _settle(self.directory)
        finally:
            if folder.is_dir():
                shutil.rmtree(folder)

    def rollouts(self, number: int) -> pl.DataFrame:
        """Reads the rollouts of a round."""
        return pl.read_parquet(self.folder(number) / ROLLOUTS)

    def ledger(self, number: int) -> dict[str, Any]:
        """Reads the ledger of a round."""
        found: dict[str, Any] = json.loads((self.folder(number) / LEDGER).read_text(encoding="utf-8"))
        return found

    def has_weights(self, number: int) -> bool:
        """Tells whether a round keeps its weights."""
        return any((self.folder(number) / name).is_file() for name in WEIGHTS)

    def drop_weights(self, number: int) -> None:
        """Deletes the weights of a round."""
        for name in WEIGHTS:
            (self.folder(number) / name).unlink(missing_ok=True)


def write_json(data: dict[str, Any], path: Path) -> None:
    """Writes plain data as JSON text; the same data gives the same bytes."""
    path.write_text(_text(data), encoding="utf-8")


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _settle(path: Path) -> None:
    """Waits until a file, or a folder's list of files, is on the disk: a crash must not leave an empty round."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
