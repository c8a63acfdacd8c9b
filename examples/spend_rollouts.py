"""Spends a round's rollouts where contrast is expected, round after round, and forecasts a loop before it is run.

    python examples/spend_rollouts.py

A toy policy: 400 prompts, each passed with a rate that nobody knows and that nothing changes. `Allocator` suggests
prompts by what it has seen of them and of others like them; beside it as many rollouts go to prompts drawn by lot.
"""

from __future__ import annotations

import sys

import numpy as np

import freshbits as fb

PROMPTS, SAMPLES, ROUNDS, ASKED = 400, 8, 12, 32


def mixed(passes: np.ndarray) -> float:
    """Says which share of the groups holds a rollout that passed and one that did not."""
    return float(np.mean((passes > 0) & (passes < SAMPLES)))


def main() -> int:
    rng = np.random.default_rng(3)
    size = rng.integers(1, 5, PROMPTS)  # digits of the numbers: more of them are harder
    texts = [f"What is {rng.integers(10**d)} + {rng.integers(10**d)}? ({d} digits)" for d in size]
    rates = np.clip(rng.beta(0.6, 0.6, PROMPTS) * np.array([1.0, 1.0, 0.5, 0.02])[size - 1] + (size == 1), 0, 1)
    allocator = fb.Allocator(texts, samples=SAMPLES, seed=3)
    chosen, lots = [], []
    for _ in range(ROUNDS):
        places = np.array(allocator.suggest(ASKED))
        passes = rng.binomial(SAMPLES, rates[places])
        for place, passed in zip(places.tolist(), passes.tolist(), strict=True):
            allocator.observe(place, successes=passed, rollouts=SAMPLES)
        chosen.append(mixed(passes))
        lots.append(mixed(rng.binomial(SAMPLES, rates[rng.integers(PROMPTS, size=ASKED)])))
    late = slice(ROUNDS // 2, None)
    print(f"groups with contrast in the later rounds: {np.mean(chosen[late]):.0%}, by lot {np.mean(lots[late]):.0%}")
    plan = fb.forecast(base_rate=0.3, tpr=0.9, fpr=0.1, keep=32, prompts=500, target=0.95)
    print(f"a loop whose verifier has TPR .9 and FPR .1: first to bind is {plan.binding_risk}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
