"""The race of candidates on pairs: which is learned first, which is relied on, at what price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from freshbits.errors import InputError
from freshbits.probes.crossover import Crossover, crossover
from freshbits.probes.curve import Curve, curve
from freshbits.probes.families import FAMILIES, margins
from freshbits.probes.targets import FEWEST, Target, signs, smallest_cell, target
from freshbits.probes.tokens import Tokens, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from freshbits.probes.pairs import Pairs

FEWEST_PAIRS = 32  # pairs that differ in a feature; fewer make no pass


@dataclass(frozen=True)
class ProbeResult:
    """Holds what the probes say of one candidate.

    Attributes:
        name: the candidate.
        status: "judged", "undecided" or "not_identifiable".
        code: stable code of the reason, None where judged.
        reason: why it is not judged, in one sentence.
        pairs: pairs that differ in it.
        share: share of the pairs where it is known that differ in it.
        agreement: P(it is higher on the accepted text | they differ).
        signal_bits: bits it shares with the signal per pair.
        learned_first: AULC, mean over families.
        relied_on: PSI in bits per pair, mean over families.
        price_bits: description length, mean over families.
        low: least PSI over the families.
        high: greatest PSI over the families.
        crossover: when `beside` becomes the cheaper description of the signal than this one; None without it.
        curves: family -> the curve of its pass.
        against: family -> the curve of `beside`, balanced against this candidate; empty without it.
        beside_agreement: P(`beside` is higher on the accepted text | they differ), on the pairs of `against`.
        leans: whether the signal surely leans one way in it; a learner has no reason to take up anything else.
    """

    name: str
    status: str
    code: str | None
    reason: str | None
    pairs: int
    share: float
    agreement: float
    signal_bits: float
    learned_first: float | None = None
    relied_on: float | None = None
    price_bits: float | None = None
    low: float | None = None
    high: float | None = None
    crossover: Crossover | None = None
    curves: Mapping[str, Curve] | None = None
    against: Mapping[str, Curve] | None = None
    beside_agreement: float | None = None
    leans: bool = False


def race(
    pairs: Pairs,
    candidates: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
    *,
    families: Sequence[str] = ("ngram",),
    seed: int = 0,
    beside: str | None = None,
) -> list[ProbeResult]:
    """Runs one online pass of small models per candidate, and ranks candidates by what will be relied on.

    Per family and candidate one pass over the pairs that differ in it: which text is the higher one? AULC says what is
    learned first, PSI = share · mean_b [1 - h(a acc_b + (1-a)(1-acc_b))] what is relied on, and code length less final
    loss what it costs to describe. With `beside` (truth, say) every candidate is run on the pairs where both are
    known, balanced against it, and it against the candidate.

    Args:
        pairs: accepted and rejected texts; at most a few thousand are needed.
        candidates: name -> (value on each accepted text, value on each rejected text); NaN is unknown.
        families: of "ngram", "cnn", "gru", "transformer"; all but the first need the extra [torch].
        seed: start of the weights and of the hash.
        beside: candidate that all others are compared with.

    Returns:
        The candidates, highest PSI first, those not judged last.

    Raises:
        InputError: for an unknown family or candidate, or values of the wrong length.

    Does not know: what no candidate stands for, what a larger model of another family would find easy, and what a
    candidate costs where hardly any pairs differ in it.

    >>> from freshbits.probes.pairs import Pairs
    >>> pairs = Pairs(["Sure! yes", "Sure! no", "Sure! maybe"] * 60, ["no", "maybe", "yes"] * 60)
    >>> sure = (np.ones(180), np.zeros(180))
    >>> [found] = race(pairs, {"sure": sure})
    >>> found.status, found.agreement, round(found.learned_first, 1)
    ('judged', 1.0, 1.0)
    """
    _check(pairs, candidates, families, beside)
    both = tokens([*pairs.accepted, *pairs.rejected])
    first = Tokens(both.table[: len(pairs)], both.size, both.cut)
    second = Tokens(both.table[len(pairs) :], both.size, both.cut)
    sign = {name: signs(*(np.asarray(v, dtype=np.float64) for v in values)) for name, values in candidates.items()}
    asked: dict[str, Target] = {}
    turned: dict[str, Target] = {}
    against = None if beside is None else sign[beside]
    for name, each in sign.items():
        plain = against is None or name == beside
        asked[name] = target(each, pairs.weights, None if plain else against)
        if not plain and against is not None:
            turned[name] = target(against, pairs.weights, each)
    curves: dict[str, dict[str, Curve]] = {name: {} for name in sign}
    opposite: dict[str, dict[str, Curve]] = {name: {} for name in sign}
    named = [(name, each, curves) for name, each in asked.items()]
    named += [(name, each, opposite) for name, each in turned.items()]
    named = [entry for entry in named if entry[1].place.size >= FEWEST_PAIRS]
    for family in families if named else ():
        passes = margins(family, first, second, [each for _, each, _ in named], seed)
        for (name, goal, into), margin in zip(named, passes, strict=True):
            into[name][family] = curve(margin, goal)
    results = [
        _result(name, asked[name], turned.get(name), curves[name], opposite[name], against, each)
        for name, each in sign.items()
    ]
    return sorted(results, key=lambda r: (r.relied_on is None, -(r.relied_on or 0.0), r.name))


def _result(
    name: str,
    asked: Target,
    turned: Target | None,
    curves: dict[str, Curve],
    opposite: dict[str, Curve],
    against: NDArray[np.float64] | None,
    sign: NDArray[np.float64],
) -> ProbeResult:
    status, code, reason = _status(asked, turned, curves, opposite, against, sign)
    found = ProbeResult(
        name=name,
        status=status,
        code=code,
        reason=reason,
        pairs=int(asked.place.size),
        share=asked.share,
        agreement=asked.agreement,
        signal_bits=asked.bits,
        beside_agreement=None if turned is None else turned.agreement,
        leans=asked.leans,
    )
    if not curves:
        return found
    psi = [each.psi for each in curves.values()]
    price = _mean([each.price_bits for each in curves.values()])
    meets = None
    if opposite and turned is not None and status == "judged":
        meets = crossover((price, _mean([each.price_bits for each in opposite.values()])), (asked.bits, turned.bits))
    return ProbeResult(
        **{
            **vars(found),
            "learned_first": _mean([each.aulc for each in curves.values()]),
            "relied_on": _mean(psi),
            "price_bits": price,
            "low": min(psi),
            "high": max(psi),
            "crossover": meets,
            "curves": curves,
            "against": opposite,
        }
    )


def _status(
    asked: Target,
    turned: Target | None,
    curves: dict[str, Curve],
    opposite: dict[str, Curve],
    against: NDArray[np.float64] | None,
    sign: NDArray[np.float64],
) -> tuple[str, str | None, str | None]:
    if asked.place.size < FEWEST_PAIRS:
        return "undecided", "PROBE_FEW_PAIRS", f"{asked.place.size} pairs differ in it; {FEWEST_PAIRS} make a pass"
    reason = "accepted texts are neither surely higher nor surely lower in it"
    if turned is None or against is None:
        if not any(each.learned for each in curves.values()):
            return "undecided", "PROBE_NOT_LEARNED", "no probe learned it in one pass: these may be too small"
        return ("judged", None, None) if asked.leans else ("undecided", "PROBE_NO_LEAN", reason)
    if turned.place.size < FEWEST_PAIRS:
        return "undecided", "PROBE_FEW_PAIRS", f"{turned.place.size} pairs differ in what it is compared with"
    if smallest_cell(sign, against) < FEWEST:
        apart = "too few pairs tell the two apart: what goes with one goes with the other"
        return "not_identifiable", "PROBE_EMPTY_CELL", apart
    able = [family for family in curves if curves[family].learned or opposite[family].learned]
    if not able:
        return "undecided", "PROBE_NOT_LEARNED", "no probe learned either of them in one pass"
    if not any(opposite[family].learned for family in able):
        harder = "no probe learned the latter in one pass: a learner that knows it already would find it easier"
        return "undecided", "PROBE_TRUTH_NOT_LEARNED", harder
    if not asked.leans:
        return "undecided", "PROBE_NO_LEAN", reason
    if len({curves[family].psi > opposite[family].psi for family in able}) > 1:
        return "undecided", "PROBE_FAMILIES_DIFFER", "families of probes disagree on which is relied on"
    return "judged", None, None


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _check(pairs: Pairs, candidates: Mapping[str, object], families: Sequence[str], beside: str | None) -> None:
    unknown = [family for family in families if family not in FAMILIES]
    if unknown or not families:
        raise InputError(f"no family of probes {unknown or 'was named'}", mend=f"choose of {', '.join(FAMILIES)}")
    if beside is not None and beside not in candidates:
        raise InputError(f"{beside!r} is no candidate", mend=f"choose of {', '.join(candidates)}")
    for name, values in candidates.items():
        if not (isinstance(values, tuple) and len(values) == 2 and all(np.shape(v) == (len(pairs),) for v in values)):
            raise InputError(
                f"candidate {name!r} is not two columns of {len(pairs)} values",
                mend="give (values on the accepted texts, values on the rejected ones)",
            )
