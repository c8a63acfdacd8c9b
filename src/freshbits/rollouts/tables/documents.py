"""JSON files that hold one object, which in turn holds the rows: an evaluation's results with what it was run with."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 1 << 20  # bytes that show the first keys of an indented object


def head_keys(file: Path) -> list[str]:
    r"""Returns the first keys of an indented JSON object from the beginning of its file; none where it is no such file.

    A line break inside a string is written as \n there, so a line that opens with the indentation of the first key and
    a key is one of the object's own.
    """
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD).decode("utf-8-sig", "replace")
    except OSError:
        return []
    first = re.match(r'\s*\{\r?\n([ \t]+)"', head)
    if first is None:
        return []
    return re.findall(rf'^{first[1]}"((?:[^"\\]|\\.)+)"\s*:', head, re.MULTILINE)


def document(file: Path) -> dict[str, Any]:
    """Returns the object that a JSON file holds, whole.

    Raises:
        InputError: if the file may not be read, or is no JSON object.
    """
    try:
        held = json.loads(file.read_bytes().decode("utf-8-sig", "replace"))
    except PermissionError:
        raise InputError("may not be read", file=file, mend="change its permissions") from None
    except (json.JSONDecodeError, RecursionError) as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(f"is not a whole JSON object{place}", file=file, mend="copy it again") from None
    if not isinstance(held, dict):
        raise InputError("is no JSON object", file=file, mend="point at a log")
    return held


def no_rows(file: Path) -> InputError:
    """Returns the error for a JSON file that holds one object of no format."""
    return InputError(
        "is neither a list of rows nor one row per line", file=file, mend="give a log, not a settings file"
    )
