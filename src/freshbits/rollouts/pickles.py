"""Pickles: recognised by ending or by their first bytes, never read, because reading one runs the code it holds."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from freshbits.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = {".pt", ".pkl", ".pth", ".pickle", ".bin", ".ckpt"}
MAGIC = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
ZIP = b"PK\x03\x04"


def is_pickle(file: Path) -> bool:
    r"""Returns whether a file is a pickle or a zip that torch keeps one in, whatever it is called.

    >>> from pathlib import Path
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as here:
    ...     (Path(here) / "rollouts.jsonl").write_bytes(b"\x80\x04.")
    ...     is_pickle(Path(here) / "rollouts.jsonl")
    3
    True
    """
    if file.suffix.lower() in ENDINGS:
        return True
    try:
        with file.open("rb") as stream:
            start = stream.read(4)
        return start.startswith(MAGIC) or (start == ZIP and _of_torch(file))
    except OSError:
        return False  # who reads it says why it cannot be read


def refused(file: Path) -> InputError:
    """Returns the refusal of a pickle, with how to write its rows as JSON lines where they were made."""
    load = (
        f"import pickle; held = pickle.load(open({file.name!r}, 'rb'))"
        if file.suffix.lower() in (".pkl", ".pickle")
        else f"import torch; held = torch.load({file.name!r}, weights_only=False)"
    )
    return InputError(
        "is a pickle: reading it would run whatever code it holds",
        file=file,
        mend="export its rows with the trainer's own Python, where the file is trusted: "
        f"`import json; {load}; rows = held['samples'] if isinstance(held, dict) and 'samples' in held else held; "
        "open('rollouts.jsonl', 'w').writelines(json.dumps(row, default=str) + '\\n' for row in rows)`, and read "
        "rollouts.jsonl",
    )


def _of_torch(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.rsplit("/", 1)[-1] == "data.pkl" for name in archive.namelist())
    except zipfile.BadZipFile:
        return False
