"""The calculator: what becomes of a loop that is declared in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.dynamics import accumulate, verdicts
from freshbits.dynamics.crossing import crossing
from freshbits.dynamics.kernel import grid, split
from freshbits.dynamics.step import Law, advance, began, step
from freshbits.dynamics.tolerance import LEVEL, likely
from freshbits.errors import InputError
from freshbits.results import Estimate, Projection

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.dynamics.situation import Situation

    Array = NDArray[np.float64]

POINTS = 65
DRAWS = 9  # laws drawn from the intervals of TPR and FPR
LONG = 300  # rounds after which a loop counts as ended
TRIES = (1, 8, 32)  # k of pass@k
FORM = "resampling and selection, exact for tabular loops"


def project(situation: Situation) -> Projection:
    """Projects a declared loop: accuracy, pass@k, variety, ceiling, and which risk binds first, with 90 % intervals.

    Every prompt is a pass rate p that one round turns into Binomial(n, p̃)/n, p̃ = r p / (r p + 1 - p), r = TPR/FPR
    (`step`); intervals hold the chance over so many prompts and what is open about TPR and FPR.
    Assumes a full refit in every round and nothing shared between prompts: a network moves more slowly (its n is a
    fitted n_e) and learns from one prompt about another. Sources: Wright 1931, Genetics 16 (drift); Kimura 1962,
    Genetics 47 (fixation).

    Raises:
        InputError: if a number is impossible or one is missing.

    >>> from freshbits.dynamics.situation import Situation
    >>> out = project(Situation(base_rate=0.05, tpr=0.9, fpr=0.5, keep=8, prompts=500, target=0.95))
    >>> out.binding_risk
    'drift loses the right answer before selection finds it'
    """
    _checked(situation)
    declared = {key: value for key, value in asdict(situation).items() if value is not None}
    if situation.method == "grpo":
        return Projection(
            status="not_judged",
            code="FORECAST_NO_STEP",
            reason="how far a policy gradient moves per round cannot be declared, only fitted to logged rounds",
            needs="freshbits forecast LOG, with three logged rounds of the same prompts",
            situation=declared,
        )
    kept = _kept(situation)
    rates, weights = verdicts.base(situation.base_rate)
    channels = verdicts.channels(situation, DRAWS)
    paths = [_path(situation, kept, tpr, fpr, rates, weights) for tpr, fpr in channels]
    return _told(situation, declared, kept, paths, rates, weights)


@dataclass(frozen=True)
class _Path:
    """Holds one law's course by round: accuracy and variety left, how far chance moves each, share dead, pass@k."""

    accuracy: Array
    spread: Array
    variety: Array
    varied: Array
    dead: Array
    passed: Array


def _path(s: Situation, kept: float, tpr: float, fpr: float, rates: Array, weights: Array) -> _Path:
    ratio = 1.0 if s.method == "self" else np.inf if fpr == 0 else tpr / fpr
    if s.pool == "accumulate":
        rows = accumulate.path(ratio, kept, rates, weights, s.prompts, LONG)
        return _Path(*rows)
    sampled = s.samples is not None
    law = Law(ratio, kept * tpr if sampled else kept, s.fresh, sampled, tpr if s.method != "self" else 1.0)
    how = step(law, POINTS)
    z = grid(POINTS)
    fall = split((1.0 - s.recorruption) * z, POINTS) if s.recorruption else None
    state = began(weights, rates, POINTS)
    variety = (state.copy(), state.copy())
    found = []
    for number in range(LONG + 1):
        now = state.sum(axis=0)
        right = float(now @ z**2)
        left = float(variety[1].sum(axis=0) @ z**2) / right if right > 1e-12 else 0.0
        mean = float(now @ z)
        spread = float(np.sqrt(max(now @ z**2 - mean**2, 0.0) / s.prompts))
        varied = accumulate.chance(left, now, z, s.prompts)
        found.append((mean, spread, left, varied, now[0], [float(now @ (1 - (1 - z) ** k)) for k in TRIES]))
        if number < LONG:
            state, variety = advance(state, variety, how)
            if fall is not None:
                state, variety = state @ fall, (variety[0] @ fall, variety[1] @ fall)
    columns = [np.array([row[i] for row in found]) for i in range(6)]
    return _Path(*columns)


def _told(
    s: Situation, declared: dict[str, Any], kept: float, paths: list[_Path], rates: Array, weights: Array
) -> Projection:
    numbers = verdicts.numbers(s, kept, rates, weights)
    ceiling = _limit(paths, "accuracy", s)
    alive = np.array([1.0 - path.dead[-1] for path in paths])
    to_target = _rounds_to(paths, s) if s.target is not None else None
    risk = _risk(s, paths[0])
    return Projection(
        status="judged",
        reason=None
        if s.target is None or to_target is None or to_target.value is not None
        else "the target is not met",
        situation=declared,
        numbers=numbers,
        form=FORM,
        binding_risk=risk,
        diversity_half_life=_crossing([path.variety for path in paths], 0.5, s, falling=True),
        rounds_to_target=to_target,
        ceiling=ceiling,
        fixation=_estimate(alive[:, None], np.sqrt(alive * (1 - alive) / s.prompts)[:, None], 0, s, "share of prompts"),
        trajectory=_rows(paths, s),
        advice=verdicts.advice(s, kept, numbers, risk),
    )


