"""The pressure curve: expected truth of the best of n, at the logged group size, at two and at four times it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.information.pressure import FAR, best_of_n, pressure_curve, rank_profiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Rows = tuple["NDArray[np.float64]", "NDArray[np.bool_]"]  # scores and truth, shape (prompts, rollouts)


def gaussian(rng: np.random.Generator, prompts: int, size: int) -> Rows:
    """Right rollouts score 1 higher, under unit noise."""
    right = rng.random((prompts, size)) < rng.random((prompts, 1))
    return right + rng.normal(size=right.shape), right


def shifted(rng: np.random.Generator, prompts: int, size: int) -> Rows:
    """The same with a level and a scale of its own for every prompt."""
    right = rng.random((prompts, size)) < rng.random((prompts, 1))
    inner = 1.2 * right + rng.normal(size=right.shape)
    return rng.normal(0, 5, (prompts, 1)) + np.exp(rng.normal(0, 0.7, (prompts, 1))) * inner, right


def heavy(rng: np.random.Generator, prompts: int, size: int) -> Rows:
    """Noise with tails so heavy that the best of many is noise: the curve turns at 8."""
    right = rng.random((prompts, size)) < rng.random((prompts, 1))
    return 2 * right + 0.5 * rng.standard_t(1.5, size=right.shape), right


def hacked(rng: np.random.Generator, prompts: int, size: int) -> Rows:
    """Some rollouts, more on some prompts than on others, break the test and score above everything, wrong."""
    breaks = rng.random((prompts, size)) < rng.beta(0.12, 3.88, (prompts, 1))
    right = ~breaks & (rng.random((prompts, size)) < rng.beta(1, 1.5, (prompts, 1)))
    plain = np.where(right, rng.normal(1, 0.5, right.shape), rng.normal(0, 0.7, right.shape))
    return np.where(breaks, rng.normal(2.5, 0.3, right.shape), plain), right


def opposed(rng: np.random.Generator, prompts: int, size: int) -> Rows:
    """On a third of the prompts right rollouts score lower."""
    right = rng.random((prompts, size)) < rng.beta(1, 2, (prompts, 1))
    gap = rng.choice([1.5, 1.5, -1.5], (prompts, 1))
    return gap * right + rng.normal(size=right.shape) + rng.normal(size=(prompts, 1)), right


def answers(rng: np.random.Generator, prompts: int, size: int) -> Rows:
    """Many wrong answers, most of them rare, each with its own share of passed tests; mostly one right answer."""
    number = 60
    rank = np.arange(1, number + 1)
    stick = rng.beta(0.5, 2 + 0.5 * rank, (prompts, number))
    stick[:, -1] = 1.0
    share = stick * np.cumprod(np.hstack([np.ones((prompts, 1)), 1 - stick[:, :-1]]), axis=1)
    is_right = (rank - 1 == rng.integers(0, 4, (prompts, 1))) & (rng.random((prompts, 1)) < 0.8)
    quality = rng.normal(size=(prompts, 1)) + rng.normal(size=share.shape) + 1.2 * is_right
    tests = rng.integers(4, 40, (prompts, 1))
    passed = np.round(tests / (1 + np.exp(-quality))) / tests
    drawn = (rng.random((prompts, size, 1)) > np.cumsum(share, axis=1)[:, None, :]).sum(axis=2).clip(max=number - 1)
    return np.take_along_axis(passed, drawn, axis=1), np.take_along_axis(is_right, drawn, axis=1)


def levels(rng: np.random.Generator, prompts: int, size: int) -> Rows:
    """A judge's grades 0 to 4, with a mood of its own for every prompt."""
    right = rng.random((prompts, size)) < rng.random((prompts, 1))
    latent = right + rng.normal(size=right.shape) + rng.normal(0, 0.7, (prompts, 1))
    return np.searchsorted([-1.0, 0.0, 1.0, 2.0], latent).astype(np.float64), right


