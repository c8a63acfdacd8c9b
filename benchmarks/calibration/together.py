"""What several criteria say together, and the judge's own noise: bias and coverage on rubrics of known content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.information.matters import matters
from freshbits.information.noise import contradiction, score_noise, verdict_noise
from freshbits.information.together import together
from freshbits.outputs.keys import prompt_keys
from freshbits.worlds.rubric import Rubric

if TYPE_CHECKING:
    import polars as pl

WORLDS = {
    f"{criteria} criteria, {matters} matters, {flip:.0%} misread": (criteria, matters, flip)
    for criteria, matters in ((10, 2), (6, 3), (5, 5), (3, 1))
    for flip in (0.0, 0.05, 0.15)
}
CELLS: tuple[Cell, ...] = tuple(
    {"rollouts": size, "prompts": prompts, "world": name}
    for size, prompts in ((4, 200), (8, 100), (8, 300))
    for name in WORLDS
)
NOISE_CELLS: tuple[Cell, ...] = tuple(
    {"asked": asked, "prompts": prompts, "world": f"{flip:.0%} misread"}
    for asked in (2, 3, 4, 8)
    for prompts in (50, 200)
    for flip in (0.0, 0.05, 0.15, 0.3)
)


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws one log of a rubric and estimates joint, agreed and own bits."""
    criteria, number_of, flip = WORLDS[str(cell["world"])]
    world = Rubric(int(cell["prompts"]), int(cell["rollouts"]), number_of, criteria, flip)
    frame = world.draw(seed)
    prompts = prompt_keys(frame["prompt"]).to_numpy()
    levels = np.stack([_column(frame, f"criterion_{number + 1}") for number in range(criteria)], axis=1)
    found = together(levels, prompts, prompts)
    if found is None:
        return []
    return [
        Reading.of("joint bits", found.joint, world.joint),
        Reading.of("agreed bits", found.agreed, world.agreed),
        Reading.of("own bits of the first", found.own[0], world.own[0]),
        Reading.of("sum alone", found.alone, world.alone * criteria),
        Reading("different matters", float(matters(levels, prompts) or np.nan), np.nan, np.nan, float(number_of)),
    ]


def measure_noise(cell: Cell, seed: int) -> list[Reading]:
    """Draws one log of a judge asked several times and estimates its own noise."""
    flip = float(str(cell["world"]).split("%")[0]) / 100
    asked = int(cell["asked"])
    world = Rubric(int(cell["prompts"]), 8, 1, 1, flip, asked)
    frame = world.draw(seed)
    prompts = prompt_keys(frame["prompt"]).to_numpy()
    accepted = np.sum([_column(frame, f"criterion_1@{time + 1}") for time in range(asked)], axis=0)
    times = np.full(accepted.size, asked)
    return [
        Reading.of("own noise, bits", verdict_noise(times, accepted, prompts), world.noise),
        Reading.of(
            "two verdicts differ", contradiction(times, accepted * (times - accepted), prompts), 2 * flip * (1 - flip)
        ),
    ]


def measure_scores(cell: Cell, seed: int) -> list[Reading]:
    """Draws scores of a worth and a noise, prompts apart, and estimates the share that is noise."""
    rng = np.random.default_rng(seed)
    share, prompts, asked = float(str(cell["world"]).split("%")[0]) / 100, int(cell["prompts"]), int(cell["asked"])
    key = np.repeat(np.arange(prompts, dtype=np.uint64), 8)
    spread = np.exp(rng.normal(0, 0.5, prompts))[key.astype(int)]  # prompts differ in how much there is to see
    spread /= np.sqrt(np.exp(0.5))
    worth = rng.normal(0, 1, prompts)[key.astype(int)] + np.sqrt(1 - share) * spread * rng.normal(size=key.size)
    scores = worth[:, None] + np.sqrt(share) * rng.normal(size=(key.size, asked))
    return [Reading.of("noise of scores", score_noise(scores, key, key), share)]


def _column(frame: pl.DataFrame, name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return frame[name].to_numpy().astype(np.int64)


STUDY = Study("together", "What several criteria say together, bits per rollout", CELLS, measure, logs=10)
NOISE = Study("noise", "A judge's own noise, from repeated verdicts", NOISE_CELLS, measure_noise, logs=60)
SCORES = Study(
    "score_noise",
    "A judge's own noise, from repeated scores",
    tuple(
        {"asked": asked, "prompts": prompts, "world": f"{share}% noise"}
        for asked in (2, 4)
        for prompts in (50, 200)
        for share in (5, 20, 60)
    ),
    measure_scores,
    logs=300,
)
