"""Sources: what marks the better model is not what the judge pays for, and what it does pay for is still found."""

import numpy as np
import pytest

from freshbits.auditing import gather
from freshbits.criteria.hacking import hacking
from freshbits.criteria.held import without_sources
from freshbits.criteria.labelled import labelled
from freshbits.criteria.paid import paid
from freshbits.rollouts.options import ReadOptions
from freshbits.worlds.judged import styled_sources


def alarms(frame):
    _, evidence, _ = gather(frame, ReadOptions())
    rows = labelled(evidence.tally, "score")
    found = paid(evidence, "score", rows.rows, rows.score, rows.right, rows.weight)
    return [found.names[place - 1] for place in found.risky()], found


@pytest.mark.parametrize("size", [1, 4])
def test_a_mark_of_the_better_model_is_not_blamed(size):
    """8 draws at 5 % each: three alarms or more come once in 170 times. benchmarks/hacking/beside has 100."""
    found = [alarms(styled_sources(seed, size, prompts=150 // size))[0] for seed in range(8)]
    assert sum(bool(names) for names in found) <= 2
    assert sum("question_marks" in names for names in found) <= 1


def test_a_mark_that_the_judge_pays_for_is_named_with_one_rollout_per_source():
    names, found = alarms(styled_sources(1, paid_for=1.5))
    assert names == ["question_marks"]
    place = found.names.index("question_marks")
    assert found.split.effect[0, place] == pytest.approx(1.5 / np.log(2), abs=0.4)
    assert found.fixed is not None


def test_scores_and_examples_are_the_judge_s_own():
    frame = styled_sources(2, paid_for=1.5)
    _, evidence, _ = gather(frame, ReadOptions())
    section = hacking(evidence, "score")
    assert section.first == "question_marks"
    own = set(frame["signal.score"].to_list())
    examples = section.shortcuts[0].examples
    assert examples
    assert all(example.score in own for example in examples)
    assert section.own_alarm_rate <= 0.15
    assert section.gain == []


def test_effects_of_sources_are_those_of_least_squares():
    rng = np.random.default_rng(0)
    cell, source = rng.integers(0, 40, 300).astype(np.uint64), rng.integers(0, 5, 300).astype(np.intp)
    y = rng.normal(size=(300, 2)) + source[:, None]
    dummies = np.column_stack([np.eye(40)[cell.astype(int)], np.eye(5)[source]])
    fitted = dummies[:, 40:] @ np.linalg.lstsq(dummies, y, rcond=None)[0][40:]
    assert without_sources(y, cell, source) == pytest.approx(y - fitted + fitted.mean(axis=0))
