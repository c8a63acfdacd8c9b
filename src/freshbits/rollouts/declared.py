"""What a run of a declared loop says of its signals: read from the `run.json` that lies beside its rounds.

`freshbits run` writes DIR/run.json and DIR/round-NNN/rollouts.parquet. Other programs call files run.json too, so
nothing is taken from one that is not exactly of this form, and none ever keeps a log from being read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from freshbits.rollouts.options import ORIGINS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from freshbits.rollouts.opened import Opened

RUN = "run.json"
STRUCTURES = ("closed", "open, renewing", "open, exhaustible", "open, decaying")
LARGEST = 1_000_000  # bytes; a longer file is no record of a run


def take_declared(opened: Opened, files: Sequence[Path], overruled: Collection[str]) -> None:
    """Takes over origins and structures of the signals that the log holds; what the person says stands.

    Where several runs lie in one log and do not say the same of a signal, nothing is taken of it.

    Args:
        opened: the log; its `origins`, `structures` and `notes` are added to.
        files: its files.
        overruled: signals of which the person gave the origin.
    """
    runs = [_read(place) for place in _places(files)]
    if not runs or any(run is None for run in runs):
        return
    told = [run for run in runs if run is not None]
    free = [name.removeprefix("signal.") for name in opened.rows.schema if name.startswith("signal.")]
    for name in (name for name in free if name not in overruled):
        origins = {_said(run[0], name) for run in told}
        structures = {_said(run[1], name) for run in told}
        if len(origins) > 1 or len(structures) > 1:
            opened.notes.append(f"{name}: the runs do not declare it alike, so its origin is unknown")
            continue
        if (origin := origins.pop()) is not None and name not in opened.origins:
            opened.origins[name] = origin
        if (structure := structures.pop()) is not None:
            opened.structures[name] = structure
    sums = {name: weight for run in told for name, weight in run[2].items() if name in free}
    if sums and all(run[2] == told[0][2] for run in told):
        opened.weights |= sums
    if opened.structures:
        each = "; ".join(f"{name} is {words}" for name, words in opened.structures.items())
        opened.notes.append(f"declared in {RUN}: {each}")


def _said(of: dict[str, str], name: str) -> str | None:
    """Returns what is said of a signal; of a rubric's criterion, `RUBRIC.NAME`, what is said of the rubric."""
    return of.get(name, next((word for whole, word in of.items() if name.startswith(f"{whole}.")), None))


def _places(files: Sequence[Path]) -> list[Path]:
    """Lists where records of runs may lie: one per file's run, above its round."""
    folders = [file.absolute().parent for file in files]
    return list(dict.fromkeys(folder.parent / RUN for folder in folders if folder.name.startswith("round-")))


def _read(place: Path) -> tuple[dict[str, str], dict[str, str], dict[str, float]] | None:
    """Returns (origins, structures, weights of criteria) by signal; None where there is no such record."""
    try:
        if place.stat().st_size > LARGEST:
            return None
        data = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not {"freshbits", "loop"} <= set(data):
        return None
    return (
        _words(data.get("origins"), ORIGINS),
        _words(data.get("structures"), STRUCTURES),
        _weights(data.get("rubrics")),
    )


def _weights(told: Any) -> dict[str, float]:
    each = (
        [rubric.get("weights") for rubric in told.values() if isinstance(rubric, dict)]
        if isinstance(told, dict)
        else []
    )
    numbers = [(name, value) for weights in each if isinstance(weights, dict) for name, value in weights.items()]
    return {name: float(value) for name, value in numbers if isinstance(value, (int, float))}


def _words(told: Any, known: Sequence[str]) -> dict[str, str]:
    if not isinstance(told, dict):
        return {}
    return {name: value for name, value in told.items() if isinstance(value, str) and value in known}
