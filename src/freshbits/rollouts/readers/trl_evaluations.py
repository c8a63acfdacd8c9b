"""Steps at which TRL's trainer evaluated: there the completions of the evaluation overwrite those of training.

`GRPOTrainer.log` (https://github.com/huggingface/trl) writes `completions_{global_step}.parquet` for training and for
evaluation alike, from one buffer. The trainer's own `trainer_state.json` says at which steps it evaluated.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from freshbits.rollouts.discover import natural

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE = re.compile(r"completions_(\d+)\.parquet$")


def evaluated(files: Sequence[Path]) -> set[Path]:
    """Returns the files of steps at which the trainer evaluated, as `trainer_state.json` beside them tells.

    Empty where no such file is found (a run that saved no checkpoint): then nothing is known.
    """
    steps = {place: _steps(place) for place in {file.parent for file in files}}
    numbered = {file: int(match.group(1)) for file in files if (match := FILE.search(file.name))}
    return {file for file, step in numbered.items() if step in steps[file.parent]}


def _steps(completions: Path) -> set[int]:
    """Returns the steps whose entry of the newest log history holds an evaluation."""
    run = completions.parent if completions.name == "completions" else completions
    states = [*sorted(run.glob("checkpoint-*/trainer_state.json"), key=natural), run / "trainer_state.json"]
    found: set[int] = set()
    for state in states:
        try:
            history = json.loads(state.read_text(encoding="utf-8"))["log_history"]
            found |= {int(entry["step"]) for entry in history if any(name.startswith("eval_") for name in entry)}
        except (OSError, ValueError, KeyError, TypeError):
            continue  # no state, or another file of that name: nothing is known from it
    return found