def _rows(paths: list[_Path], s: Situation) -> list[dict[str, Any]]:
    accuracy = np.stack([path.accuracy for path in paths])
    chance = np.stack([path.spread for path in paths])
    variety = np.stack([path.variety for path in paths])
    varied = np.stack([path.varied for path in paths])
    passed = [np.stack([path.passed[:, i] for path in paths]) for i in range(len(TRIES))]
    return [
        {
            "round": number,
            "accuracy": _estimate(accuracy, chance, number, s, "share"),
            "diversity": _estimate(variety, varied, number, s, "share of the start's"),
            "pass_at": {
                str(k): _estimate(each, chance, number, s, "probability") for k, each in zip(TRIES, passed, strict=True)
            },
        }
        for number in range(s.rounds + 1)
    ]


def _estimate(mean: Array, spread: Array, at: int, s: Situation, unit: str) -> Estimate:
    """Returns the declared law's value with the interval over laws and chance."""
    _, low, high, _ = likely(mean[:, at], spread[:, at])
    value = float(mean[0, at])
    return Estimate(value, min(low, value), max(high, value), LEVEL, unit, FORM, s.prompts, 0)


def _limit(paths: list[_Path], name: str, s: Situation) -> Estimate:
    return _estimate(
        np.stack([getattr(path, name) for path in paths]),
        np.stack([path.spread for path in paths]),
        -1,
        s,
        f"share, after {LONG} rounds",
    )


def _rounds_to(paths: list[_Path], s: Situation) -> Estimate:
    assert s.target is not None
    wide = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    early = [np.minimum(path.accuracy + wide * path.spread, 1.0) for path in paths]
    late = [path.accuracy - wide * path.spread for path in paths]
    middle = _crossing([paths[0].accuracy], s.target, s)
    first, last = _crossing(early, s.target, s), _crossing(late, s.target, s)
    return Estimate(middle.value, first.low, last.high, LEVEL, "rounds", FORM, s.prompts, 0)


def _crossing(courses: list[Array], level: float, s: Situation, *, falling: bool = False) -> Estimate:
    """Returns the round at which the courses meet a level (the first one's, and the ends over all); None: never."""
    found = [crossing(path, level, falling=falling) for path in courses]
    ends = [None if not np.isfinite(end) else float(end) for end in (found[0], min(found), max(found))]
    low = float(LONG) if ends[1] is None else ends[1]  # not within so many rounds
    return Estimate(ends[0], low, ends[2], LEVEL, "rounds", FORM, s.prompts, 0)


def _risk(s: Situation, path: _Path) -> str:
    """Names what binds first, in words."""
    rises = path.accuracy[-1] - path.accuracy[0]
    met = np.flatnonzero(path.accuracy >= s.target) if s.target is not None else np.array([], dtype=np.int64)
    if rises < -0.005:
        return "the filter prefers wrong answers" if not s.recorruption else "right answers are lost faster than found"
    if s.target is not None and met.size:
        at = int(met[0])
        return "variety inside the accepted class" if path.variety[at] < 0.5 else "none before the target"
    if path.dead[-1] > 0.5 * (1.0 - path.accuracy[-1]) and path.dead[-1] > 0.05:
        return "drift loses the right answer before selection finds it"
    if s.target is not None:
        return "the ceiling is below the target"
    return "variety inside the accepted class" if path.variety[-1] < 0.5 else "none"


def _kept(s: Situation) -> float:
    given = [number for number in (s.keep, s.keep_total, s.samples) if number is not None]
    if len(given) != 1:
        raise InputError("rows kept are declared once", mend="give one of --keep, --keep-total, --samples")
    kept = float(s.keep_total / s.prompts if s.keep_total is not None else given[0])
    if not kept >= 1:
        raise InputError(f"{kept:.2g} rows per prompt and round", mend="keep at least one row per prompt")
    return kept


def _checked(s: Situation) -> None:
    for name, low, high in (("fresh", 0.0, 1.0), ("recorruption", 0.0, 1.0)):
        if not low <= getattr(s, name) < high:
            raise InputError(f"{name} is {getattr(s, name)}, not a share below 1")
    if s.target is not None and not 0 < s.target < 1:
        raise InputError(f"the target is {s.target}, not an accuracy between 0 and 1")
    if s.prompts < 1 or s.rounds < 1:
        raise InputError("a loop has at least one prompt and one round")
    if s.pool not in ("replace", "accumulate"):
        raise InputError(f"the pool is {s.pool!r}", mend="use replace or accumulate")
    if s.method not in ("self", "sft", "rft", "grpo"):
        raise InputError(f"the method is {s.method!r}", mend="use self, sft, rft or grpo")
    if s.pool == "accumulate" and (s.fresh or s.recorruption or s.samples is not None):
        raise InputError(
            "an accumulating pool is projected for a fixed number kept, without fresh rows or recorruption"
        )
