"""RV-info: the bits that a signal says about the truth beyond what the model's own state already says.

Adding the raw signal S to a learner lets S act as one more transform of the belief B, and closed signals then look
open. So everything that B explains is removed first. With m(B) = P(C=1|B) and e(B) = E[S|B], both cross-fitted by
prompt, and r = S - e(B),

    without the signal   logit p0 = a + b logit m + c e
    with the signal      logit p1 = a + b logit m + c e + g r        (fitted on the other folds, lightly penalised)
    I(S→C|B) = E[log2 loss of p0 - log2 loss of p1]                  bits per rollout

    T = E[(C - p0) r]                                                 z = T over its error by prompt

The bits say how much, the orthogonal score T says whether: bits grow with the square of an effect, so a test on
the bits themselves needs four times the rows. "Beyond" takes both: |z| beyond the two-sided 1 % point, and bits worth
the name. Near zero I = T² / (2 ln 2 · E p0 (1-p0) r²), so the interval is made on the root of the bits, where its
width does not shrink with the estimate.

Both sides hold e(B), which is a function of the belief: where S comes from a channel that looks at C alone,
logit P(C|B,S) = logit m + α + β S is exactly of the second form, so nothing is lost by residualising; and where S is
a function of B, the first side already has all of it. A wrong m alone or a wrong e alone does not open a closed
signal (Neyman orthogonality).

What is known of a row without looking at it (round, source, region) enters both sides and is taken off r as well.

What it does not know: information that shows only where the sign of S turns with something outside B; and B is what
was logged, not the model's whole state.

References: Xu et al., arXiv 2002.10689 (usable information); Hewitt et al., arXiv 2109.09234 (conditional);
Chernozhukov et al., arXiv 1608.00060 (orthogonal scores, cross-fitting); Shah & Peters, arXiv 1804.07203.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.ensemble import Design
from freshbits.information.resampling import LEVEL, folds_of
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
UNIT = "bits/rollout"
MATERIAL_BITS = 0.01  # less than this is not worth the name, however sure it is …
MATERIAL_SHARE = 0.02  # … unless it is this share of what the belief leaves open
SURE = 0.995  # two-sided 1 %
_STEPS = 25


@dataclass(frozen=True)
class Told:
    """Holds what the belief tells about the truth, cross-fitted once for a signal and all its controls.

    Attributes:
        right: whether each row is right.
        belief: own-state columns, (rows, columns).
        prompts: prompt key of each row.
        weight: weight of each row.
        fold: fold of each row, by prompt.
        odds: logit m(B) of each row (natural).
        designs: the belief prepared for every fold: rows to fit on, rows to predict.
        context: what is known of a row without looking at it (round, source, region), as numbers, (rows, columns).
    """

    right: NDArray[np.bool_]
    belief: NDArray[np.float64]
    prompts: NDArray[np.uint64]
    weight: NDArray[np.float64]
    fold: NDArray[np.intp]
    odds: NDArray[np.float64]
    designs: tuple[Design, ...]
    context: NDArray[np.float64]


@dataclass(frozen=True)
class Residual:
    """Holds what a signal says beyond the belief.

    Attributes:
        bits: I(S→C|B); the lower end may be negative.
        share: ρ = I / H_V(C|B), the share of what the belief leaves open that the signal closes.
        left: H_V(C|B), bits per rollout that the belief leaves open.
        z: the orthogonal score E[(C - p0) r] over its standard error by prompt; its sign is that of the signal.
        unexplained: mean r² / var S, the share of the signal that the belief does not predict.
        gain: bits of each row.
    """

    bits: Estimate
    share: Estimate
    left: float
    z: float
    unexplained: float
    gain: NDArray[np.float64]

    def beyond(self) -> bool:
        """Tells whether the signal surely says something beyond the belief, and something worth the name."""
        from scipy.stats import t

        bits, share = self.bits.value or 0.0, self.share.value or 0.0
        sure = abs(self.z) > float(t.ppf(SURE, max(self.bits.prompts - 1, 1))) and (self.bits.low or 0.0) > 0.0
        return sure and (bits >= MATERIAL_BITS or share >= MATERIAL_SHARE)

    def nothing(self) -> bool:
        """Tells whether what the signal can say beyond the belief is next to nothing, however the draw fell."""
        high, share = self.bits.high, self.share.high
        return high is not None and high < 2 * MATERIAL_BITS and share is not None and share < 2.5 * MATERIAL_SHARE


def told(
    right: NDArray[np.bool_],
    belief: NDArray[np.float64],
    prompts: NDArray[np.uint64],
    weight: NDArray[np.float64],
    context: NDArray[np.float64] | None = None,
    *,
    seed: int = 0,
) -> Told:
    """Fits P(C=1|B) for every row on other prompts.

    Args:
        right: whether each labelled row is right, (rows,).
        belief: own-state columns, (rows, columns), NaN where not logged.
        prompts: prompt key of each row; folds are by prompt.
        weight: 1 / (inclusion probability of the label · rollouts of the group), so that groups count equally.
        context: what is known of a row without looking at it, (rows, columns): a signal that is milder in an easy
            region than in a hard one tells nothing by that. It enters additively on both sides.
        seed: seed of the boosted trees.

    >>> known = told(np.array([True, False] * 20), np.zeros((40, 0)), np.arange(40, dtype=np.uint64), np.ones(40))
    >>> float(known.odds[0])
    0.0
    """
    import sklearn.ensemble  # noqa: F401 — threads of libraries that are loaded later are not limited
    from threadpoolctl import threadpool_limits

    fold = folds_of(prompts, FOLDS)
    tests = [fold == left for left in range(int(fold.max()) + 1)]
    designs = tuple(Design(belief[_others(test)], belief[test]) for test in tests)
    chance = np.zeros(right.size)
    with threadpool_limits(limits=1):  # histograms of a few thousand rows are slower on several threads
        for test, design in zip(tests, designs, strict=True):
            train = _others(test)
            chance[test] = design.chances(right[train].astype(np.int64), weight[train], 2, seed)[:, 1]
    floor = 1.0 / (2.0 * right.size + 2.0)
    context = np.zeros((right.size, 0)) if context is None else context
    chance = np.clip(chance, floor, 1.0 - floor)
    return Told(right, belief, prompts, weight, fold, np.log(chance / (1.0 - chance)), designs, context)


def expected(known: Told, score: NDArray[np.float64], *, seed: int = 0) -> NDArray[np.float64]:
    """Returns e(B) = E[S|B] for every row, fitted on other prompts: by chances for a verdict, by squares for scores."""
    import sklearn.ensemble  # noqa: F401 — threads of libraries that are loaded later are not limited
    from threadpoolctl import threadpool_limits

    levels, level = np.unique(score, return_inverse=True)
    result = np.zeros(score.size)
    with threadpool_limits(limits=1):
        for left, design in enumerate(known.designs):
            test = known.fold == left
            train = _others(test)
            weight = known.weight[train]
            if levels.size == 2:
                result[test] = design.chances(level[train].astype(np.int64), weight, 2, seed) @ levels
            else:
                result[test] = design.scores(score[train], weight, seed)
    return result


def residual_bits(
    known: Told,
    score: NDArray[np.float64],
    expectation: NDArray[np.float64] | None = None,
    *,
    seed: int = 0,
) -> Residual:
    """Estimates I(S→C|B), the bits that a verdict or score says about the truth beyond the belief.

    Args:
        known: what the belief tells, from `told`.
        score: the signal of each row; verdicts are taken as they are, scores by their ranks.
        expectation: e(B) of each row where it is known; fitted where None.
        seed: seed of the boosted trees.

    Returns:
        Bits with an interval on their root (the lower end is the value itself where that is below 0); standard
        errors are linearised with whole prompts as clusters: se² = Q/(Q-1) Σ_q (Σ_i w_i (v_i - I))² / (Σ w)².

    >>> rng = np.random.default_rng(0); prompts = np.repeat(np.arange(100), 8).astype(np.uint64)
    >>> right = rng.random(800) < 0.5; score = np.where(rng.random(800) < 0.9, right, ~right).astype(float)
    >>> known = told(right, np.zeros((800, 0)), prompts, np.ones(800))
    >>> found = residual_bits(known, score); round(found.bits.value, 1), found.beyond()
    (0.5, True)
    """
    signal = ranks(score, known.weight) if np.unique(score).size > 2 else score
    predicted = expected(known, signal, seed=seed) if expectation is None else expectation
    spread = _spread(signal, known.weight)
    rest = (signal - predicted) / spread if spread > 0 else np.zeros(signal.size)
    rest = rest - _from_context(known, rest)
    without, with_signal, chance = _fitted(known, _standard(predicted, known.weight), rest)
    gain = without - with_signal
    total = known.weight.sum()
    value, left = float(known.weight @ gain / total), float(known.weight @ without / total)
    _, place = np.unique(known.prompts, return_inverse=True)
    count, rows = int(place.max()) + 1, int(signal.size)
    score_parts = known.weight * (known.right - chance) * rest
    error = _error(score_parts, place)
    curve = float(2 * np.log(2) * (known.weight @ (chance * (1 - chance) * rest**2)) / total)
    near = error / total / np.sqrt(curve) if curve > 0 else 0.0
    low, high = _ends(value, _error(known.weight * (gain - value), place) / total, float(near), count)
    method = "residual usable information given the logged belief, cross-fitted by prompt"
    bits = Estimate(value, low, high, LEVEL, UNIT, method, count, rows)
    share, least, most = (min(end / left, 1.0) if left > 0 else 0.0 for end in (value, low, high))
    return Residual(
        bits=bits,
        share=Estimate(share, least, most, LEVEL, "share", "bits over what the belief leaves open", count, rows),
        left=left,
        z=float(score_parts.sum()) / error if error > 0 else 0.0,
        unexplained=float(known.weight @ rest**2 / total),
        gain=gain,
    )


def ranks(score: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the weighted mid-rank of every score, from 0 to 1: heavy tails and units no longer matter.

    >>> ranks(np.array([5.0, 9.0, 5.0, -1.0]), np.ones(4)).tolist()
    [0.5, 0.875, 0.5, 0.125]
    """
    _, place = np.unique(score, return_inverse=True)
    mass = np.bincount(place, weights=weight)
    result: NDArray[np.float64] = ((np.cumsum(mass) - mass / 2) / mass.sum())[place]
    return result


