"""Bits between truth and verdict, I(C;S|Q): by the mixture over channels, after shuffling, and from 300 labels."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from benchmarks.calibration.contrast import keys
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.information.channel import one_channel_bits, within_test
from freshbits.information.joint import joint_information
from freshbits.remedies.label import draw_rows
from freshbits.worlds import Atoms, Beta, Channel, Fixed, PromptChannel, World

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.worlds.component import Discrete
    from freshbits.worlds.rates import Rates

EVERY, SHUFFLED, LABELS = "every row labelled", "verdicts shuffled inside prompts", "300 labels"
ONE = {  # name -> (base rate, verdict): one channel
    "one channel .9/.1": (Beta(1, 1), Channel(0.9, 0.1)),
    "one channel .7/.3": (Beta(1, 1), Channel(0.7, 0.3)),
    "one channel .95/.02, base Beta(.3, .3)": (Beta(0.3, 0.3), Channel(0.95, 0.02)),
}
OWN: dict[str, tuple[Rates, Discrete]] = {  # every prompt its own
    "TPR Beta(8, 2), FPR Beta(2, 8)": (Beta(1, 1), PromptChannel(Beta(8, 2), Beta(2, 8))),
    "TPR Beta(2, .5), FPR Beta(.5, 2), base Beta(.5, .5)": (
        Beta(0.5, 0.5),
        PromptChannel(Beta(2, 0.5), Beta(0.5, 2)),
    ),
    "TPR Beta(3, 1), FPR Beta(1, 1)": (Beta(1, 1), PromptChannel(Beta(3, 1), Beta(1, 1))),
    "FPR .95 on 30 % of prompts": (
        Beta(1, 1),
        PromptChannel(Atoms([(0.9, 1.0)]), Atoms([(0.05, 0.7), (0.95, 0.3)])),
    ),
}
KINDS: dict[str, tuple[Rates, Discrete]] = {**ONE, **OWN}
PLACES = (
    (EVERY, ((4, 300), (8, 100), (8, 300), (8, 1000), (16, 50), (16, 300))),
    (SHUFFLED, ((8, 300), (16, 300))),
    (LABELS, ((8, 300), (8, 1000))),
)
CELLS: tuple[Cell, ...] = tuple(
    {"design": design, "rollouts": size, "prompts": prompts, "world": name}
    for design, sizes in PLACES
    for size, prompts in sizes
    for name in KINDS
)


class Rows(NamedTuple):
    """Holds the rows of one drawn log: index of the prompt, rightness, verdict."""

    prompt: NDArray[np.int64]
    right: NDArray[np.bool_]
    verdict: NDArray[np.bool_]


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws one log and estimates the bits between truth and verdict from what of it is labelled."""
    name, size, prompts, design = (
        str(cell["world"]),
        int(cell["rollouts"]),
        int(cell["prompts"]),
        str(cell["design"]),
    )
    rows = draw(world(name, size, prompts), seed)
    kind = "one channel" if name in ONE else "own channels"
    if design == LABELS:
        return _from_labels(rows, size, prompts, seed, kind, bits(name))
    rng = np.random.default_rng([seed, 2])
    verdict = rows.verdict
    if design == SHUFFLED:
        order = np.lexsort((rng.random(verdict.size), rows.prompt))
        verdict = verdict[order]
    flat = np.bincount(rows.prompt * 4 + 2 * ~rows.right + ~verdict, minlength=4 * prompts)
    counts = flat.reshape(prompts, 4)
    joint = joint_information(counts, keys(np.arange(prompts), seed))
    p_value = within_test(counts)
    alarm = float(p_value is not None and p_value <= 0.05)
    if design == SHUFFLED:
        told = joint.bits if alarm else replace(joint.bits, low=0.0)  # as the channel reports it
        return [Reading.of("bits", told, 0.0), Reading("false alarms at 5 %", alarm, np.nan, np.nan, 0.05)]
    return [
        Reading.of(f"bits, {kind}", joint.bits, bits(name)),
        Reading.of(f"share of prompts with J < 0, {kind}", joint.negative_j, negative(name)),
        Reading("power at 5 %", alarm, np.nan, np.nan, 1.0),
    ]


def _from_labels(rows: Rows, size: int, prompts: int, seed: int, kind: str, truth: float) -> list[Reading]:
    text = keys(np.arange(prompts), seed)
    here = text[rows.prompt]
    drawn = draw_rows(rows.verdict.astype(np.float64), here, np.zeros(here.size, dtype=np.int64), 300, seed % 2**32)
    accepted = np.bincount(rows.prompt, weights=rows.verdict, minlength=prompts).astype(np.int64)
    found = one_channel_bits(
        (np.full(prompts, size), accepted, text),
        rows.verdict[drawn.rows],
        rows.right[drawn.rows],
        1 / drawn.probability,
        here[drawn.rows],
    )
    bound = "" if kind == "one channel" else " (a lower bound)"
    return [Reading.of(f"bits, {kind}{bound}", found, truth)]


def draw(here: World, seed: int) -> Rows:
    """Draws the rows of a world with one binary verdict, without texts."""
    population = here.population(seed)
    rng = np.random.default_rng([seed, 1])
    (size,) = here.sizes.support()[0]
    prompt = np.repeat(np.arange(here.prompts), int(size))
    right = rng.random(prompt.size) < population.rate[prompt]
    part = here.discrete("reward")
    if isinstance(part, Channel):
        accept = np.where(right, part.tpr, part.fpr)
    else:
        own = population.latents["reward"][prompt]
        accept = np.where(right, own[:, 0], own[:, 1])
    return Rows(prompt, right, rng.random(prompt.size) < accept)


@cache
def world(name: str, size: int, prompts: int) -> World:
    """Returns the world of a cell."""
    base, verdict = KINDS[name]
    return World(prompts=prompts, base=base, signals={"reward": verdict}, sizes=Fixed(size))


@cache
def bits(name: str) -> float:
    """Returns the exact I(C;S|Q)."""
    return world(name, 8, 100).truth().signals["reward"].truth_bits


@cache
def negative(name: str) -> float:
    """Returns the share of prompts whose TPR is below their FPR, over a million drawn prompts."""
    part = world(name, 8, 100).discrete("reward")
    if isinstance(part, Channel):
        return float(part.tpr < part.fpr)
    tpr, fpr = (rates.draw(np.random.default_rng(at), 1_000_000) for at, rates in enumerate(part.latents))
    return float((tpr < fpr).mean())


STUDY = Study("channel", "Bits between truth and verdict inside a prompt, I(C;S|Q)", CELLS, measure, logs=300)
