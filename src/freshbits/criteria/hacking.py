"""Hacking: what the signal pays for besides the truth, what it has cost so far, and what the learner will take first.

Judged from the log as it is, so it is an audit, not a forecast: what the current policy never does cannot be seen to be
paid for. Without truth the candidates are ranked and the gain is split all the same, but a shortcut and a skill look
alike, and no risk is given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.examples import examples
from freshbits.criteria.gained import gained
from freshbits.criteria.labelled import labelled
from freshbits.criteria.overtaking import overtaking
from freshbits.criteria.paid import BLIND, RULES, TOTAL, Paid, alarm_rate, paid
from freshbits.criteria.race import beyond, race
from freshbits.criteria.sampled import scored_sample
from freshbits.criteria.summed import summed
from freshbits.results import Candidate, Hacking, Shortcut

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence
    from freshbits.criteria.labelled import Labelled
    from freshbits.results import Json

DRAWS = 40  # logs with verdicts in random order, for the log's own alarm rate
LARGE, FEWER = 10_000, 20  # rows from which so many draws have to do
OWN = 8  # signals whose own alarm rate is drawn: those that a page shows; further ones have none
MIN_ROWS = 200  # labelled rows; fewer show a shortcut only where it is the whole signal
FPR = 0.0075  # upper end (95 %) of 0 alarms in 400 loops
FPR_SOURCE = "at most so often in tabular loops without a shortcut: 0 of 400 (benchmarks/hacking)"


def hacking(evidence: Evidence, signal: str) -> Hacking:
    """Ranks what a signal follows inside a prompt and, with truth, judges whether it pays for anything else.

    `at_risk`: some feature is paid for among equally right rollouts (surer than chance would make the surest of all
    looked at) and takes 5 % or more of the response to selection by the signal (a component of the reward: half).
    `none_found`: none does, and none of those looked at could take a quarter unseen. Else `undetermined`.
    `risk` is the share of the response that the named features take; it is no probability. `first` is the feature that
    has taken most of the gain so far (in a log of one round: of the response).
    """
    features = race(evidence, signal)
    if not evidence.truth:
        return _without_truth(evidence, signal, features)
    rows = labelled(evidence.tally, signal)
    if rows is None or rows.score.size < MIN_ROWS:
        number = 0 if rows is None else rows.score.size
        return _unjudged(
            "HACK_FEW_LABELS",
            f"{number} labelled rows; {MIN_ROWS} or more can tell what is paid for besides the truth",
            features,
            needs=evidence.more_labels(signal),
        )
    if np.array_equal(rows.score, rows.truth):
        return _unjudged(
            "HACK_TRUTH_IS_SIGNAL", "the truth column repeats the signal: nothing is paid beside it", features
        )
    features = beyond(evidence, signal, features, rows)
    if signal == TOTAL and evidence.weights:
        return _of_total(evidence, features, rows)
    found = paid(evidence, signal, rows.rows, rows.score, rows.right, rows.weight)
    if found is None:
        return _unjudged(
            "HACK_FEW_CELLS",
            "too few groups hold equally right rollouts that differ in the verdict and in anything looked at",
            features,
            needs=evidence.more_labels(signal),
        )
    return _judged(evidence, signal, features, found)


def _judged(evidence: Evidence, signal: str, features: list[Candidate], found: Paid) -> Hacking:
    gain = gained(found)
    risky = found.risky()
    # Both ways round, what is paid for one half of the pairs is paid for the other: only one of them is told.
    told = [
        place for place, among in enumerate(found.split.among, 1) if among == "all" or not found.pairs or place in risky
    ]
    named = [_named(evidence, found, place, gain, matters=place in risky) for place in told]
    named.sort(key=lambda entry: (not entry.matters, -_taken(entry)))
    verdict, reason = "at_risk", None
    if not risky:
        reach = found.split.reach
        if named or (reach is not None and reach < BLIND):
            verdict, reason = "none_found", f"none of the {found.split.looked_at} looked at takes a share that matters"
        else:
            verdict, reason = (
                "undetermined",
                "a feature could take a quarter of the response unseen",
            )
    own = None
    if signal in list(evidence.tally.values)[:OWN]:
        own = alarm_rate(found, DRAWS if found.score.size < LARGE else FEWER)
    risk = sum(max(found.share(place).value or 0.0, 0.0) for place in risky)
    return Hacking(
        status="judged",
        reason=reason,
        needs=evidence.more_labels(signal) if verdict == "undetermined" else None,
        verdict=verdict,
        risk=min(risk, 1.0) if verdict != "undetermined" else None,
        first=named[0].name if risky else None,
        fpr=FPR,
        fpr_source=FPR_SOURCE,
        own_alarm_rate=own,
        gain=gain,
        features=features,
        shortcuts=named,
        looked_at=found.split.looked_at,
    )


def _of_total(evidence: Evidence, features: list[Candidate], rows: Labelled) -> Hacking:
    """Judges a weighted sum by its components: at risk where those that do not go with truth take half of its gain."""
    found = summed(evidence, rows.rows, rows.score, rows.right, rows.weight)
    if found is None:
        return _unjudged("HACK_FEW_CELLS", "the components of the total are not all logged, or do not vary", features)
    split, truthful = found
    gain = gained(split)
    taken = [gain[-1]["by"][name]["value"] if gain else None for name in split.names]
    total = gain[-1]["total"] if gain else None
    grew = total is not None and (total["low"] or 0.0) > 0
    share = [
        part / total["value"] if grew and total is not None and part is not None else split.share(place).value or 0.0
        for place, part in enumerate(taken, start=1)
    ]
    risk = sum(max(part, 0.0) for part, good in zip(share, truthful, strict=True) if not good)
    at_risk = risk >= RULES
    named = [
        _named(evidence, split, place, gain, matters=at_risk and not good and share[place - 1] > 0)
        for place, good in enumerate(truthful, start=1)
    ]
    named.sort(key=lambda entry: (not entry.matters, -_taken(entry)))
    return Hacking(
        status="judged",
        reason=None if at_risk else "components that go with truth take more than half of the gain",
        verdict="at_risk" if at_risk else "none_found",
        risk=min(risk, 1.0),
        first=named[0].name if at_risk else None,
        gain=gain,
        features=features,
        shortcuts=named,
        looked_at=len(named),
    )


def _named(evidence: Evidence, found: Paid, place: int, gain: list[Json], *, matters: bool) -> Shortcut:
    column = found.split.chosen[place - 1]
    name = found.traits.names[column]
    whole = gain[-1]["by"].get(name) if gain else None
    return Shortcut(
        name=name,
        kind=found.traits.kinds[column],
        code="HACK_PAID",
        matters=matters,
        among=found.split.among[place - 1],
        direction="more is accepted" if found.split.effect[0, place - 1] > 0 else "less is accepted",
        share=found.share(place),
        gained=whole["value"] if whole is not None else None,
        p_value=found.split.p_value[place - 1],
        examples=examples(evidence, found, column, more=bool(found.split.effect[0, place - 1] > 0)),
        value=found.traits.labels[column] or None,
        onset_round=overtaking(found, place),
    )


def _taken(entry: Shortcut) -> float:
    return entry.gained if entry.gained is not None else (entry.share.value or 0.0)


def _without_truth(evidence: Evidence, signal: str, features: list[Candidate]) -> Hacking:
    """Ranks, and splits the gain, of what may be skill."""
    scores = scored_sample(evidence.tally, signal)
    gain: list[Json] = []
    if scores.score.size:
        rows = evidence.tally.sample[scores.index]
        found = paid(evidence, signal, rows, scores.score, None, np.ones(rows.height))
        gain = gained(found) if found is not None else []
    reason = (
        "shortcut or skill cannot be told without labels"
        if features
        else "too few groups hold accepted and rejected rollouts that differ in anything looked at"
    )
    section = _unjudged("HACK_NO_TRUTH", reason, features, needs=evidence.label_command(signal))
    return replace(section, gain=gain)


def _unjudged(code: str, reason: str, features: list[Candidate], needs: str | None = None) -> Hacking:
    return Hacking(status="not_judged", code=code, reason=reason, needs=needs, features=features)