def _fitted(
    known: Told, predicted: NDArray[np.float64], rest: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Returns -log2 P(C) of every row without and with the signal, and p0, all fitted on the other folds."""
    own = np.column_stack([np.ones(rest.size), known.odds, predicted, known.context])
    prior = np.zeros(own.shape[1])
    prior[1] = 1.0
    looseness = np.ones(own.shape[1])
    looseness[0] = 100.0
    both = np.column_stack([own, rest])
    with_signal, odds = np.zeros((2, rest.size))
    for left in range(int(known.fold.max()) + 1):
        test = known.fold == left
        train = _others(test)
        weight = known.weight[train] / known.weight[train].mean()
        right = known.right[train].astype(np.float64)
        slopes = _logit(own[train], right, weight, prior, looseness)
        odds[test] = own[test] @ slopes
        slopes = _logit(both[train], right, weight, np.append(prior, 0.0), np.append(looseness, 1.0))
        with_signal[test] = _bits(both[test] @ slopes, known.right[test])
    without = _bits(odds, known.right)
    return without, with_signal, 1.0 / (1.0 + np.exp(-odds))


def _from_context(known: Told, rest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns what the context alone predicts of the residual, by ridge on the other folds."""
    result = np.zeros(rest.size)
    if known.context.shape[1] == 0:
        return result
    columns = np.column_stack([np.ones(rest.size), known.context])
    for left in range(int(known.fold.max()) + 1):
        test = known.fold == left
        train = _others(test)
        weighted = columns[train].T * (known.weight[train] / known.weight[train].mean())
        slopes = np.linalg.solve(weighted @ columns[train] + np.eye(columns.shape[1]), weighted @ rest[train])
        result[test] = columns[test] @ slopes
    return result


def _logit(
    columns: NDArray[np.float64],
    right: NDArray[np.float64],
    weight: NDArray[np.float64],
    prior: NDArray[np.float64],
    looseness: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Fits a weighted logit by Newton steps, slopes ~ N(prior, looseness)."""
    slopes = prior.copy()

    def cost(at: NDArray[np.float64]) -> float:
        odds = columns @ at
        return float(weight @ (np.logaddexp(0.0, odds) - right * odds) + ((at - prior) ** 2 / looseness).sum() / 2)

    now = cost(slopes)
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(columns @ slopes, -30, 30)))
        gradient = columns.T @ (weight * (right - chance)) - (slopes - prior) / looseness
        curve = (columns.T * (weight * chance * (1 - chance))) @ columns + np.diag(1 / looseness)
        step = np.linalg.solve(curve, gradient)
        step_size = 1.0
        while (then := cost(slopes + step_size * step)) > now and step_size > 1e-6:
            step_size /= 2
        slopes = slopes + step_size * step
        if now - then < 1e-9 * max(abs(now), 1.0):
            break
        now = then
    return slopes


def _bits(odds: NDArray[np.float64], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Returns -log2 P(C) from log-odds."""
    loss: NDArray[np.float64] = np.logaddexp(0.0, np.where(right, -odds, odds)) / np.log(2.0)
    return loss


def _error(parts: NDArray[np.float64], place: NDArray[np.intp]) -> float:
    """Returns the standard error of a sum of parts whose clusters are independent."""
    sums = np.bincount(place, weights=parts)
    return float(np.sqrt((sums**2).sum() * sums.size / max(sums.size - 1, 1)))


def _ends(value: float, error: float, near: float, prompts: int) -> tuple[float, float]:
    """Returns the ends of the interval of the bits: the wider of the one made on the root and the plain one.

    Args:
        value: the bits.
        error: their standard error, which shrinks with the bits themselves.
        near: standard error of the root of the bits near zero, which does not.
        prompts: number of clusters.
    """
    from scipy.stats import t

    times = float(t.ppf(0.5 + LEVEL / 2, max(prompts - 1, 1)))
    if value <= 0.0:
        return value, float((times * near) ** 2)
    root = float(np.sqrt(value))
    half = times * max(near, error / (2 * root))
    return float(max(root - half, 0.0) ** 2), max(value + times * error, float((root + times * near) ** 2))


def _spread(values: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    mean = np.average(values, weights=weight)
    return float(np.sqrt(np.average((values - mean) ** 2, weights=weight)))


def _standard(values: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = _spread(values, weight)
    centred = values - np.average(values, weights=weight)
    return centred / spread if spread > 0 else np.zeros(values.size)


def _others(test: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Returns the rows to fit on; all of them where there is one prompt only."""
    return ~test if not test.all() else test
