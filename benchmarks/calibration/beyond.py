"""Bits of a feature beyond the truth, I(φ;S|C,Q), and how often the test speaks where there is nothing."""

from __future__ import annotations

from functools import cache

import numpy as np
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.information.entropy import binary_entropy
from freshbits.information.surface import spurious_bits

# name -> (sd of the intercepts, effect of truth, effect of φ among the wrong, among the right, sd of φ's by prompt)
ADDITIVE = {
    "nothing": (1.0, 2.0, 0.0, 0.0, 0.0),
    "nothing, strong truth": (1.0, 5.0, 0.0, 0.0, 0.0),
    "small effect": (1.0, 2.0, 0.6, 0.6, 0.0),
    "middling effect": (1.0, 2.0, 1.2, 1.2, 0.0),
    "large effect": (1.0, 2.0, 2.5, 2.5, 0.0),
    "uneven prompts": (3.0, 2.0, 1.5, 1.5, 0.0),
}
MISSPECIFIED = {
    "interaction: among the wrong only": (1.0, 2.0, 1.8, 0.0, 0.0),
    "effect varies by prompt": (1.0, 2.0, 1.2, 1.2, 1.0),
}
WORLDS = {**ADDITIVE, **MISSPECIFIED}
CELLS: tuple[Cell, ...] = tuple(
    {"rollouts": size, "prompts": 300, "model": model, "world": name}
    for size in (4, 8)
    for model, worlds in (("additive", ADDITIVE), ("misspecified", MISSPECIFIED))
    for name in worlds
)
_GRID = np.linspace(-4.5, 4.5, 181)  # standard normal deviates for exact averages over prompts
_SHARES = np.linspace(0.005, 0.995, 100)


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws one log: base rates of truth and of φ uniform over prompts, φ and C independent given the prompt."""
    rng = np.random.default_rng(seed)
    prompts, size, name = int(cell["prompts"]), int(cell["rollouts"]), str(cell["world"])
    spread, by_truth, wrong, right, varies = WORLDS[name]
    q = np.repeat(np.arange(prompts), size)
    correct = rng.random(q.size) < rng.random(prompts)[q]
    level = (rng.random(q.size) < rng.random(prompts)[q]).astype(np.int64)
    effect = np.where(correct, right, wrong) + varies * rng.normal(size=prompts)[q]
    logit = -by_truth / 2 + spread * rng.normal(size=prompts)[q] + by_truth * correct + effect * (level - 0.5)
    accepted = (rng.random(q.size) < 1 / (1 + np.exp(-logit))) * 1.0
    keys = rng.integers(0, 2**63, prompts, dtype=np.uint64)[q]
    found = spurious_bits(keys, correct, level, accepted, keys)
    if found is None:
        return []
    alarm = Reading("share found at 5 %", float(found.p_value <= 0.05), np.nan, np.nan, float(name[:7] != "nothing"))
    return [Reading.of("I(φ;S|C,Q)", found.bits, truth(name)), alarm]


@cache
def truth(name: str) -> float:
    """Returns E h(Σ_φ F p_φ) - Σ_φ F h(p_φ), averaged over truth, F uniform and normal intercepts and effects."""
    spread, by_truth, wrong, right, varies = WORLDS[name]
    weight = np.exp(-(_GRID**2) / 2)
    weight /= weight.sum()
    effects = _GRID if varies else np.zeros(1)
    effect_weight = weight if varies else np.ones(1)
    total = 0.0
    for correct, slope in ((0, wrong), (1, right)):
        start = -by_truth / 2 + by_truth * correct + spread * _GRID[:, None]
        lean = slope + varies * effects[None, :]
        high, low = (1 / (1 + np.exp(-(start + side * lean / 2))) for side in (1, -1))
        for share in _SHARES:
            mixed = binary_entropy(share * high + (1 - share) * low)
            gain = mixed - share * binary_entropy(high) - (1 - share) * binary_entropy(low)
            total += 0.5 * float(weight @ gain @ effect_weight) / _SHARES.size
    return total


STUDY = Study("beyond", "Bits of a feature beyond the truth, I(φ;S|C,Q)", CELLS, measure, logs=300)
