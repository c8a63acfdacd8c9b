"""The predictor: learners weighted by what they say of prompts they have not seen, and the base rate where that is not
better.

Every learner is fitted five times, each time without a fifth of the prompts, and speaks about that fifth. Their logits
are added up with weights that are not negative (stacking; Wolpert, Neural Networks 1992), fitted to the other four
fifths, so that every prompt has a rate that its own verdicts had no part in: those are scored, and those are believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from freshbits.remedies.prediction.betabinomial import worth
from freshbits.remedies.prediction.encode import Encoder
from freshbits.remedies.prediction.learners import Boosting, Mean, Regression, Tried
from freshbits.remedies.prediction.scores import difference, log_loss

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from freshbits.remedies.prediction.encode import Encoded, Raw
    from freshbits.remedies.prediction.learners import Learner

FOLDS = 5
FEWEST = 40  # prompts below which the base rate is all there is
ENOUGH = 80  # prompts from which words and trees are tried
BOTH = 15.0  # rollouts of the rarer verdict that they need
MANY = 50  # groups of prompts from which they are kept together
SURE = 1.645  # standard errors by which a learner has to be better to be believed


@dataclass(frozen=True)
class Predictor:
    """Holds what states the pass rate of any prompt.

    Attributes:
        kind: what is believed: "learned", the mean of a field ("dataset"), or "base rate".
        encoder: how prompts become numbers.
        learners: name -> learner, fitted to all prompts.
        weights: intercept, then one weight per learner, of their logits.
        crossed: rate of every prompt that was tried, without its own verdicts.
        base, field: the same of the base rate, and of the best field's mean (None where there is none).
        worth: rollouts that a stated rate is worth; None where nothing tells.
    """

    kind: str
    encoder: Encoder
    learners: dict[str, Learner]
    weights: NDArray[np.float64]
    crossed: NDArray[np.float64]
    base: NDArray[np.float64]
    field: NDArray[np.float64] | None
    field_name: str | None
    learned: NDArray[np.float64] | None
    worth: float | None

    def predict(self, raw: Raw) -> NDArray[np.float64]:
        """States the pass rate of prompts, none of them among those that were tried."""
        import sklearn.ensemble  # noqa: F401 — as above
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):
            encoded = self.encoder.transform(raw)
            stated = [_logit(learner.predict(encoded)) for learner in self.learners.values()]
        return _sigmoid(self.weights[0] + np.stack(stated, axis=1) @ self.weights[1:])


def fit(raw: Raw, successes: NDArray[np.float64], rollouts: NDArray[np.float64], seed: int = 0) -> Predictor:
    """Learns pass rates from prompts that were tried.

    What is believed is the base rate, unless the mean of a field's level is better by 1.6 standard errors on prompts
    it has not seen; unless the learners together are better than that by as much.

    Args:
        raw: the prompts.
        successes, rollouts: of each, above 0 rollouts; weighted ones need not be whole numbers.
        seed: of the folds.

    It does not know prompts that differ from those tried in ways that no column tells.

    >>> import polars as pl
    >>> from freshbits.remedies.prediction.encode import Raw
    >>> kind = ["easy", "hard"] * 100
    >>> raw = Raw.of(pl.DataFrame({"kind": kind}))
    >>> passed = np.random.default_rng(0).binomial(4, [0.9 if k == "easy" else 0.1 for k in kind]).astype(float)
    >>> found = fit(raw, passed, np.full(200, 4.0))
    >>> found.kind, found.predict(Raw.of(pl.DataFrame({"kind": ["easy", "hard", "new"]}))).round(1).tolist()
    ('kind', [0.9, 0.1, 0.5])
    """
    import sklearn.ensemble  # noqa: F401 — threads of libraries that are loaded later are not limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # histograms of a few thousand rows are slower on several threads
        return _fit(raw, successes, rollouts, seed)


def _fit(raw: Raw, successes: NDArray[np.float64], rollouts: NDArray[np.float64], seed: int) -> Predictor:
    tried = Tried(successes, rollouts, _share(successes, rollouts))
    encoder = Encoder.fit(raw)
    encoded = encoder.transform(raw)
    names = _names(encoded, tried, bool(encoded.dense.shape[1]) or raw.words is not None)
    folds = _folds(raw.kin, seed)
    crossed = {name: _crossed(raw, tried, maker, folds) for name, maker in names.items()}
    loss = {name: log_loss(rates, successes, rollouts) for name, rates in crossed.items()}
    means = [name for name in names if name not in ("regression", "boosting")]
    fields = [name for name in means if name != BASE]
    best = min(fields, key=lambda name: float(loss[name].mean())) if fields else None
    kind, chosen = BASE, [BASE]
    rates = crossed[BASE]
    if best is not None and _better(loss[BASE], loss[best]):
        kind, chosen, rates = best, [best], crossed[best]
    weights = np.array([0.0, 1.0])
    learned = None
    if "regression" in names:
        together = [best or BASE, "regression", "boosting"]
        logits = _logit(np.stack([crossed[name] for name in together], axis=1))
        learned = _stacked(logits, tried, folds)
        if _better(log_loss(rates, successes, rollouts), log_loss(learned, successes, rollouts)):
            kind, chosen, rates, weights = "learned", together, learned, _weights(logits, tried)
    return Predictor(
        kind=kind,
        encoder=encoder,
        learners={name: names[name](encoded, tried) for name in chosen},
        weights=weights,
        crossed=rates,
        base=crossed[BASE],
        field=None if best is None else crossed[best],
        field_name=best,
        learned=learned,
        worth=worth(rates, successes, rollouts),
    )


BASE = "base rate"


def _names(encoded: Encoded, tried: Tried, has: bool) -> dict[str, Callable[[Encoded, Tried], Learner]]:
    """Names the learners that there are prompts enough for."""
    found: dict[str, Callable[[Encoded, Tried], Learner]] = {BASE: partial(Mean.fit, field=None)}
    if tried.rollouts.size < FEWEST:
        return found
    for name, number in encoded.fields.items():
        if np.unique(number).size > 1:
            found[name] = partial(Mean.fit, field=name)
    failed = tried.rollouts - tried.successes
    if has and tried.rollouts.size >= ENOUGH and min(tried.successes.sum(), failed.sum()) >= BOTH:
        found |= {"regression": Regression.fit, "boosting": Boosting.fit}
    return found


def _folds(kin: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Parts the prompts into five; those that share a date or a source's number stay together, where there are many.

    Else such a number would be learned as a name: it tells the rates of its own prompts only, and seems to tell more.
    """
    groups, place = np.unique(kin, return_inverse=True)
    rng = np.random.default_rng(seed)
    if groups.size < MANY:
        return np.asarray(rng.permutation(kin.size) % FOLDS, dtype=np.int64)
    return np.asarray((rng.permutation(groups.size) % FOLDS)[place], dtype=np.int64)


