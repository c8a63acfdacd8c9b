"""Which files of a log are training, and which run each belongs to, as their places say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from freshbits.rollouts.discover import natural

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EVALUATION = re.compile(r"(^|[_\-.])(val|valid|validation|eval|evals|evaluation)([_\-.]|$)", re.IGNORECASE)


def training_files(files: Sequence[Path], root: Path | None) -> tuple[tuple[Path, ...], list[str]]:
    """Returns the files outside directories of evaluation, and a note where others were left out.

    Only directories below `root` count; where all files are of evaluation, all stay: they were asked for.

    >>> from pathlib import Path
    >>> training_files([Path("run/rollouts/1.jsonl"), Path("run/val_generations/1.jsonl")], Path("run"))[0]
    (PosixPath('run/rollouts/1.jsonl'),)
    """
    evaluation = {file for file in files if any(EVALUATION.search(part) for part in _below(file.parent, root))}
    if not evaluation or len(evaluation) == len(files):
        return tuple(files), []
    note = f"training rollouts; {len(evaluation):,} evaluation file(s) left out (point at one to read it)"
    return tuple(file for file in files if file not in evaluation), [note]


def run_names(files: Sequence[Path], root: Path | None) -> dict[str, str]:
    """Returns directory -> the name of its run: the path below `root`.

    >>> from pathlib import Path
    >>> run_names([Path("logs/exp_1/a.jsonl"), Path("logs/exp_2/a.jsonl")], Path("logs"))
    {'logs/exp_1': 'exp_1', 'logs/exp_2': 'exp_2'}
    """
    places = sorted({file.parent for file in files}, key=natural)
    return {str(place): "/".join(_below(place, root)) or place.name for place in places}


def _below(place: Path, root: Path | None) -> tuple[str, ...]:
    if root is not None and place.is_relative_to(root):
        return place.relative_to(root).parts
    return place.parts[-1:]
