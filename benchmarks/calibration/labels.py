"""TPR, FPR, J, precision and base rate from 300 labels drawn by `freshbits label`, and false worst strata."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
from benchmarks.calibration.channel import draw
from benchmarks.calibration.contrast import keys
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.criteria.channel import verdict_strata
from freshbits.criteria.labelled import Labelled
from freshbits.criteria.strata import worst_stratum
from freshbits.information.rates import rates
from freshbits.information.weighted import Sample
from freshbits.remedies.label import draw_rows
from freshbits.worlds import Beta, Channel, Fixed, PromptChannel, World

SIZE, LABELS = 8, 300
KINDS = {
    ".9/.1": (Beta(1, 1), Channel(0.9, 0.1)),
    ".98/.02": (Beta(1, 1), Channel(0.98, 0.02)),
    ".995/.005": (Beta(1, 1), Channel(0.995, 0.005)),
    ".9/.02, mostly wrong": (Beta(0.5, 4), Channel(0.9, 0.02)),
    ".8/.3, mostly right": (Beta(4, 0.5), Channel(0.8, 0.3)),
    ".6/.5": (Beta(1, 1), Channel(0.6, 0.5)),
    "own TPR Beta(8, 2), FPR Beta(1, 4)": (Beta(0.5, 0.5), PromptChannel(Beta(8, 2), Beta(1, 4))),
}
CELLS: tuple[Cell, ...] = tuple({"prompts": prompts, "world": name} for prompts in (100, 1000) for name in KINDS)
FEATURES = ("characters", "words", "lines", "digits", "bullets", "code_fences", "ends_cleanly", "first_token")


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws a log, labels 300 of its rows as the command does, and reads the rates; every third log its strata too."""
    name, prompts = str(cell["world"]), int(cell["prompts"])
    rows = draw(world(name, prompts), seed)
    text = keys(np.arange(prompts), seed)
    here = text[rows.prompt]
    drawn = draw_rows(rows.verdict.astype(np.float64), here, np.zeros(here.size, dtype=np.int64), LABELS, seed % 2**32)
    weight = 1 / drawn.probability
    verdict, right = rows.verdict[drawn.rows], rows.right[drawn.rows]
    stratum = np.unique(weight, return_inverse=True)[1].astype(np.int64)
    accepted = np.bincount(rows.prompt, weights=rows.verdict, minlength=prompts).astype(np.int64)
    log = verdict_strata(stratum, verdict, np.full(prompts, SIZE), accepted, text)
    found = rates(verdict, right, Sample.of(weight, stratum, here[drawn.rows], log))
    known = truth(name)
    readings = [Reading.of(rate, getattr(found, rate), value) for rate, value in known.items()]
    if seed % 3 == 0:
        named = worst_stratum(_with_features(verdict, right, weight, stratum, here[drawn.rows], seed), verdict)
        readings.append(Reading("a worst stratum is named", float(named is not None), np.nan, np.nan, 0.05))
    return readings


def _with_features(
    verdict: np.ndarray[tuple[int], np.dtype[np.bool_]],
    right: np.ndarray[tuple[int], np.dtype[np.bool_]],
    weight: np.ndarray[tuple[int], np.dtype[np.float64]],
    stratum: np.ndarray[tuple[int], np.dtype[np.int64]],
    prompt: np.ndarray[tuple[int], np.dtype[np.uint64]],
    seed: int,
) -> Labelled:
    """Gives the rows a region, a source and features that have nothing to do with the verdict."""
    rng = np.random.default_rng([seed, 3])
    table = {"region": [f"region {key % 6}" for key in prompt], "source": [f"model {key % 2}" for key in prompt]}
    values = {f"feature.{name}": rng.geometric(0.02, prompt.size) for name in FEATURES[:4]}
    values |= {f"feature.{name}": rng.integers(0, 3, prompt.size) for name in FEATURES[4:]}
    frame = pl.DataFrame({"row": np.arange(prompt.size), **table, **values})
    score = verdict.astype(np.float64)
    rounds = rng.integers(0, 5, prompt.size)
    size = np.full(prompt.size, SIZE)
    belief = np.empty((prompt.size, 0))
    return Labelled(
        score,
        right.astype(np.float64),
        right,
        weight,
        stratum,
        prompt,
        prompt,
        rounds,
        size,
        belief=belief,
        columns=[],
        rows=frame,
    )


@cache
def world(name: str, prompts: int) -> World:
    """Returns the world of a cell."""
    base, verdict = KINDS[name]
    return World(prompts=prompts, base=base, signals={"reward": verdict}, sizes=Fixed(SIZE))


@cache
def truth(name: str) -> dict[str, float]:
    """Returns the exact rates."""
    exact = world(name, 100).truth()
    signal = exact.signals["reward"]
    tpr, fpr, base = signal.tpr or 0.0, signal.fpr or 0.0, exact.base_rate
    ppv = base * tpr / signal.pass_rate
    return {"tpr": tpr, "fpr": fpr, "j": tpr - fpr, "ppv": ppv, "base_rate": base}


STUDY = Study("labels", "Rates of a verdict from 300 labels drawn by its verdict", CELLS, measure, logs=1000)
