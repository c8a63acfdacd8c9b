"""Controls: what is moved, drawn, shuffled and voted is what the names say."""

import numpy as np
import pytest

from freshbits.information.controls import by_lot, halves, hidden_vote, moved, shuffled

RNG = np.random.default_rng(5)
PROMPT = RNG.integers(0, 30, 400).astype(np.uint64)
STRATUM = RNG.integers(0, 3, 400)


def test_a_moved_verdict_comes_from_another_prompt_of_the_same_stratum():
    donor = moved(PROMPT, STRATUM)
    assert (donor >= 0).all()
    assert (PROMPT[donor] != PROMPT).all()
    assert (STRATUM[donor] == STRATUM).all()


def test_rows_of_a_prompt_take_from_one_other_prompt_each_row_once_while_they_last():
    prompt = np.repeat(np.arange(20), 6).astype(np.uint64)
    donor = moved(prompt, np.zeros(120, dtype=np.int64))
    for key in range(20):
        from_rows = donor[prompt == key]
        assert np.unique(prompt[from_rows]).size == 1
        assert np.unique(from_rows).size == 6
    assert np.unique(donor).size == 120


def test_a_prompt_that_is_alone_in_its_stratum_gives_to_nobody():
    donor = moved(np.array([4, 4, 5, 6], dtype=np.uint64), np.array([0, 0, 1, 1]))
    assert donor.tolist() == [-1, -1, 3, 2]


def test_lots_fall_as_often_as_the_weighted_signal():
    score = np.tile([0.0, 1.0], 5000)
    drawn = by_lot(score, np.where(score == 1, 1.0, 3.0))
    assert drawn.mean() == pytest.approx(0.25, abs=0.02)


def test_a_shuffle_permutes_inside_groups():
    order = shuffled(PROMPT)
    assert (PROMPT[order] == PROMPT).all()
    assert np.unique(order).size == order.size
    assert (order != np.arange(order.size)).mean() > 0.8


def test_halves_split_every_group_evenly():
    half = halves(PROMPT)
    for key in np.unique(PROMPT):
        size, ones = (key == PROMPT).sum(), half[key == PROMPT].sum()
        assert ones in (size // 2, size - size // 2)


def test_the_hidden_vote_is_the_plurality_of_the_other_half():
    answer = RNG.integers(0, 4, 400)
    half = halves(PROMPT)
    vote = hidden_vote(answer, PROMPT, half)
    for row in range(400):
        others = answer[(PROMPT[row] == PROMPT) & (half != half[row])]
        if others.size == 0:
            continue
        counts = np.bincount(others, minlength=4)
        if counts[answer[row]] < counts.max():
            assert vote[row] == 0.0
        elif (counts == counts.max()).sum() == 1:
            assert vote[row] == 1.0


def test_ties_of_the_hidden_vote_fall_by_lot():
    group = np.repeat(np.arange(2000), 4).astype(np.uint64)
    half = np.tile([0, 0, 1, 1], 2000)
    answer = np.tile([1, 2, 1, 2], 2000)
    vote = hidden_vote(answer, group, half).reshape(-1, 4)
    assert (vote[:, 0] + vote[:, 1] == 1).all()
    assert vote[:, 0].mean() == pytest.approx(0.5, abs=0.05)


def test_the_same_seed_gives_the_same_controls():
    assert (moved(PROMPT, STRATUM, 3) == moved(PROMPT, STRATUM, 3)).all()
    assert (moved(PROMPT, STRATUM, 3) != moved(PROMPT, STRATUM, 4)).any()
