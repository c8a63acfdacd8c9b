"""Surprise bits by counting, as a running loop reads them: the worlds of the study `surprise`, the cheaper estimator.

The truths are those of `surprise`: the family is smaller, so it may read higher, and as an upper bound it may not read
lower (`below`).
"""

from __future__ import annotations

import polars as pl
from benchmarks.calibration.study import Cell, Reading, Study
from benchmarks.calibration.surprise import CELLS, SIGNALS, ties, world

from freshbits.criteria.offered import STATE
from freshbits.information.counted import counted_surprise
from freshbits.outputs.belief import belief
from freshbits.outputs.keys import prompt_keys
from freshbits.rollouts.schema import SIGNAL


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws the rows of one log and codes its verdicts with the votes of the groups known."""
    frame = world(int(cell["rollouts"]), int(cell["prompts"])).draw(seed)
    prompts = prompt_keys(frame["prompt"])
    classes = frame["extracted"].cast(pl.Categorical).to_physical()
    groups = pl.DataFrame({"group": prompts, "answer_class": classes})
    state = belief(groups)
    votes = state.select([name for name in STATE if name in state.columns]).to_numpy()
    found = []
    for name, signal in SIGNALS.items():
        verdict = frame[SIGNAL + name].cast(pl.Int64).to_numpy()
        bits = counted_surprise(verdict, votes, prompts.to_numpy(), prompts.to_numpy())
        truth = ties(groups) if name == "majority" else signal.surprise()
        if bits is not None:
            found.append(Reading.of(name, bits, truth or 0.0))
    return found


STUDY = Study("counted", "Surprise bits by counting, bits per rollout", CELLS, measure, logs=300)
