"""How a person overrules or completes what a reader recognises, on the command line and in Python."""

from __future__ import annotations

import math
import re
import shlex
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from freshbits.errors import InputError
from freshbits.rollouts.schema import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ORIGINS = ("external", "memory", "own_state", "drifting", "unknown")
OPERATORS = (">=", "<=", "==", ">", "<")

Accept = tuple[str, float]


@dataclass(frozen=True)
class ReadOptions:
    """Holds what a person said about a log; everything else is recognised.

    Attributes:
        format: name of a reader to use, whatever the log looks like; or a file `NAME.py` whose function `rows(path)` is
            one (it is run as it is).
        map: canonical column -> column of the log; `signal.NAME` and `extra.NAME` are canonical too.
        join: a second file with the same prompt ids (texts, outputs, truth).
        labels: a file of truth labels by row, as `freshbits label` writes them.
        signals: the signals to keep; a numeric column that was not taken for one becomes one.
        truth: the column that knows whether a completion is right.
        truth_is: the value of that column that means right, or a comparison (`>=0.5`) where it holds scores.
        accept: signal -> (operator, threshold) that makes a verdict of 0 and 1.
        weights: signal -> its weight in the total.
        origins: signal -> where it comes from.
        columns: further columns of the log to keep as `extra.NAME`, whatever they hold (lists as JSON).
        unscored: whether a log without any signal will do: one that is to be scored.
        raw: the set as it was before a filter; the log is what the filter kept of it.
    """

    format: str | None = None
    map: Mapping[str, str] = field(default_factory=dict)
    join: Path | None = None
    labels: Path | None = None
    signals: tuple[str, ...] = ()
    truth: str | None = None
    truth_is: str | None = None
    accept: Mapping[str, Accept] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    unscored: bool = False
    raw: Path | None = None


def as_typed(options: ReadOptions) -> str:
    """Returns the options that say which rows a log holds, as they are typed: for commands that are to be copied.

    >>> as_typed(ReadOptions(map={"sample": "Epoch"}, format="plain"))
    ' --format plain --map sample=Epoch'
    """
    said = [("--raw", options.raw), ("--format", options.format), ("--join", options.join)]
    said += [("--map", f"{canonical}={column}") for canonical, column in options.map.items()]
    return "".join(f" {name} {shlex.quote(str(value))}" for name, value in said if value is not None)


def parse_map(texts: Sequence[str]) -> dict[str, str]:
    """Reads `CANONICAL=COLUMN`.

    >>> parse_map(["completion=text", "signal.ok=is_ok"])
    {'completion': 'text', 'signal.ok': 'is_ok'}
    """
    found: dict[str, str] = {}
    for text in texts:
        canonical, column = _halves(text, "--map", "--map completion=text")
        if canonical not in COLUMNS and not re.fullmatch(r"(signal|extra)\..+", canonical):
            raise InputError(
                f"--map {text}: {canonical!r} is no column of freshbits" + nearest(canonical, COLUMNS),
                mend=f"choose one of {', '.join(COLUMNS)}, signal.NAME, extra.NAME",
            )
        found[canonical] = column
    return found


def parse_accept(texts: Sequence[str]) -> dict[str, Accept]:
    """Reads `NAME>=x` (or >, <=, <, ==).

    >>> parse_accept(["reward>=0.5"])
    {'reward': ('>=', 0.5)}
    """
    found: dict[str, Accept] = {}
    for text in texts:
        match = re.fullmatch(r"(.+?)\s*(>=|<=|==|>|<)\s*(\S+)", text.strip())
        value = _finite(match.group(3)) if match else None
        if match is None or value is None:
            raise InputError(f"--accept {text!r} is not NAME>=x", mend="write it like --accept 'reward>=0.5'")
        found[match.group(1)] = (match.group(2), value)
    return found


def parse_weights(texts: Sequence[str]) -> dict[str, float]:
    """Reads `NAME=weight`.

    >>> parse_weights(["accuracy=1", "format=0.2"])
    {'accuracy': 1.0, 'format': 0.2}
    """
    found: dict[str, float] = {}
    for text in texts:
        name, number = _halves(text, "--weight", "--weight accuracy=1")
        value = _finite(number)
        if value is None:
            raise InputError(f"--weight {text}: {number!r} is not a number", mend="write it like --weight accuracy=1")
        found[name] = value
    return found


def parse_origins(texts: Sequence[str]) -> dict[str, str]:
    """Reads `NAME=origin`.

    >>> parse_origins(["accuracy=external"])
    {'accuracy': 'external'}
    """
    found: dict[str, str] = {}
    for text in texts:
        name, origin = _halves(text, "--origin", "--origin accuracy=external")
        if origin not in ORIGINS:
            raise InputError(
                f"--origin {text}: {origin!r} is no origin" + nearest(origin, ORIGINS),
                mend=f"choose one of {', '.join(ORIGINS)}",
            )
        found[name] = origin
    return found


def nearest(name: str, among: Sequence[str] | Mapping[str, object]) -> str:
    """Returns " (nearest: NAME)" where a name like it exists, else nothing.

    >>> nearest("complation", ["prompt", "completion"])
    ' (nearest: completion)'
    """
    found = get_close_matches(name, list(among), n=1, cutoff=0.5)
    return f" (nearest: {found[0]})" if found else ""


def _halves(text: str, option: str, example: str) -> tuple[str, str]:
    # The last '=' parts them: judges' signal names may hold one, values never do.
    left, equals, right = text.rpartition("=") if option != "--map" else text.partition("=")
    if not equals or not left.strip() or not right.strip():
        raise InputError(f"{option} {text!r} is not NAME=VALUE", mend=f"write it like {example}")
    return left.strip(), right.strip()


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
