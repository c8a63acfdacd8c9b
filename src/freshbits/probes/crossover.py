"""The crossover: from how many rows on the longer of two features is the cheaper description of the signal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Crossover:
    """Holds when the second of two features becomes the cheaper description of the signal.

    Attributes:
        rows: rows from which it is; 0 where it is at once, None where it never is.
        when: "at once", "later" or "never".
    """

    rows: float | None
    when: str


def crossover(price: tuple[float, float], bits: tuple[float, float]) -> Crossover:
    """Computes N* = (L_2 - L_1) / (CE_1 - CE_2), counted in rows (two per pair).

    A learner that describes the signal as briefly as it can follows the feature with the least L + N · CE. The second
    costs no more to describe: at once (it may be overtaken later where it also tells less). It costs more and tells
    no more: never.

    Args:
        price: description lengths L_1, L_2 in bits.
        bits: what each tells of the signal, in bits per pair: CE = 1 - bits.

    References: A Compression Perspective on Simplicity Bias, arXiv 2603.25839.

    >>> crossover((40.0, 240.0), (0.3, 0.5))
    Crossover(rows=2000.0, when='later')
    >>> crossover((40.0, 30.0), (0.3, 0.1)).when, crossover((40.0, 240.0), (0.3, 0.3)).when
    ('at once', 'never')
    """
    if price[1] <= price[0]:
        return Crossover(0.0, "at once")
    if bits[1] <= bits[0]:
        return Crossover(None, "never")
    return Crossover(2 * (price[1] - price[0]) / (bits[1] - bits[0]), "later")
