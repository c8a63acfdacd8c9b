"""Near-duplicates are found as often as the formula says."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from freshbits.remedies.selection.near import WINDOW, clusters, same, sketch


def _pair(rng: np.random.Generator, length: int, changed: int) -> tuple[str, str, float]:
    """Draws two texts of random letters that differ in a few places, and the share of windows they have in common."""
    one = [chr(97 + c) for c in rng.integers(0, 26, length)]
    other = list(one)
    for at in rng.choice(length, changed, replace=False):
        other[at] = chr(97 + (ord(other[at]) - 96) % 26)
    sets = [{"".join(t[i : i + WINDOW]) for i in range(length - WINDOW + 1)} for t in (one, other)]
    return "".join(one), "".join(other), len(sets[0] & sets[1]) / len(sets[0] | sets[1])


@pytest.mark.parametrize(("length", "changed"), [(300, 2), (300, 5), (1500, 12), (120, 1), (6000, 60)])
def test_texts_are_taken_for_one_as_often_as_the_formula_says(length, changed):
    rng = np.random.default_rng(length + changed)
    pairs = [_pair(rng, length, changed) for _ in range(400)]
    bands = [sketch(pl.Series([pair[at] for pair in pairs])) for at in (0, 1)]
    met = (bands[0] == bands[1]).any(axis=1)
    expected = np.array([same(share) for *_, share in pairs])
    error = np.sqrt((expected * (1 - expected)).sum()) / 400
    assert met.mean() == pytest.approx(expected.mean(), abs=3.5 * error + 0.02)


def test_case_and_white_space_make_no_difference_and_unlike_texts_are_apart():
    texts = pl.Series(
        ["Let x = 3.\n Then y = 4.", "let x = 3. then  y = 4.", "The cat sat on the mat.", "", None, "ab"]
    )
    bands = sketch(texts)
    cells = clusters(bands, np.zeros(6, dtype=np.int64))
    assert cells[0] == cells[1]
    assert cells[3] == cells[4]
    assert len(set(cells.tolist())) == 4


def test_cells_are_kept_apart_and_links_are_passed_on():
    bands = np.zeros((4, 2), dtype=np.uint64)
    bands[:, 0], bands[:, 1] = [1, 1, 2, 9], [5, 6, 6, 6]
    assert clusters(bands, np.array([0, 0, 0, 1])).tolist() == [0, 0, 0, 1]


def test_batches_do_not_change_what_is_found(monkeypatch):
    rng = np.random.default_rng(0)
    texts = pl.Series(["".join(chr(97 + c) for c in rng.integers(0, 4, int(rng.integers(0, 300)))) for _ in range(200)])
    whole = sketch(texts)
    monkeypatch.setattr("freshbits.remedies.selection.near.AT_ONCE", 500)
    assert (sketch(texts) == whole).all()
