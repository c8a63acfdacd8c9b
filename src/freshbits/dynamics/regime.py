"""The regime of a law: what it was derived and tested for. Outside it there is a sentence, not a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import OutOfRegimeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def demand(holds: object, sentence: str) -> None:
    """Raises OutOfRegimeError with this sentence unless all of the condition holds.

    >>> demand(np.array([True, True]), "never raised")
    """
    if not np.all(np.asarray(holds)):
        raise OutOfRegimeError(sentence)


def shares(value: ArrayLike, name: str) -> NDArray[np.float64]:
    """Returns the value as an array of shares in [0, 1].

    >>> shares(0.5, "the base rate").item()
    0.5
    """
    array = np.asarray(value, dtype=np.float64)
    demand((array >= 0) & (array <= 1), f"{name} has to lie between 0 and 1.")
    return array


def distributions(value: ArrayLike) -> NDArray[np.float64]:
    """Returns the shares of the answers, of which those along the last axis sum to 1 (to 1e-6).

    >>> distributions([0.5, 0.5]).sum().item()
    1.0
    """
    array = shares(value, "the share of an answer")
    demand(array.ndim >= 1, "a distribution needs the share of every answer.")
    demand(np.abs(array.sum(axis=-1) - 1) <= 1e-6, "the shares of the answers of a prompt have to sum to 1.")
    return array


def kept_rows(value: ArrayLike) -> NDArray[np.float64]:
    """Returns the number of rows kept per prompt and round, at least one; a fitted number may be broken.

    >>> kept_rows(12.5).item()
    12.5
    """
    array = np.asarray(value, dtype=np.float64)
    demand(np.isfinite(array) & (array >= 1), "the rows kept per prompt and round have to be at least one.")
    return array


def whole(value: float, name: str, least: int) -> int:
    """Returns the value as an integer of at least `least`.

    >>> whole(8.0, "rows", 1)
    8
    """
    demand(np.isfinite(value) and value == np.floor(value), f"{name} has to be a whole number.")
    demand(value >= least, f"{name} has to be at least {least}.")
    return int(value)


def past(rounds: ArrayLike) -> NDArray[np.int64]:
    """Returns the rounds as whole numbers from 0 on.

    >>> past([0, 3]).tolist()
    [0, 3]
    """
    array = np.asarray(rounds)
    demand(np.isfinite(array) & (array >= 0) & (array == np.floor(array)), "rounds are whole numbers from 0 on.")
    return array.astype(np.int64)
