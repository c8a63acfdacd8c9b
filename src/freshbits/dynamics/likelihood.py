"""How likely the counts of a log are under a law: each round given the round before and the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.dynamics.kernel import grid, split
from freshbits.dynamics.step import Law, advance, step
from freshbits.information import mixing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.dynamics.panel import Panel

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

POINTS = 33


@dataclass(frozen=True)
class Counts:
    """Holds what the likelihood needs of a panel: distinct counts with their chances on the grid, and the start.

    Attributes:
        chance: per round, (codes, points): Binomial(x; n, z) of the round's distinct (n, x).
        hits, sizes: per round, x and n of the distinct counts.
        code: (prompts, rounds): which of them each prompt shows.
        pattern: per step, the distinct (first, now, next) codes of prompts, (patterns, 3), and how often each occurs.
        start: (points,) mass of pass rates in round 0.
        steps: rounds between logged rounds.
        variety: what the log shows of variety inside right and wrong; None where unknown.
        spread: overdispersion of the counts; log-likelihoods are divided by it.
    """

    chance: tuple[Array, ...]
    hits: tuple[Ints, ...]
    sizes: tuple[Ints, ...]
    code: Ints
    pattern: tuple[tuple[Ints, Ints], ...]
    start: Array
    steps: Ints
    variety: Variety | None
    spread: float = 1.0


@dataclass(frozen=True)
class Variety:
    """Holds variety inside classes: how much each class had in round 0, and the share of it left in each round.

    Attributes:
        start: chance that two (wrong, right) rollouts of a prompt differ, in round 0.
        left: (rounds,) unlike pairs inside a class, over those there would be with the variety of the start: given
            how many rollouts were right and wrong, so that it adds to what the counts say.
        weight: (rounds, rounds) inverse of the covariance of `left`.
    """

    start: tuple[float, float]
    left: Array
    weight: Array


def count(panel: Panel, points: int = POINTS) -> Counts:
    """Reduces a panel to distinct counts, the start's distribution and the variety inside classes."""
    chance, hits, sizes, code = [], [], [], []
    z = grid(points)
    for n, x in zip(panel.n.T, panel.x.T, strict=True):
        wide = int(panel.n.max()) + 1
        seen, place = np.unique(n * wide + x, return_inverse=True)
        hits.append(seen % wide)
        sizes.append(seen // wide)
        chance.append(z[None, :] ** hits[-1][:, None] * (1 - z[None, :]) ** (sizes[-1] - hits[-1])[:, None])
        code.append(place)
    asked = panel.n[:, 0] > 0
    fitted = mixing.fit(panel.n[asked, 0], panel.x[asked, 0], np.flatnonzero(asked).astype(np.uint64))
    start = fitted.mass[0] @ split(fitted.grid, points)
    codes = np.stack(code, axis=1)
    return Counts(
        chance=tuple(chance),
        hits=tuple(hits),
        sizes=tuple(sizes),
        code=codes,
        pattern=tuple(_pattern(codes, t) for t in range(codes.shape[1] - 1)),
        start=start,
        steps=panel.steps,
        variety=_variety(panel),
    )


def _pattern(codes: Ints, t: int) -> tuple[Ints, Ints]:
    """Returns the distinct (first, now, next) codes from round t on, and their numbers; `now` is 0 in round 0."""
    now = codes[:, t] if t else np.zeros_like(codes[:, 0])
    found, number = np.unique(np.stack([codes[:, 0], now, codes[:, t + 1]], axis=1), axis=0, return_counts=True)
    return found, number


def _variety(panel: Panel) -> Variety | None:
    """Splits the variety of round 0 into that of wrong and that of right rollouts, by least squares; exact in mean."""
    parts = panel.within()
    if parts is None:
        return None
    wrong, right, inside = parts
    some = ~np.isnan(inside[:, 0])
    if some.sum() < 10:
        return None
    from scipy.optimize import nnls

    (of_wrong, of_right), _ = nnls(np.stack([wrong[some, 0], right[some, 0]], axis=1), inside[some, 0])
    if of_right < 0.02:  # one right answer: what is left is noise
        of_right = 0.0
    known = ~np.isnan(inside)
    possible = np.where(known, of_wrong * wrong + of_right * right, 0.0)
    total = possible.sum(axis=0)
    told = total > 5.0  # elsewhere hardly two rollouts of one class were seen
    left = np.where(told, np.nansum(inside, axis=0) / np.maximum(total, 1e-9), 0.0)
    centred = np.where(told, (np.where(known, inside, 0.0) - left * possible) / np.maximum(total, 1e-9), 0.0)
    covariance = centred.T @ centred
    ridge = np.diag(1e-4 + 1e-3 * np.diagonal(covariance))
    weight = np.linalg.inv(covariance + ridge) * np.outer(told, told)
    return Variety((float(of_wrong), float(of_right)), left, np.asarray(weight, dtype=np.float64))


def log_likelihood(law: Law, counts: Counts) -> float:
    """Returns ln Π_t P(x_{t+1} | x_t, x_0) over prompts under the law, with what the variety inside classes says.

    Exact for three rounds; for more, what rounds between the first and the last but one add is left out. The law of
    one round is `step`; prompts are independent, a prompt that was not asked says nothing.
    """
    points = counts.start.size
    z = grid(points)
    how = step(law, points)
    state = np.diag(counts.start)
    variety = (state.copy(), state.copy())
    first = counts.chance[0]
    left = [_left(state, variety, z, counts.variety)]
    total = 0.0
    for t, gap in enumerate(counts.steps):
        ahead = counts.chance[t + 1].T  # (to, codes)
        for _ in range(int(gap)):
            ahead = how.move @ ahead  # (began or 1, from, codes)
        now = counts.chance[t] if t else np.ones((1, points))
        seen = (state[:, None, :] * now[None]) @ ahead  # (began, code now, code next)
        (began, here, after), number = counts.pattern[t][0].T, counts.pattern[t][1]
        weight = first[began].T
        ratio = (weight * seen[:, here, after]).sum(axis=0) / (weight * (state @ now.T)[:, here]).sum(axis=0)
        total += float(number @ np.log(np.maximum(ratio, 1e-300)))
        for _ in range(int(gap)):
            state, variety = advance(state, variety, how)
        left.append(_left(state, variety, z, counts.variety))
    if counts.variety is not None:
        total += _agreement(np.array(left), counts.variety)
    return total / counts.spread


def left_shape(law: Law, counts: Counts) -> Array:
    """Returns, per round, the variety inside classes that a law leaves, from what there was in round 0."""
    points = counts.start.size
    how = step(law, points)
    state = np.diag(counts.start)
    variety = (state.copy(), state.copy())
    found = [_left(state, variety, grid(points), counts.variety)]
    for gap in counts.steps:
        for _ in range(int(gap)):
            state, variety = advance(state, variety, how)
        found.append(_left(state, variety, grid(points), counts.variety))
    return np.array(found)


def _left(state: Array, variety: tuple[Array, Array], z: Array, known: Variety | None) -> float:
    if known is None:
        return 1.0
    (wrong, right), now = known.start, state.sum(axis=0)
    held = wrong * (variety[0].sum(axis=0) @ (1 - z) ** 2) + right * (variety[1].sum(axis=0) @ z**2)
    return float(held / max(wrong * (now @ (1 - z) ** 2) + right * (now @ z**2), 1e-12))


def scale_of(shape: Array, known: Variety) -> float:
    """Returns the factor on the shares of variety left that fits all rounds best: round 0 is an estimate too."""
    size = float(shape @ known.weight @ shape)
    return float(shape @ known.weight @ known.left) / size if size > 1e-9 else 1.0


def _agreement(shape: Array, known: Variety) -> float:
    """Returns the Gaussian log-likelihood of the variety left, its size in round 0 being free."""
    off = known.left - scale_of(shape, known) * shape
    return float(-0.5 * off @ known.weight @ off)
