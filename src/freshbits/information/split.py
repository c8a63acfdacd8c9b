"""What a score pays for inside a group, split by name: truth, and what is paid beyond the truth.

Inside a group, score = β_C C + Σ_k β_k φ_k + rest. Every β_k comes from inside (group, truth) cells, where rollouts
are equally right: what is paid there is not paid for being right. Features enter one at a time, the surest first, each
given those before it, until none is surer than chance would make the surest of all that were looked at; each is looked
at three times: what it is paid in all rows, among wrong ones (where a verifier is fooled) and among right ones. So of
ten features that go together (characters, words, lines) the one that carries the effect is named, and the rest only
if it adds to it.

The response of the mean score to one step of selection by the score is proportional to Σ β Cov(score, ·) over truth
and features (Robertson's and Price's covariance); `Split.share` is what each of them takes of it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.information.resampling import LEVEL, MIN_PROMPTS, folds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 40
MOST = 4  # features named at most
MIN_CELLS = 30  # cells in which score and some feature vary; fewer say nothing
RIDGE = 1e-9
AMONG = ("all", "wrong", "right")
ALIKE = 0.7  # correlation inside cells from which a feature is another name of one that is chosen
NAMED = 0.8  # of the surest feature's t is enough for a feature like it that stands before it


@dataclass(frozen=True)
class Split:
    """Holds the named features and what they take.

    Attributes:
        chosen: columns of the features that are paid for beyond the truth, in the order they entered.
        p_value: of each chosen feature when it entered, times the number of features looked at (Bonferroni).
        effect: β of each chosen feature per unit of it, given the others; shape (1 + folds, chosen), all rows first.
        truth_effect: β_C; shape (1 + folds,); zeros without truth.
        share: of the predicted response: truth, then each chosen feature; shape (1 + folds, 1 + chosen).
        reach: the largest share that a feature which was not chosen could take at its 95 % upper end; None where a
            feature was chosen or none could be looked at.
        looked_at: number of features that vary inside cells.
        columns: the chosen features as they entered (in all rows, or 0 where a row is not among those that are paid),
            shape (rows, chosen): effect times change of their mean is what each added to the mean score.
        among: rows in which each chosen feature is paid: "all", "wrong" or "right".
    """

    chosen: tuple[int, ...]
    p_value: tuple[float, ...]
    effect: NDArray[np.float64]
    truth_effect: NDArray[np.float64]
    share: NDArray[np.float64]
    reach: float | None
    looked_at: int
    columns: NDArray[np.float64]
    among: tuple[str, ...]


def split(
    score: NDArray[np.float64],
    right: NDArray[np.bool_] | None,
    features: NDArray[np.float64],
    unit: NDArray[np.uint64],
    prompt: NDArray[np.uint64],
    weight: NDArray[np.float64] | None = None,
    centre: NDArray[np.float64] | None = None,
    *,
    pooled: bool = False,
) -> Split | None:
    """Splits what a score pays for inside units into truth and named features.

    Args:
        score: the score of each row, shape (rows,).
        right: whether the row is right; None where nobody knows, then what truth is paid cannot be taken apart.
        features: a column per feature, shape (rows, features), no NaN; effects are linear in the columns as given. Of
            features that go together closely, the one that stands first is named.
        unit: group of each row, or whatever is held fixed.
        prompt: prompt key of each row; prompts are the unit of the delete-a-fold jackknife (40 folds).
        weight: 1 / inclusion probability of each row; 1 where None.
        centre: value of each feature at which being right is priced (their means in the first round, say); their means
            over all rows where None.
        pooled: whether the units are few and large (all judged pairs are one): prompts are counted instead of cells.

    Returns:
        None where fewer than 30 cells hold two scores and two values of some feature.

    It does not see a feature whose effect changes sign from prompt to prompt, nor one that never varies inside a cell,
    and it takes effects of features as additive. Named is what goes with the score, not what causes it: a feature that
    was not looked at can stand behind one that was.

    References: Robertson, Biometrics 22 (1966) 95; Price, Nature 227 (1970) 520; Frisch & Waugh, Econometrica 1 (1933).

    >>> rng = np.random.default_rng(0); q = np.repeat(np.arange(900), 8).astype(np.uint64)
    >>> right, long, bold = (rng.random((3, q.size)) < 0.5)
    >>> paid = ((rng.random(q.size) < 0.2 + 0.4 * right + 0.3 * long) * 1.0)
    >>> found = split(paid, right, np.stack([bold, long], axis=1) * 1.0, q, q)
    >>> found.chosen, np.round(found.share[0], 2).tolist()  # .64 : .36
    ((1,), [0.6, 0.4])
    """
    within = _cells(unit, right)
    telling = np.unique(prompt).size if pooled else _telling(score, features, within)
    if telling < MIN_CELLS or np.unique(prompt).size < MIN_PROMPTS:
        return None
    weight = np.ones(score.size) if weight is None else weight
    _, place = np.unique(unit, return_inverse=True)
    root = np.sqrt(weight / np.bincount(place, weights=weight)[place])[:, None]
    fold = folds_of(prompt, FOLDS)
    folds = int(fold.max()) + 1
    features = features - (np.average(features, axis=0, weights=weight) if centre is None else centre)
    every = features if right is None else np.hstack([features, features * ~right[:, None], features * right[:, None]])
    grams = _leave_out(_centred(np.column_stack([every, score]), within, weight) * root, fold, folds)
    spread = np.diag(grams[0])[:-1]
    vary = np.flatnonzero(spread > 1e-9 * np.maximum(every.var(axis=0), 1e-300) * len(grams[0]))
    chosen, p_values, refused = _enter(grams, vary, folds, features.shape[1])
    effect = _solve(grams, chosen)
    truth = np.zeros(score.size) if right is None else right * 1.0
    whole = leave_out_moments(np.column_stack([every, score, truth]), unit, weight, fold)
    truth_effect, share, reach = _shares(whole, chosen, effect, refused)
    return Split(
        chosen=tuple(k % features.shape[1] for k in chosen),
        p_value=tuple(p_values),
        effect=effect,
        truth_effect=truth_effect,
        share=share,
        reach=reach,
        looked_at=int(np.unique(vary % features.shape[1]).size),
        columns=every[:, chosen],
        among=tuple(AMONG[k // features.shape[1]] for k in chosen),
    )


def leave_out_moments(
    columns: NDArray[np.float64], unit: NDArray[np.uint64], weight: NDArray[np.float64], fold: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Returns second moments inside units, units counting equally: of all rows, then with each fold left out.

    Args:
        columns: shape (rows, k).
        unit: what is held fixed.
        weight: of each row.
        fold: fold of each row; a unit lies in one.

    Returns:
        Shape (1 + folds, k, k).

    >>> columns = np.array([[0.0, 1.0], [2.0, 1.0], [5.0, 0.0], [5.0, 4.0]])
    >>> leave_out_moments(columns, np.array([0, 0, 1, 1]), np.ones(4), np.array([0, 0, 1, 1]))[0].round(6).tolist()
    [[1.0, 0.0], [0.0, 4.0]]
    """
    _, place = np.unique(unit, return_inverse=True)
    root = np.sqrt(weight / np.bincount(place, weights=weight)[place])[:, None]
    return _leave_out(_centred(columns, place, weight) * root, fold, int(fold.max()) + 1)


