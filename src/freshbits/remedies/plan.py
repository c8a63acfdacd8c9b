"""The plan: ways to train at hand, by expected task bits per cost, with where each would lead and what that rests on.

Three ways: group-relative updates (GRPO) on a signal, filtering by a signal and retraining on what it accepts (RFT),
and supervised training on references (SFT). Group-relative updates are offered all of I(C;S|Q); filtering only the part
in accepted rollouts (`information.accepted`). What is offered is not what is absorbed: no ratio is claimed between the
two, and the bits of a reference, a code length under the model's own state, are never ranked against either.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from freshbits.criteria.budget import budget
from freshbits.criteria.channel import channel
from freshbits.criteria.labelled import labelled
from freshbits.criteria.openness import openness
from freshbits.dynamics.verifier import relative_time
from freshbits.planned import Leaning, Plan, Way
from freshbits.remedies.plan_bits import offered
from freshbits.remedies.plan_projected import Start, differing, ends, filtered, reinforced, start
from freshbits.remedies.plan_references import references

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freshbits.criteria.inputs import Evidence
    from freshbits.results import Budget, Channel, Estimate, Openness

LEAST = 0.01  # bits per rollout: less is not worth a rank
SURE = 0.05
ROUNDS = 5
CONTRAST = "contrast"

OFFERED = "task bits are what a way is offered per rollout, not what a learner absorbs of them"
LAWS = (
    "projections hold for the log's own prompts, a full refit in every round and errors by chance: a network moves "
    "more slowly and learns from one prompt about another; errors that are systematic break them"
)


def plan_of(
    evidence: Evidence,
    *,
    rollout: float = 1.0,
    calls: Mapping[str, float] | None = None,
    reference: float | None = None,
    rounds: int = ROUNDS,
    trained: str | None = None,
    has_references: bool = False,
    unit: str = "rollouts",
    progress: Callable[[str], None] | None = None,
) -> Plan:
    """Plans from what was counted of a log; see `freshbits.plan`.

    Args:
        evidence: the counts.
        rollout: cost of one rollout.
        calls: signal -> cost of one verdict.
        reference: cost of one reference; None where not known.
        rounds: rounds to project.
        trained: "grpo" where the rounds of this log were made by group-relative updates: their step is fitted then.
        has_references: whether the log holds references.
        unit: what costs are counted in, in words.
        progress: called with what is being done, in words.
    """
    found: list[Way] = []
    for signal in evidence.tally.values:
        if progress is not None:
            progress(f"planning with {signal}")
        cost = rollout + (calls or {}).get(signal, 0.0)
        found += _ways(evidence, signal, cost, rounds, trained)
    ranked = _ranked(found)
    notes = [OFFERED]
    if any(way.projection for way in ranked):
        notes.append(LAWS)
    if evidence.filtered is not None:
        notes.append(f"the log hides groups without contrast ({evidence.filtered}): bits per rollout are too high")
    return Plan(plan=[*ranked, references(evidence, reference, has_references)], unit=unit, rounds=rounds, notes=notes)


def _ways(evidence: Evidence, signal: str, cost: float, rounds: int, trained: str | None) -> list[Way]:
    """Returns group-relative updates and filtering on one signal."""
    carried = budget(evidence, signal)
    told = channel(evidence, signal)
    origin = openness(evidence, signal, carried)
    shared = Way(
        signal=signal,
        method="grpo",
        currency=CONTRAST,
        task_bits=None,
        cost=cost,
        origin=origin.origin,
        openness=origin.verdict,
        precision=told.ppv,
        base_rate=told.base_rate,
    )
    offer = offered(evidence, signal, carried, told)
    code, reason, needs = _refused(evidence, signal, carried, told, origin, offer.grpo)
    found = []
    begin = _begin(evidence, signal, told)
    if not isinstance(begin, str) and offer.joint is not None and (apart := differing(begin, offer.joint, rounds)):
        begin = apart
    for method, bits in (("grpo", offer.grpo), ("rft", offer.rft)):
        why = (code, reason, needs)
        if code is None and (bits is None or bits.value is None):
            bounded = f"the log bounds what {method} on {signal} is offered, and no more"
            why = ("PLAN_BOUNDS", bounded, evidence.more_labels(signal))
        way = replace(
            shared,
            method=method,
            task_bits=bits,
            per_cost=_over(bits, cost) if why[0] is None else None,
            status="judged" if why[0] is None else "not_judged",
            code=why[0],
            reason=why[1],
            needs=why[2],
        )
        found.append(_projected(evidence, way, begin, rounds, trained))
    return found


def _begin(evidence: Evidence, signal: str, told: Channel) -> Start | str:
    """Returns where a loop would begin, or why that is not known."""
    rows = labelled(evidence.tally, signal) if told.tpr is not None and not evidence.pairs else None
    if rows is None:
        return "a projection needs a verdict, and truth on some rows"
    return start(evidence.tally.of(signal), rows, evidence.tally.values[signal].high or 1.0)


def _refused(
    evidence: Evidence, signal: str, carried: Budget, told: Channel, origin: Openness, bits: Estimate | None
) -> tuple[str | None, str | None, str | None]:
    """Says why a signal gives no way a rank: code, reason, command."""
    if carried.status != "judged":
        return carried.code or "PLAN_NO_BITS", carried.reason, carried.needs
    if told.status != "judged":
        reason = "without truth on some rows only the most it could bring is known"
        return ("PLAN_NO_TRUTH", reason, told.needs) if not evidence.truth else (told.code, told.reason, told.needs)
    if told.j is not None and told.j.high is not None and told.j.high < 0:
        return "PLAN_AGAINST_TRUTH", f"{signal} prefers wrong answers: training on it leads away", None
    if origin.verdict == "closed":
        reason = f"{signal} brings nothing that the model does not hold: training on it can sharpen, and adds nothing"
        return "PLAN_CLOSED", reason, origin.needs
    sure = bits is not None and (
        told.p_value < SURE if told.p_value is not None else bits.low is not None and bits.low > 0
    )
    if bits is None or not sure or (bits.value or 0.0) < LEAST:
        return "PLAN_NOTHING", f"{signal} carries no task bits for certain", evidence.more_labels(signal)
    return None, None, None


def _projected(evidence: Evidence, way: Way, begin: Start | str, rounds: int, trained: str | None) -> Way:
    """Adds the projection and what it rests on, or why there is none."""
    signal = str(way.signal)
    if isinstance(begin, str):
        return replace(way, unprojected=begin)
    if way.method == "rft":
        leanings = [_leaning(begin, rounds, name) for name in ("tpr", "fpr", "rollouts per prompt")]
        return replace(way, projection=filtered(begin, rounds), leanings=leanings)
    way = replace(way, slower=float(relative_time(begin.tpr[0], begin.fpr[0])))
    if trained != "grpo":
        why = "its step can only be fitted: plan again with --trained grpo if such updates made the rounds of this log"
        return replace(way, unprojected=why)
    path = reinforced(evidence.tally.of(signal), begin, rounds)
    return replace(way, unprojected=path) if isinstance(path, str) else replace(way, projection=path)


def _leaning(begin: Start, rounds: int, name: str) -> Leaning:
    low, high, accuracy = ends(begin, rounds, name)
    return Leaning(assumption=name, low=low, high=high, bits=None, accuracy=accuracy, turns=None)


def _ranked(found: list[Way]) -> list[Way]:
    """Returns the ways in order of task bits per cost, ranked ones first."""

    def worth(way: Way) -> float:
        return (way.per_cost.value if way.per_cost is not None else None) or 0.0

    order = sorted((way for way in found if way.status == "judged"), key=worth, reverse=True)
    clear: list[bool | None] = [_above(one.per_cost, two.per_cost) for one, two in pairwise(order)]
    ranked = [
        replace(way, rank=number, clear=sure, leanings=[*_costly(way, order), *way.leanings])
        for number, (way, sure) in enumerate(zip(order, [*clear, None], strict=False), start=1)
    ]
    return ranked + [way for way in found if way.status != "judged"]


def _costly(way: Way, order: list[Way]) -> list[Leaning]:
    """Says whether half or twice the cost, or either end of the bits, would change the way's place."""
    if way.per_cost is None or way.per_cost.value is None or way.cost is None or way.task_bits is None:
        return []
    place = order.index(way)
    others = [other.per_cost.value or 0.0 for other in order if other is not way and other.per_cost is not None]
    bits = way.task_bits
    told = []
    for name, low, high, ends_ in (
        ("cost", way.cost / 2, way.cost * 2, (2 * way.per_cost.value, way.per_cost.value / 2)),
        ("task bits", bits.low, bits.high, (way.per_cost.low, way.per_cost.high)),
    ):
        if low is None or high is None or None in ends_:
            continue
        worth = [float(end) for end in ends_ if end is not None]
        turns = any(sum(other > end for other in others) != place for end in worth)
        told.append(Leaning(assumption=name, low=low, high=high, bits=worth, accuracy=None, turns=turns))
    return told


def _above(one: Estimate | None, two: Estimate | None) -> bool:
    return bool(one and two and one.low is not None and two.high is not None and one.low > two.high)


def _over(bits: Estimate | None, cost: float) -> Estimate | None:
    if bits is None or cost <= 0:
        return None
    value, low, high = (None if end is None else end / cost for end in (bits.value, bits.low, bits.high))
    return replace(bits, value=value, low=low, high=high, unit="bits per cost")
