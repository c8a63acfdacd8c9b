"""Matched rows: in every cell as many accepted as rejected ones, no row twice, as many as there can be."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from freshbits.remedies.matched import matched

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 2)), max_size=60)


def columns(rows):
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return table[:, 0].astype(bool), table[:, 1], table[:, 2]


@given(ROWS, st.integers(0, 3))
def test_every_cell_holds_as_many_of_both_kinds_and_no_fewer_than_it_could(rows, seed):
    accepted, cell, stratum = columns(rows)
    kept = matched(accepted, cell, stratum, seed)
    assert kept.shape == accepted.shape
    for place in {(c, s) for c, s in zip(cell.tolist(), stratum.tolist(), strict=True)}:
        here = (cell == place[0]) & (stratum == place[1])
        both = (int((here & accepted & kept).sum()), int((here & ~accepted & kept).sum()))
        least = min(int((here & accepted).sum()), int((here & ~accepted).sum()))
        assert both == (least, least)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_count(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    assert matched(*columns(rows), seed=1).sum() == matched(*columns(mixed), seed=1).sum()


def test_the_same_seed_keeps_the_same_rows_and_another_one_others():
    rng = np.random.default_rng(0)
    accepted, cell = rng.random(400) < 0.3, rng.integers(0, 4, 400)
    same = np.zeros(400, dtype=np.int64)
    one = matched(accepted, cell, same, seed=5)
    assert (one == matched(accepted, cell, same, seed=5)).all()
    assert (one != matched(accepted, cell, same, seed=6)).any()


def test_every_row_of_the_larger_kind_is_as_likely_to_be_kept():
    accepted = np.array([True] * 2 + [False] * 8)
    zero = np.zeros(10, dtype=np.int64)
    share = np.mean([matched(accepted, zero, zero, seed) for seed in range(2000)], axis=0)
    assert (share[:2] == 1).all()
    assert np.abs(share[2:] - 0.25).max() < 0.04  # four standard errors
