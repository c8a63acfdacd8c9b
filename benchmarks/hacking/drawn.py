"""Loops drawn at random: without a shortcut, and with one that comes to explain half of the reward's gain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.worlds.hacked import TRAITS, Hacked
from freshbits.worlds.step import Gradient

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALF = 0.5
GAINED = 0.02  # gain of the reward under which its parts are not worth telling apart
KINDS = (*TRAITS, "style")


def innocent(seed: int) -> Hacked:
    """Draws a loop whose signal sees the answer only; the trait may go along with being right, or with being wrong."""
    rng = np.random.default_rng([seed, 1])
    tpr, fpr = rng.uniform(0.6, 1.0), rng.uniform(0.0, 0.45)
    trait = rng.uniform(0.1, 0.6, 2)
    return Hacked(
        **_common(rng),
        name=str(rng.choice(list(TRAITS))),
        right=float(rng.uniform(0.2, 0.6)),
        tpr=float(tpr),
        fpr=float(fpr),
        lured=float(fpr),
        trait=(float(trait[0]), float(trait[1] if rng.random() < 0.5 else trait[0])),
    )


def lured(seed: int) -> tuple[Hacked, str, int, list[float]]:
    """Draws loops until a shortcut explains half of the gain: returns (loop, its name, that round, truth by round)."""
    rng = np.random.default_rng([seed, 2])
    kind = KINDS[seed % len(KINDS)]
    while True:
        fpr = float(rng.uniform(0.05, 0.3))
        leaky = float(rng.uniform(0.3, 0.6)) if kind == "style" else 0.0
        world = Hacked(
            **_common(rng),
            name="bullets" if kind == "style" else kind,
            right=float(rng.uniform(0.15, 0.4)),
            tpr=float(rng.uniform(0.5, 0.85)),
            fpr=fpr,
            lured=fpr if leaky else float(rng.uniform(0.7, 1.0)),
            trait=(float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.1, 0.3))),
            leaky=leaky,
        )
        states = world.states(seed)
        for at in range(1, world.rounds + 1):
            total, part = _gain(world, states[0], states[at])
            if total > GAINED and part >= HALF * total:
                return world, kind, at, [float(state[:, 0].sum(axis=1).mean()) for state in states]


def _common(rng: np.random.Generator) -> dict[str, Any]:
    climbs = rng.random() < 0.3
    return {
        "prompts": int(rng.choice([80, 120, 200])),
        "answers": int(rng.choice([3, 4, 8])),
        "kept": int(rng.choice([8, 16, 32])),
        "size": int(rng.choice([8, 16])),
        "rounds": int(rng.integers(3, 9)),
        "gradient": Gradient(float(rng.uniform(0.5, 2.0))) if climbs else None,
    }


def _gain(world: Hacked, before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[float, float]:
    """Returns the exact gain of the mean reward, and the part of it that the trait is paid."""

    def shares(state: NDArray[np.float64]) -> tuple[float, float, float]:
        right = state[:, 0].sum(axis=1).mean()
        return float(right), float(state[:, 1:, 1].sum(axis=1).mean()), float(state[:, :, 1].sum(axis=1).mean())

    (right, wrong, shown), (right_2, wrong_2, shown_2) = shares(before), shares(after)
    part = (1 - world.leaky) * (world.lured - world.fpr) * (wrong_2 - wrong) + world.leaky * (shown_2 - shown)
    return part + (1 - world.leaky) * (world.tpr - world.fpr) * (right_2 - right), part
