from __future__ import annotations

from collections import Counter

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from freshbits.outputs.belief import belief, belief_columns

VOTES = ["vote_share", "runner_up", "margin", "n_classes", "is_plurality", "tie"]


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=40))
def test_votes_equal_a_count_by_hand(rows: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame(rows, schema={"group": pl.UInt64, "answer_class": pl.UInt64}, orient="row")
    found = belief(frame)
    expected: dict[str, list[float]] = {name: [] for name in VOTES}
    for group, answer in rows:
        votes = Counter(each for other, each in rows if other == group)
        first, second = [*sorted(votes.values(), reverse=True), 0][:2]
        total = sum(votes.values())
        values = (
            *(votes[answer] / total, second / total, (first - second) / total, float(len(votes))),
            *(float(votes[answer] == first), float(first == second)),
        )
        for name, value in zip(VOTES, values, strict=True):
            expected[name].append(value)
    assert found.columns == [name for name in VOTES if len(set(expected[name])) > 1]
    for name in found.columns:
        assert found[name].to_list() == expected[name]


def test_nothing_is_believed_of_single_rollouts() -> None:
    frame = pl.DataFrame({"group": [1, 2, 3], "answer_class": [1, 1, 2], "feature.words": [3, 4, 5]})
    assert belief_columns(frame) == []


def test_repeated_judgements_vote_once() -> None:
    frame = pl.DataFrame(
        {
            "group": [1] * 5,
            "answer_class": [7, 7, 7, 8, 9],
            "sample": [0, 0, 0, 1, 2],
            "repeat": [0, 1, 2, 0, 0],
        }
    )
    assert belief(frame).columns == []
    more = frame.with_columns(sample=pl.Series([0, 0, 1, 2, 3]))
    assert belief(more)["vote_share"].to_list() == [0.5, 0.5, 0.5, 0.25, 0.25]
    by_text = frame.drop("sample").with_columns(text=pl.Series([1, 1, 2, 3, 4]))
    assert belief(by_text)["vote_share"].to_list() == [0.5, 0.5, 0.5, 0.25, 0.25]


def test_log_probability_is_per_token() -> None:
    frame = pl.DataFrame({"group": [1, 2, 3], "logprob": [-4.0, -2.0, -1.0], "tokens": [2, 4, 0]})
    assert belief(frame)["mean_logprob"].to_list() == [-2.0, -0.5, None]
    assert belief_columns(frame.drop("tokens")) == ["logprob"]
    assert belief_columns(frame.with_columns(logprob=pl.lit(-1.0), tokens=pl.lit(1))) == []


def test_the_order_of_rows_is_kept() -> None:
    frame = pl.DataFrame({"group": [2, 1, 2, 1, 2], "answer_class": [1, 5, 1, 6, 2]})
    assert belief(frame)["vote_share"].to_list() == [2 / 3, 0.5, 2 / 3, 0.5, 1 / 3]
