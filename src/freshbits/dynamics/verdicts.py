"""What a declared filter and base rate give by themselves: ratios, the control number, and what to change first."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.dynamics.fixation import control_number
from freshbits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from freshbits.dynamics.situation import Situation

    Array = NDArray[np.float64]

SAFE = 3.0  # 2 n s p0 at which the right answer still dies in 5 % of loops
NORMAL = 1.6449


def base(given: float | Sequence[float] | tuple[str, float, float]) -> tuple[Array, Array]:
    """Returns pass rates and their weights from a number, a list, or ("beta", a, b).

    >>> rates, weights = base(("beta", 1.0, 3.0))
    >>> round(float(rates @ weights), 3)
    0.25
    """
    if isinstance(given, (int, float)):
        rates = np.array([float(given)])
    elif len(given) == 3 and given[0] == "beta":
        return _beta(float(given[1]), float(given[2]))
    else:
        rates = np.array([float(rate) for rate in given])
    if not rates.size or not ((rates >= 0) & (rates <= 1)).all():
        raise InputError(f"the base rate is {given}, not a share", mend="give numbers between 0 and 1, or beta:a,b")
    return rates, np.full(rates.size, 1.0 / rates.size)


def _beta(a: float, b: float) -> tuple[Array, Array]:
    if not (a > 0 and b > 0):
        raise InputError(f"Beta({a}, {b}) is no distribution", mend="give two positive numbers")
    from scipy.stats import beta

    rates = beta.ppf((np.arange(200) + 0.5) / 200, a, b)
    return rates, np.full(200, 1 / 200)


def channels(s: Situation, draws: int) -> list[tuple[float, float]]:
    """Returns (TPR, FPR) pairs: the declared one first, then quantiles of their intervals; one where both are exact."""
    ends = []
    for name in ("tpr", "fpr"):
        given = getattr(s, name)
        value, low, high = given if isinstance(given, (tuple, list)) else (given, given, given)
        if not 0 <= low <= value <= high <= 1:
            raise InputError(f"{name} is {given}, not a share with its interval")
        ends.append((float(value), float(low), float(high)))
    (tpr, tpr_low, tpr_high), (fpr, fpr_low, fpr_high) = ends
    if tpr == 0 and s.method != "self":
        raise InputError("tpr is 0: a filter that accepts nothing right")
    found = [(tpr, fpr)]
    if tpr_low < tpr_high or fpr_low < fpr_high:
        side = max(int(np.sqrt(draws)), 2)
        at = (np.arange(side) + 0.5) / side
        found += list(
            product(np.interp(at, [0.05, 0.5, 0.95], ends[0][1:2] + ends[0][:1] + ends[0][2:]).tolist(),
                    np.interp(at, [0.05, 0.5, 0.95], ends[1][1:2] + ends[1][:1] + ends[1][2:]).tolist())
        )  # fmt: skip
    return found


def numbers(s: Situation, kept: float, rates: Array, weights: Array) -> dict[str, Any]:
    """Returns J, LR, PPV, the base rate, rows kept, fresh rows, and the control number 2 n ln(LR) p0."""
    tpr, fpr = ((g[0] if isinstance(g, (tuple, list)) else g) for g in (s.tpr, s.fpr))
    if s.method == "self":
        tpr = fpr = 1.0
    rate = float(rates @ weights)
    accepted = rate * tpr + (1 - rate) * fpr
    found: dict[str, Any] = {
        "base_rate": rate,
        "j": tpr - fpr,
        "lr": tpr / fpr if fpr else None,
        "ppv": rate * tpr / accepted if accepted else None,
        "kept": kept * accepted if s.samples is not None else kept,
        "fresh_rows": kept * s.fresh,
    }
    # Linear in the rows kept, which may be fewer than one where few rollouts are accepted.
    each = float(weights @ control_number(rates, tpr / fpr, 1.0)) if fpr and tpr > fpr else None
    found["control_number"] = None if each is None else found["kept"] * each
    return found


def advice(s: Situation, kept: float, found: dict[str, Any], risk: str) -> list[str]:
    """Returns what to change first, in sentences."""
    said = []
    number, ratio = found["control_number"], found["lr"]
    if s.method == "self" or (ratio is not None and ratio <= 1):
        said.append("nothing selects for right answers: a filter with TPR above FPR comes before more rounds")
    if number is not None and number < SAFE and risk.startswith("drift"):
        more = int(np.ceil(kept * SAFE / number))
        said.append(
            f"2 n p0 ln(TPR/FPR) is {number:.2g}; at 3 the right answer still dies in about 5 % of loops: keep about "
            f"{more} rows per prompt, or begin from prompts that the model solves more often"
        )
    if ratio is not None and 1 < ratio < 9 and s.method != "self":
        said.append("halve FPR before raising TPR: false positives cut the ratio, misses only the number of rows")
    if s.fresh and found["fresh_rows"] < 4.5:
        said.append(f"{found['fresh_rows']:.2g} fresh rows per prompt and round; 4.5 keep 90 % of the variety")
    elif risk == "variety inside the accepted class":
        said.append("4.5 fresh rows per prompt and round keep 90 % of the variety, whatever the share; 9.5 keep 95 %")
    return said
