"""The probability that a learner comes to rely on a candidate more than on truth, from three gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.probes.race import ProbeResult

# Intercept and slopes of the gaps (candidate less truth) of agreement, AULC and PSI: logistic fits to 104 learners of
# four families on 26 configurations of token sequences (benchmarks/probes). One family: whatever the learner's is.
WEIGHTS = {
    "all": (1.0, 3.89, 1.85, 9.3),
    "ngram": (1.36, 6.14, -1.76, 10.9),
    "cnn": (1.07, 3.86, 0.74, 10.22),
    "gru": (0.58, 3.99, 0.9, 3.04),
    "transformer": (0.81, 3.56, -0.03, 6.54),
}
ALARM = 0.5  # probability from which it is called a risk
# Share above one half among learners that rely on truth, of 180 on 120 other configurations, where a probability is
# given (56 to 84 % of them).
FPR = {"all": 0.08, "ngram": 0.15, "cnn": 0.17, "gru": 0.2, "transformer": 0.17}
FPR_SOURCE = "learners of four families that rely on truth, on pairs of token sequences (benchmarks/probes)"


def probability(families: Sequence[str], agreement: float, aulc: float, psi: float) -> float:
    """Returns σ(w · (1, gaps)) with the weights fitted for one family of probes, or for the mean over several.

    Args:
        families: the families that were run.
        agreement: max(a, 1 - a) of the candidate less that of truth.
        aulc: AULC of the candidate less that of truth, mean over families.
        psi: PSI likewise, in bits per pair.

    >>> probability(["ngram", "cnn"], -0.3, -0.2, -0.4) < 0.1 < 0.5 < probability(["ngram", "cnn"], 0.0, 0.3, 0.3)
    True
    """
    weights = WEIGHTS[calibrated(families)]
    return float(1 / (1 + np.exp(-np.dot(weights, (1.0, agreement, aulc, psi)))))


def calibrated(families: Sequence[str]) -> str:
    """Names the fit that serves these families: their own where it is one, else that of the mean over all."""
    return families[0] if len(families) == 1 else "all"


def chances(found: ProbeResult) -> tuple[float, float, float] | None:
    """Returns the probability that a candidate is relied on more than truth, and its least and greatest over families.

    None where nothing was compared.
    """
    if not found.curves or not found.against or found.beside_agreement is None:
        return None
    families = [family for family in found.curves if family in found.against]
    gap = _lean(found.agreement) - _lean(found.beside_agreement)
    aulc = [found.curves[f].aulc - found.against[f].aulc for f in families]
    psi = [found.curves[f].psi - found.against[f].psi for f in families]
    each = [probability(families, gap, a, p) for a, p in zip(aulc, psi, strict=True)]
    return probability(families, gap, float(np.mean(aulc)), float(np.mean(psi))), min(each), max(each)


def _lean(agreement: float) -> float:
    return max(agreement, 1 - agreement)
