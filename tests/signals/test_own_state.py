"""Votes, confidence and the controls: closed forms, and agreement with what the audit computes by itself."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

import freshbits as fb
from freshbits.errors import InputError
from freshbits.outputs.answers import choose
from freshbits.outputs.belief import belief
from freshbits.outputs.compact import compact
from freshbits.signals.controls.moved import Moved
from freshbits.signals.controls.random import Random
from freshbits.signals.own_state.confidence import Confidence
from freshbits.signals.own_state.majority import Majority
from freshbits.signals.scoring import score
from freshbits.signals.signal import Item


def items(*texts, group="g", **fields):
    return [Item("q", text, group=group, fields=fields) for text in texts]


def scores(signal, rows):
    return [verdict.score for verdict in signal.score(rows)]


def test_majority_shares_a_tie_and_never_follows_what_cannot_be_read():
    boxed = Majority("boxed")
    tie = items(r"\boxed{1}", r"\boxed{2}", r"\boxed{2}", r"\boxed{1}", r"\boxed{3}")
    assert scores(boxed, tie) == [0.5, 0.5, 0.5, 0.5, 0]
    assert scores(boxed, items("?", "?", "?", r"\boxed{2}")) == [0, 0, 0, 1]
    assert scores(boxed, items("?", "?")) == [None, None]
    assert scores(boxed, items(r"\boxed{2}")) == [None]


def test_groups_do_not_vote_on_each_other():
    rows = items("1", "1", "2", group="a") + items("2", "2", "1", group="b")
    order = np.random.default_rng(1).permutation(6)
    found = scores(Majority("last_number"), [rows[at] for at in order])
    assert [found[list(order).index(at)] for at in range(6)] == [1, 1, 0, 1, 1, 0]


def test_a_rollout_judged_twice_votes_once():
    once = [Item("q", text, group="g", fields={"sample": n}) for n, text in enumerate(("1", "2", "2", "1"))]
    twice = [
        Item("q", row.completion, group="g", fields={"sample": row.fields["sample"], "repeat": repeat})
        for row in once
        for repeat in range(3 if row.completion == "1" else 1)
    ]
    assert set(scores(Majority("last_number"), twice)) == {0.5}
    assert set(scores(Confidence(read="last_number"), twice)) == {0.5}


def test_confidence_is_the_belief_of_the_audit(trl_log):
    log = fb.read(str(trl_log))
    rows = pl.concat(list(log.batches()))
    narrow = compact(rows, choose(rows.select("prompt", "completion")))
    logged = belief(narrow)
    found = score(str(trl_log), "confidence", "majority").frame()
    readable = ~narrow["unreadable"]
    assert found.filter(readable)["confidence"].to_list() == logged.filter(readable)["vote_share"].to_list()
    assert set(found.filter(~readable)["confidence"]) == {0.0}
    alone = (logged["is_plurality"] == 1) & (logged["tie"] == 0) & readable
    assert set(found.filter(alone)["majority"]) == {1.0}
    assert readable.sum() < rows.height, "the log has no answer that cannot be read"


def test_confidence_by_log_probability():
    rows = [Item("q", "a", fields={"logprob": logprob, "tokens": tokens})
            for logprob, tokens in ((-2.0, 4), (0.0, 1), (None, 4), (-2.0, None), (-2.0, 0), (0.5, 1))]  # fmt: skip
    assert scores(Confidence(by="logprob"), rows) == [math.exp(-0.5), 1.0, None, None, None, None]
    with pytest.raises(InputError, match="confidence needs a column 'logprob'"):
        score(pl.DataFrame({"prompt": ["q"], "completion": ["a"]}), Confidence(by="logprob"))


def test_forms_are_checked():
    with pytest.raises(InputError, match=r"no such form \(nearest: boxed\)"):
        Majority.from_options({"read": "box"})
    with pytest.raises(InputError, match="no such option"):
        Majority.from_options({"reed": "boxed"})
    assert scores(Majority("regex:<(.)>"), items("<a>", "<a>", "<b>")) == [1, 1, 0]
    assert scores(Majority("json:x"), items('{"x": 1}', '{"x": 1}', '{"x": 2}')) == [1, 1, 0]


def test_random_has_its_rate_and_is_independent_of_everything():
    rows = [Item(f"prompt {row // 8}", f"answer {row % 2}", group=str(row // 8)) for row in range(16_000)]
    found = np.array(scores(Random(rate=0.3), rows))
    assert abs(found.mean() - 0.3) < 4 * math.sqrt(0.3 * 0.7 / 16_000)
    by_group = found.reshape(-1, 8).mean(axis=1)
    assert by_group.var() == pytest.approx(0.3 * 0.7 / 8, rel=0.15), "lots of a group are not independent"
    by_answer = [found[place::2].mean() for place in (0, 1)]
    assert abs(by_answer[0] - by_answer[1]) < 4 * math.sqrt(0.3 * 0.7 / 4_000)
    order = np.random.default_rng(2).permutation(2000) * 8
    shuffled = [rows[at + place] for at in order for place in range(8)]
    assert (np.array(scores(Random(rate=0.3), shuffled)).reshape(-1, 8) == found.reshape(-1, 8)[order // 8]).all()
    assert scores(Random(rate=0.3, seed=1), rows) != found.tolist()


def test_random_draws_the_scores_of_a_signal():
    values = [0.0, 0.25, 1.0, None]
    rows = [Item("q", "a", group=str(row), fields={"signal.r": values[row % 4]}) for row in range(8000)]
    found = scores(Random(like="r"), rows)
    assert [score is None for score in found] == [row % 4 == 3 for row in range(8000)]
    for value in values[:3]:
        assert found.count(value) / 6000 == pytest.approx(1 / 3, abs=0.025)
    with pytest.raises(InputError, match="stands alone"):
        Random.from_options({"rate": "0.5", "like": "r"})


def test_moved_takes_from_another_prompt_of_the_same_stratum():
    rows = [
        Item(f"p{prompt}", "a", fields={"signal.r": 100.0 * stratum + prompt, "round": stratum})
        for stratum in range(3)
        for prompt in range(7)
        for _ in range(4)
    ]
    found = scores(Moved("r"), rows)
    for row, taken in zip(rows, found, strict=True):
        assert taken // 100 == row.fields["round"]
        assert taken != row.fields["signal.r"]
    assert sorted(found) == sorted(row.fields["signal.r"] for row in rows), "rates are not kept"
    alone = [Item("p", "a", fields={"signal.r": 1.0}), Item("p", "b", fields={"signal.r": 0.0})]
    assert scores(Moved("r"), alone) == [None, None]


def test_controls_on_a_log(trl_log):
    found = score(str(trl_log), Random(like="accuracy_reward"), Moved("accuracy_reward"))
    rate = found.frame()["signal.accuracy_reward"].mean()
    by_lot, moved = found.signals
    assert by_lot.mean == pytest.approx(rate, abs=0.06)
    assert moved.mean == pytest.approx(rate, abs=1e-12)  # equal groups: every score is given once
    assert {scores.origin for scores in found.signals} == {"own_state"}
    with pytest.raises(InputError, match=r"the signal 'accuracy', which the log does not have \(nearest: accuracy_re"):
        score(str(trl_log), Moved("accuracy"))