def _shares(
    whole: NDArray[np.float64],
    chosen: list[int],
    effect: NDArray[np.float64],
    refused: list[tuple[int, float, float]],
) -> tuple[NDArray[np.float64], NDArray[np.float64], float | None]:
    """Works out β_C, what truth and the chosen features take of the response, and what an unseen feature could take."""
    score, truth = whole.shape[1] - 2, whole.shape[1] - 1
    with_score = whole[:, score, :]
    left = whole[:, truth, score] - np.einsum("fk,fk->f", effect, whole[:, truth, :][:, chosen])
    varies = whole[:, truth, truth] > 1e-12
    truth_effect = np.where(varies, left / np.where(varies, whole[:, truth, truth], 1.0), 0.0)
    taken = np.column_stack([truth_effect * with_score[:, truth], effect * with_score[:, chosen]])
    total = taken.sum(axis=1, keepdims=True)
    some = np.abs(total) > 1e-12
    share = np.where(some, taken / np.where(some, total, 1.0), 0.0)
    reach = None
    if not chosen and refused:
        most = [max(beta * with_score[0, k], bound * with_score[0, k], 0.0) for k, beta, bound in refused]
        reach = float(max(part / (part + max(float(taken[0, 0]), 1e-12)) for part in most))
    return truth_effect, share, reach


