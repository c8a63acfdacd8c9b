"""Contrast bits of verdicts with several levels."""

from __future__ import annotations

import numpy as np
from benchmarks.calibration.study import Cell, Reading, Study
from scipy.special import digamma

from freshbits.information.entropy import entropy
from freshbits.information.levels import contrast_bits

# Dirichlet parameters, or (weight, level probabilities) of a few kinds of prompts
_DIRICHLET = {
    "2 levels, flat": (1.0, 1.0),
    "3 levels, flat": (1.0, 1.0, 1.0),
    "4 levels, flat": (1.0, 1.0, 1.0, 1.0),
    "4 levels, sharp": (0.2, 0.2, 0.2, 0.2),
    "4 levels, concentrated": (10.0, 20.0, 5.0, 3.0),
}
_KINDS = {
    "3 levels, two modes": ((0.5, (0.8, 0.15, 0.05)), (0.5, (0.05, 0.15, 0.8))),
    "4 levels, two modes": ((0.5, (0.7, 0.1, 0.1, 0.1)), (0.5, (0.1, 0.1, 0.2, 0.6))),
    "4 levels, 40 % dead": (
        (0.2, (1.0, 0.0, 0.0, 0.0)),
        (0.2, (0.0, 0.0, 0.0, 1.0)),
        (0.3, (0.4, 0.3, 0.2, 0.1)),
        (0.3, (0.1, 0.2, 0.3, 0.4)),
    ),
}
CELLS: tuple[Cell, ...] = tuple(
    {"rollouts": size, "prompts": prompts, "world": name}
    for size in (4, 8, 16)
    for prompts in (100, 300)
    for name in (*_DIRICHLET, *_KINDS)
)


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws the counts of one log and estimates E H(s)."""
    rng = np.random.default_rng(seed)
    name, prompts = str(cell["world"]), int(cell["prompts"])
    if name in _DIRICHLET:
        rates = rng.dirichlet(_DIRICHLET[name], prompts)
    else:
        weights = [weight for weight, _ in _KINDS[name]]
        rates = np.array([rate for _, rate in _KINDS[name]])[rng.choice(len(weights), prompts, p=weights)]
    counts = rng.multinomial(int(cell["rollouts"]), rates).astype(np.int64)
    found = contrast_bits(counts, rng.integers(0, 2**63, prompts, dtype=np.uint64))
    return [Reading.of("contrast bits", found, truth(name))]


def truth(name: str) -> float:
    """Returns E H(s) in bits; under a Dirichlet Σ a_i/A (ψ(A+1) - ψ(a_i+1)) / ln 2."""
    if name in _KINDS:
        return float(sum(weight * entropy(rate) for weight, rate in _KINDS[name]))
    a = np.array(_DIRICHLET[name])
    return float((a / a.sum()) @ (digamma(a.sum() + 1) - digamma(a + 1)) / np.log(2))


STUDY = Study("levels", "Contrast bits of two to four levels, bits per rollout", CELLS, measure, logs=200)