def verdict(rng: np.random.Generator, prompts: int, size: int) -> Rows:
    """A verifier whose true and false positive rates differ between prompts."""
    right = rng.random((prompts, size)) < rng.beta(0.6, 0.8, (prompts, 1))
    rate = np.where(right, rng.beta(8, 2, (prompts, 1)), rng.beta(1, 6, (prompts, 1)))
    return (rng.random(right.shape) < rate).astype(np.float64), right


def trick(rng: np.random.Generator, prompts: int, size: int) -> Rows:
    """One rollout in fifty, on every prompt, holds a trick: it is wrong and scores above a right answer."""
    kind = rng.choice(3, size=(prompts, size), p=[0.48, 0.5, 0.02])
    return kind.astype(np.float64), kind == 1


def tricks(rng: np.random.Generator, prompts: int, size: int) -> Rows:
    """The same, where prompts differ in how often it comes and in how often they are solved."""
    breaks = rng.random((prompts, size)) < rng.beta(0.2, 9.8, (prompts, 1))
    right = ~breaks & (rng.random((prompts, size)) < rng.beta(1, 1, (prompts, 1)))
    return np.where(breaks, 2.0, right), right


WORLDS: dict[str, Callable[[np.random.Generator, int, int], Rows]] = {
    draw.__name__: draw for draw in (gaussian, shifted, heavy, hacked, opposed, answers, levels, verdict, trick, tricks)
}
CELLS: tuple[Cell, ...] = tuple(
    {"rollouts": size, "prompts": prompts, "world": name}
    for size, prompts, names in (
        (4, 100, (*WORLDS,)),
        (8, 100, (*WORLDS,)),
        (8, 300, ("hacked", "answers", "verdict", "trick", "tricks")),
    )
    for name in names
)
MOST = FAR * 16


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws one labelled log and reads its curve."""
    size, prompts, name = int(cell["rollouts"]), int(cell["prompts"]), str(cell["world"])
    rng = np.random.default_rng(seed)
    score, right = WORLDS[name](rng, prompts, size)
    group = np.repeat(rng.choice(2**62, prompts, replace=False).astype(np.uint64), size)
    found = pressure_curve(score.ravel(), right.ravel().astype(np.float64), np.ones(score.size), group, group)
    if found is None:
        return []
    points = {point.n: point.truth for point in found.curve}
    expected = truth(name)
    names = {1: "at n, logged", 2: "at 2 n, projected", 4: "at 4 n, projected"}
    readings = [Reading.of(said, points[times * size], expected[times * size]) for times, said in names.items()]
    shown = {n: value for n, value in expected.items() if n <= FAR * size}
    top = max(shown, key=shown.__getitem__)
    if top == FAR * size:
        readings.append(Reading("peaks named where there is none", float(found.peak is not None), np.nan, np.nan, 0.0))
    else:
        readings.append(Reading("peaks named where there is one", float(found.peak is not None), np.nan, np.nan, 1.0))
        if found.peak is not None:
            held = found.peak.low <= top <= found.peak.high
            readings.append(Reading("named peaks whose range holds it", float(held), np.nan, np.nan, 1.0))
    return readings


@cache
def truth(name: str) -> dict[int, float]:
    """Returns the curve of a world from 40,000 prompts of 64 rollouts: known to about .002."""
    rng = np.random.default_rng(0)
    numbers = 2 ** np.arange(int(np.log2(MOST)) + 1)
    total = np.zeros(numbers.size)
    for _ in range(20):
        score, right = WORLDS[name](rng, 2000, MOST)
        group = np.repeat(np.arange(2000, dtype=np.uint64), MOST)
        profile = rank_profiles(score.ravel(), right.ravel().astype(np.float64), group, MOST)
        total += best_of_n(profile, numbers).mean(axis=0)
    return dict(zip(numbers.tolist(), (total / 20).tolist(), strict=True))


STUDY = Study(
    "pressure", "Expected truth of the best of n: logged (95 %) and projected (90 %)", CELLS, measure, logs=300
)