def _crossed(
    raw: Raw, tried: Tried, maker: Callable[[Encoded, Tried], Learner], folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    rates = np.empty(tried.rollouts.size)
    for fold in range(FOLDS):
        out = np.flatnonzero(folds == fold)
        if not out.size:
            continue
        rest = np.flatnonzero(folds != fold)
        encoder = Encoder.fit(raw.take(rest))
        learner = maker(encoder.transform(raw.take(rest)), tried.take(rest))
        rates[out] = learner.predict(encoder.transform(raw.take(out)))
    return rates


def _stacked(logits: NDArray[np.float64], tried: Tried, folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns the stacked rate of every prompt, with weights fitted to the other folds."""
    rates = np.empty(logits.shape[0])
    for fold in range(FOLDS):
        out, rest = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        weights = _weights(logits[rest], tried.take(rest))
        rates[out] = _sigmoid(weights[0] + logits[out] @ weights[1:])
    return rates


def _weights(logits: NDArray[np.float64], tried: Tried) -> NDArray[np.float64]:
    """Fits intercept and weights, none negative, by weighted log loss; a weak ridge holds them to equal shares."""
    from scipy.optimize import minimize

    columns = logits.shape[1]
    passed, asked = tried.weight * tried.successes, tried.weight * tried.rollouts
    start = np.concatenate([[0.0], np.full(columns, 1 / columns)])

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        score = weights[0] + logits @ weights[1:]
        away = weights - start
        value = float((asked * np.logaddexp(0, score) - passed * score).sum() + away @ away)
        slope = asked * _sigmoid(score) - passed
        return value, np.concatenate([[slope.sum()], logits.T @ slope]) + 2 * away

    bounds = [(None, None), *[(0, None)] * columns]
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x, dtype=np.float64)


def _better(before: NDArray[np.float64], after: NDArray[np.float64]) -> bool:
    mean, low, _ = difference(before, after)
    return mean > 0 and mean - SURE * (mean - low) / 1.959964 > 0


def _share(successes: NDArray[np.float64], rollouts: NDArray[np.float64]) -> float:
    """Returns the share of the variance of verdicts that lies between prompts: 1 / (worth of the base rate + 1)."""
    base = np.full(rollouts.size, (successes.sum() + 0.5) / (rollouts.sum() + 1))
    found = worth(base, successes, rollouts)
    return 0.0 if found is None else 1 / (found + 1)


def _logit(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    kept = np.clip(rates, 0.002, 0.998)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float64)


def _sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -40, 40))), dtype=np.float64)
