"""What a rollout of a prompt is expected to carry, under a Beta(a, b) belief of its pass rate p. All closed forms.

A rule takes a and b, arrays of one shape, and returns a score of that shape; larger is better. A group of n rollouts of
one prompt moves a policy by its within-group differences, whose sum of squares is (n - 1) p (1-p) on average: so the
score of one call is (1 - 1/n) E[p(1-p)], and that is what `allocate` spends calls by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from freshbits.errors import OutOfRegimeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Rule(Protocol):
    """Describes what scores prompts by what is believed of them."""

    def __call__(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns a score per prompt; larger is better, 0 is worth nothing."""
        ...


def expected_variance(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Computes E[p(1-p)] = ab / ((a+b)(a+b+1)): the variance within a group that is to be expected.

    It is m(1-m) · (a+b)/(a+b+1), m the mean: what is not known is worth less than what is known to be mixed, since a
    rate that may be anything may also be 0 or 1.

    >>> expected_variance([1, 8, 0.1], [1, 8, 0.1]).round(3).tolist()
    [0.167, 0.235, 0.042]
    """
    first, second = _parameters(a, b)
    both = first + second
    return np.asarray(first * second / (both * (both + 1)))


def expected_deviation(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Computes E[√(p(1-p))] = B(a+½, b+½) / B(a, b): the rule where advantages are divided by the group's deviation.

    Divided so, a mixed group pushes by √(p(1-p)), not by p(1-p): rare verdicts weigh more, and prompts that hardly pass
    are worth more of the calls.

    >>> expected_deviation([1, 800, 50], [1, 800, 950]).round(3).tolist()
    [0.393, 0.5, 0.217]
    """
    from scipy.special import betaln

    first, second = _parameters(a, b)
    return np.asarray(np.exp(betaln(first + 0.5, second + 0.5) - betaln(first, second)))


def plug_in(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Computes m(1-m), m = a/(a+b): what a rule that looks at difficulty alone goes by. It is blind to evidence.

    >>> plug_in([1, 8, 0.1], [1, 8, 0.1]).tolist()
    [0.25, 0.25, 0.25]
    """
    first, second = _parameters(a, b)
    return np.asarray(first * second / (first + second) ** 2)


def expected_bits(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Computes E[h(p)] in bits: the contrast bits that one rollout is to be expected to carry.

    E[h(p)] = (ψ(a+b+1) - (a ψ(a+1) + b ψ(b+1)) / (a+b)) / ln 2.

    >>> expected_bits([1, 32], [1, 32]).round(3).tolist()
    [0.721, 0.989]
    """
    from scipy.special import psi

    first, second = _parameters(a, b)
    both = first + second
    nats = psi(both + 1) - (first * psi(first + 1) + second * psi(second + 1)) / both
    return np.asarray(np.maximum(nats, 0.0) / np.log(2))


def information(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Computes h(m) - E[h(p)] in bits: what one more verdict says about p itself.

    That is information about the prompt, for whoever keeps the belief; it is not information for the policy.

    >>> information([1, 2, 8], [1, 2, 8]).round(3).tolist()
    [0.279, 0.158, 0.044]
    """
    first, second = _parameters(a, b)
    m = first / (first + second)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -(np.where(m > 0, m * np.log2(m), 0.0) + np.where(m < 1, (1 - m) * np.log2(1 - m), 0.0))
    return np.asarray(np.maximum(entropy - expected_bits(first, second), 0.0))


def mixed(a: ArrayLike, b: ArrayLike, n: int) -> NDArray[np.float64]:
    """Computes P(a group of n is mixed) = 1 - Π (a+i)/(a+b+i) - Π (b+i)/(a+b+i), i = 0 … n-1.

    >>> mixed([1, 400], [1, 400], 8).round(3).tolist()
    [0.778, 0.992]
    """
    first, second = _parameters(a, b)
    passed, failed = np.ones_like(first), np.ones_like(first)
    for i in range(n):
        passed = passed * (first + i) / (first + second + i)
        failed = failed * (second + i) / (first + second + i)
    return np.asarray(np.maximum(1.0 - passed - failed, 0.0))


def through(tpr: float, fpr: float) -> Rule:
    """Returns the rule for a verifier that errs: E[p(1-p)] of the truth, under a belief of the accepted share.

    With s = fpr + (tpr - fpr) p accepted on average, p(1-p) = (s - fpr)(tpr - s) / (tpr - fpr)²; the mean over
    Beta(a, b) has a closed form, taken as 0 where it is below. Without it a prompt that is solved goes on looking
    mixed, since its verdicts still differ: by the verifier's errors.

    Raises:
        OutOfRegimeError: if tpr is not above fpr, or one of them is no probability.

    >>> rule = through(0.9, 0.1)
    >>> rule(np.array([90.0, 50.0]), np.array([10.0, 50.0])).round(3).tolist()
    [0.0, 0.246]
    """
    if not 0 <= fpr < tpr <= 1:
        raise OutOfRegimeError(f"tpr {tpr:g} and fpr {fpr:g} are no verifier that tells right from wrong")

    def score(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        first, second = _parameters(a, b)
        both = first + second
        mean = first / both
        square = mean * (first + 1) / (both + 1)
        return np.asarray(np.maximum((tpr + fpr) * mean - square - tpr * fpr, 0.0) / (tpr - fpr) ** 2)

    return score


def _parameters(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if not (np.all(first > 0) and np.all(second > 0)):
        raise OutOfRegimeError("a and b of a Beta have to be above 0")
    return first, second
