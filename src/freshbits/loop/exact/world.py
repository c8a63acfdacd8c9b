"""An exact world: what may be right, what the model starts from, what judges it, and what becomes of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import OutOfRegimeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from freshbits.loop.exact.signals import ExactSignal

MOST_ANSWERS, MOST_SAMPLES, MOST_HYPOTHESES = 4, 8, 16


@dataclass(frozen=True)
class ExactWorld:
    """Declares a loop on one prompt that can be enumerated.

    The model's state Z_t is a count vector of rows over answers; it answers a with chance proportional to
    (share of a) ** sharpen, mixed with `explore` of the uniform distribution. Each round it draws `samples` answers,
    the signal accepts some, and with `fresh` rows from outside these become its rows: instead of the old ones
    ("replace"; where there are none the old ones stay) or beside them ("accumulate").

    Which prompt is asked does not depend on X, so several prompts with X of their own add up.

    Attributes:
        right: whether each answer is right under each hypothesis, shape (hypotheses, answers); X is the hypothesis.
        prior: P(hypothesis).
        start: shares from which the first `start_rows` rows are drawn, under each hypothesis: a model that was
            trained on something holds something about X. One row of shares serves all hypotheses.
        start_rows: rows of the first state.
        samples: answers drawn per round.
        signal: what accepts them.
        fresh: rows from outside per round.
        fresh_error: chance that such a row is drawn from all answers and not from the right ones.
        accumulate: whether rows are kept for ever.
        sharpen: power that the shares are raised to (1: as they are; above: a lower temperature).
        explore: share of uniform answers.

    Raises:
        OutOfRegimeError: if it cannot be enumerated (more than 4 answers, 8 samples, 16 hypotheses) or a probability is
            none.

    >>> from freshbits.loop.exact.signals import Verifier
    >>> one_of(3, start=[0.4, 0.3, 0.3], signal=Verifier(0.9, 0.1)).entropy  # log2(3)
    1.584962500721156
    """

    right: NDArray[np.bool_]
    prior: NDArray[np.float64]
    start: NDArray[np.float64]
    start_rows: int
    samples: int
    signal: ExactSignal
    fresh: int = 0
    fresh_error: float = 0.0
    accumulate: bool = False
    sharpen: float = 1.0
    explore: float = 0.0

    def __post_init__(self) -> None:
        hypotheses, answers = self.right.shape
        _demand(2 <= answers <= MOST_ANSWERS, f"an exact world has 2 to {MOST_ANSWERS} answers, not {answers}")
        _demand(hypotheses <= MOST_HYPOTHESES, f"an exact world has at most {MOST_HYPOTHESES} hypotheses")
        _demand(1 <= self.samples <= MOST_SAMPLES, f"an exact world draws 1 to {MOST_SAMPLES} samples a round")
        _demand(1 <= self.start_rows <= MOST_SAMPLES, f"an exact world starts from 1 to {MOST_SAMPLES} rows")
        _demand(0 <= self.fresh <= MOST_SAMPLES, f"an exact world takes 0 to {MOST_SAMPLES} fresh rows a round")
        _demand(bool(self.right.any(axis=1).all()), "under every hypothesis some answer is right")
        _demand(self.prior.shape == (hypotheses,) and _is_law(self.prior), "the prior is a distribution")
        _demand(self.start.shape == (hypotheses, answers) and _is_law(self.start), "the start is a distribution")
        _demand(0 <= self.fresh_error <= 1 and 0 <= self.explore <= 1, "fresh_error and explore are shares")
        _demand(0 < self.sharpen < np.inf, "sharpen is a positive power")

    @property
    def entropy(self) -> float:
        """H(X) in bits: all that can ever be held."""
        from freshbits.loop.exact.bits import plogp

        return float(plogp(self.prior).sum())

    @property
    def fresh_shares(self) -> NDArray[np.float64]:
        """Distribution of a fresh row under each hypothesis, shape (hypotheses, answers)."""
        truth = self.right / self.right.sum(axis=1, keepdims=True)
        return np.asarray((1 - self.fresh_error) * truth + self.fresh_error / self.right.shape[1])

    def shares(self, states: NDArray[np.int64]) -> NDArray[np.float64]:
        """Returns P(answer | state), shape (states, answers)."""
        raised = (states / states.max(axis=1, keepdims=True)) ** self.sharpen
        share = raised / raised.sum(axis=1, keepdims=True)
        return np.asarray((1 - self.explore) * share + self.explore / states.shape[1])


def one_of(
    answers: int,
    *,
    start: ArrayLike,
    signal: ExactSignal,
    prior: Sequence[float] | None = None,
    start_rows: int = 4,
    samples: int = 4,
    fresh: int = 0,
    fresh_error: float = 0.0,
    accumulate: bool = False,
    sharpen: float = 1.0,
    explore: float = 0.0,
) -> ExactWorld:
    """Declares the world in which exactly one answer is right, a priori each (or by `prior`).

    Args:
        answers: number of answers, 2 to 4.
        start: shares of the model's first rows. A vector (answers,) is relative to the truth: its first entry is the
            share of the right answer, so the start holds something about X unless they are equal. A matrix
            (hypotheses, answers) is taken as it is.
        signal: what accepts samples.
        prior: P(answer a is the right one).
        start_rows: see `ExactWorld`, as the others.
        samples: answers drawn per round.
        fresh: rows from outside per round.
        fresh_error: share of these that is drawn from all answers.
        accumulate: whether rows are kept for ever.
        sharpen: power of the shares.
        explore: share of uniform answers.
    """
    shares = np.asarray(start, dtype=np.float64)
    if shares.ndim == 1:
        shares = np.stack([np.roll(shares, place) for place in range(answers)])
    law = np.full(answers, 1 / answers) if prior is None else np.asarray(prior, dtype=np.float64)
    return ExactWorld(
        right=np.eye(answers, dtype=bool),
        prior=law,
        start=shares,
        start_rows=start_rows,
        samples=samples,
        signal=signal,
        fresh=fresh,
        fresh_error=fresh_error,
        accumulate=accumulate,
        sharpen=sharpen,
        explore=explore,
    )


def _is_law(probabilities: NDArray[np.float64]) -> bool:
    return bool((probabilities >= 0).all() and np.allclose(probabilities.sum(axis=-1), 1, atol=1e-9))


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise OutOfRegimeError(otherwise + ".")