def _enter(
    grams: NDArray[np.float64], vary: NDArray[np.intp], folds: int, features: int
) -> tuple[list[int], list[float], list[tuple[int, float, float]]]:
    """Lets features in, the surest first; returns them, their p-values, and (feature, β, far end) of those refused."""
    from scipy.stats import t

    chosen: list[int] = []
    p_values: list[float] = []
    far = float(t.ppf((1 + LEVEL) / 2, folds - 1))
    refused: list[tuple[int, float, float]] = []
    while len(chosen) < MOST:
        found: list[tuple[float, int, float, float]] = []
        for k in vary.tolist():
            if k % features in {c % features for c in chosen} or any(_alike(grams[0], k, c) for c in chosen):
                continue
            beta = _solve(grams, [*chosen, k])[:, -1]
            with np.errstate(over="ignore"):  # of a feature that varies in one fold alone β has no error
                error = float(np.sqrt((folds - 1) / folds * ((beta[1:] - beta[1:].mean()) ** 2).sum()))
            if 0 < error < np.inf:
                found.append((abs(float(beta[0])) / error, k, float(beta[0]), error))
        if not chosen:
            refused = [(k, beta, beta + float(np.sign(beta)) * far * error) for _, k, beta, error in found]
        if not found:
            break
        sure, k, _, _ = max(found, key=lambda entry: (entry[0], -entry[1]))
        adjusted = float(min(2 * t.sf(sure, folds - 1) * vary.size, 1.0))  # of all looks, also among wrong and right
        if adjusted > 1 - LEVEL:
            break
        # Of two names for one thing, the one that stands first: a feature before a word that comes with it.
        k = min((c for s, c, _, _ in found if s >= NAMED * sure and _alike(grams[0], c, k)), key=lambda c: c % features)
        chosen.append(k)
        p_values.append(adjusted)
    return chosen, p_values, refused


def _alike(gram: NDArray[np.float64], one: int, other: int) -> bool:
    """Tells whether two features go together inside cells so closely that they are two names of one thing."""
    return bool(abs(gram[one, other]) >= ALIKE * np.sqrt(gram[one, one] * gram[other, other]))


def _solve(grams: NDArray[np.float64], chosen: list[int]) -> NDArray[np.float64]:
    """Returns the regression of the last column on the chosen ones, per replicate."""
    if not chosen:
        return np.zeros((len(grams), 0))
    inner = grams[:, chosen, :][:, :, chosen]
    scale = np.sqrt(np.maximum(np.diagonal(inner, axis1=1, axis2=2), 1e-300))
    # A feature that does not vary without some fold has no effect there, and leaves the others solvable.
    scaled = inner / (scale[:, :, None] * scale[:, None, :]) + RIDGE * np.eye(len(chosen))
    outer = grams[:, chosen, -1] / scale
    solved: NDArray[np.float64] = np.linalg.solve(scaled, outer[:, :, None])[:, :, 0] / scale
    return solved


def _leave_out(columns: NDArray[np.float64], fold: NDArray[np.intp], folds: int) -> NDArray[np.float64]:
    """Returns second moments of the columns: of all rows, then with each fold left out; (1 + folds, k, k)."""
    order = np.argsort(fold, kind="stable")
    edges = np.searchsorted(fold[order], np.arange(folds + 1))
    sorted_ = columns[order]
    parts = np.stack([sorted_[a:b].T @ sorted_[a:b] for a, b in itertools.pairwise(edges)])
    total = parts.sum(axis=0)
    return np.concatenate([total[None], total - parts])


def _centred(columns: NDArray[np.float64], place: NDArray[np.intp], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the columns less their weighted mean in each place."""
    size = np.bincount(place, weights=weight)
    means = np.stack([np.bincount(place, weights=column * weight) / size for column in columns.T], axis=1)
    return np.asarray(columns - means[place], dtype=np.float64)


def _cells(unit: NDArray[np.uint64], right: NDArray[np.bool_] | None) -> NDArray[np.intp]:
    """Numbers the cells of rows that share their unit and their truth."""
    _, place = np.unique(unit, return_inverse=True)
    if right is None:
        return place.astype(np.intp)
    _, cell = np.unique(place * 2 + right, return_inverse=True)
    return cell.astype(np.intp)


def _telling(score: NDArray[np.float64], features: NDArray[np.float64], cell: NDArray[np.intp]) -> int:
    """Counts the cells in which the score and at least one feature vary."""
    varies = np.abs(_centred(np.column_stack([features, score]), cell, np.ones(score.size))) > 1e-12
    both = np.stack([np.bincount(cell, weights=column) > 0 for column in varies.T], axis=1)
    return int((both[:, -1] & both[:, :-1].any(axis=1)).sum())
