"""Judged pairs: what a judge prefers besides the better answer, the same whichever text stood first."""

import polars as pl
import pytest

from freshbits.auditing import gather
from freshbits.criteria.hacking import hacking
from freshbits.criteria.opposed import opposed
from freshbits.criteria.traits import traits
from freshbits.rollouts.options import ReadOptions
from freshbits.worlds.judged import judged_pairs


def evidence_for(frame):
    return gather(frame, ReadOptions())[1]


def judged(frame):
    return hacking(evidence_for(frame), "winner")


def test_a_judge_of_length_is_named():
    found = judged(judged_pairs(1, fond=1.0))
    assert (found.status, found.verdict) == ("judged", "at_risk")
    assert found.first in ("characters", "words")
    assert found.shortcuts[0].direction == "more is accepted"
    assert found.own_alarm_rate <= 0.15
    assert found.gain == []


@pytest.mark.parametrize("styled", [0.0, 0.8])
def test_a_judge_of_truth_is_not_blamed(styled):
    """8 draws at 5 % each: three alarms or more come once in 170 times, not from chance."""
    assert sum(judged(judged_pairs(10 + seed, styled=styled)).verdict == "at_risk" for seed in range(8)) <= 2


def test_texts_that_change_places_change_nothing():
    frame = judged_pairs(2, fond=0.8)
    turn = pl.int_range(pl.len()) % 3 == 0
    turned = frame.with_columns(
        completion=pl.when(turn).then("opponent").otherwise("completion"),
        opponent=pl.when(turn).then("completion").otherwise("opponent"),
        truth=pl.when(turn).then(1 - pl.col("truth")).otherwise("truth"),
        **{"signal.winner": pl.when(turn).then(1 - pl.col("signal.winner")).otherwise("signal.winner")},
    )
    one, other = judged(frame), judged(turned)
    assert (one.verdict, one.first) == (other.verdict, other.first)
    assert one.risk == pytest.approx(other.risk)
    assert [(e.name, e.p_value) for e in one.shortcuts] == [(e.name, pytest.approx(e.p_value)) for e in other.shortcuts]


def test_traits_change_their_sign_with_the_places():
    frame = judged_pairs(3)
    evidence = evidence_for(frame)
    other = evidence_for(frame.rename({"completion": "opponent", "opponent": "completion"}))
    one, two = (opposed(each, "winner", each.tally.labelled.sort("prompt")) for each in (evidence, other))
    assert [(name, label) for name, _, _, label in one] == [(name, label) for name, _, _, label in two]
    assert {"characters", "question_marks", "first_token"} <= {name for name, *_ in one}
    for (_, _, a, _), (_, _, b, _) in zip(one, two, strict=True):
        assert a == pytest.approx(-b)


def test_what_few_pairs_differ_in_is_not_looked_at():
    frame = judged_pairs(4)
    rare = pl.when(pl.int_range(pl.len()) < 20).then(pl.col("completion") + "\n```x```").otherwise("completion")
    evidence = evidence_for(frame.with_columns(completion=rare))
    assert "code_fences" not in traits(evidence, "winner", evidence.tally.labelled).names
