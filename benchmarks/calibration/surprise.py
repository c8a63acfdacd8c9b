"""Surprise bits H_V(S|B): a random verdict costs h(rate), the group's own majority vote only its tie-breaks.

A vote is a function of the votes but for ties, where the first answer sampled wins: given the belief columns one
of t tied classes costs h(1/t). What is read beyond that is what the predictor fails to learn; as an upper bound the
estimate may be high but not low (`below`: share of logs whose interval lies wholly below the truth).
"""

from __future__ import annotations

from functools import cache

import polars as pl
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.information.entropy import binary_entropy
from freshbits.information.usable import surprise_bits
from freshbits.outputs.belief import belief
from freshbits.outputs.keys import prompt_keys
from freshbits.rollouts.schema import SIGNAL
from freshbits.worlds import Answers, Atoms, Beta, Fixed, Majority, Random, World

SIGNALS = {"random .5": Random(0.5), "random .2": Random(0.2), "majority": Majority()}
CELLS: tuple[Cell, ...] = tuple(
    {"rollouts": size, "prompts": prompts, "world": "sums"} for size in (4, 8, 16) for prompts in (100, 300)
)


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws the rows of one log and codes its verdicts with the votes of the groups known."""
    here = world(int(cell["rollouts"]), int(cell["prompts"]))
    frame = here.draw(seed)
    prompts = prompt_keys(frame["prompt"])
    classes = frame["extracted"].cast(pl.Categorical).to_physical()
    groups = pl.DataFrame({"group": prompts, "answer_class": classes})
    state = belief(groups).to_numpy()
    found = []
    for name, signal in SIGNALS.items():
        verdict = frame[SIGNAL + name].cast(pl.Int64).to_numpy()
        bits = surprise_bits(verdict, state, prompts.to_numpy(), prompts.to_numpy())
        truth = ties(groups) if name == "majority" else signal.surprise()
        found.append(Reading.of(name, bits, truth or 0.0))
    return found


def ties(groups: pl.DataFrame) -> float:
    """Returns the mean over rows of h(1/t) where the row's class is one of t tied for the most votes, else 0."""
    votes = groups.group_by("group", "answer_class").agg(pl.len().alias("votes"))
    top = votes.filter(pl.col("votes") == pl.col("votes").max().over("group"))
    tied = top.group_by("group").agg(pl.len().alias("t"), pl.col("votes").sum())
    rows = tied["votes"].to_numpy() * binary_entropy(1.0 / tied["t"].to_numpy())
    return float(rows.sum() / groups.height)


@cache
def world(size: int, prompts: int) -> World:
    """Returns the world of a cell."""
    return World(
        prompts=prompts,
        base=Beta(1, 1),
        answers=Answers(3, Atoms([(0.3, 1.0), (0.9, 1.0)])),
        sizes=Fixed(size),
        signals=SIGNALS,
        labelled=0.0,
    )


STUDY = Study("surprise", "Surprise bits H_V(S|B), bits per rollout", CELLS, measure, logs=200)
