"""Excess of a rate in a part of a log: Fisher's exact test where trials are whole, less where parts share labels."""

import numpy as np
import pytest
from scipy import stats

from freshbits.information.excess import excess_test, prompt_test
from freshbits.information.weighted import Sample, Share, share


def plain(hits, trials):
    """A share of independent trials; so many degrees of freedom that nothing is taken off."""
    return Share(
        hits / trials, np.zeros(1), hits / trials * (1 - hits / trials) / trials, trials, 10**9, trials, trials
    )


@pytest.mark.parametrize(("here", "rest"), [((6, 10), (3, 20)), ((3, 40), (9, 200)), ((30, 60), (20, 60))])
def test_whole_trials_give_fisher(here, rest):
    table = [[here[0], here[1] - here[0]], [rest[0], rest[1] - rest[0]]]
    exact = stats.fisher_exact(table, alternative="greater").pvalue
    assert excess_test(plain(*here), plain(*rest)) == pytest.approx(exact, rel=1e-3)


def test_no_hit_is_no_excess():
    assert excess_test(plain(0, 10), plain(5, 10)) == 1.0


def test_clusters_make_the_test_slower():
    hit = np.repeat(np.arange(40) % 4 < 2, 5)
    hit[:50] = np.repeat(np.arange(10) % 5 < 4, 5)
    here = np.arange(200) < 50
    q = np.arange(200, dtype=np.uint64)
    rows, clusters = (Sample.of(np.ones(200), np.zeros(200, int), prompts) for prompts in (q, q // 5))
    p_rows, p_clusters = (excess_test(share(hit, here, s), share(hit, ~here, s)) for s in (rows, clusters))
    assert p_rows < 0.001
    assert p_clusters > 10 * p_rows


def test_labels_drawn_by_verdict_do_not_alarm_too_often():
    """Parts of such a sample share its fixed numbers: left out of account, one in twenty becomes one in thirteen."""
    rng = np.random.default_rng(1)
    p_values = []
    for _ in range(800):
        right = rng.random(1200) < 0.89
        verdict = rng.random(1200) < np.where(right, 0.8, 0.3)
        rows = np.concatenate([rng.choice(np.flatnonzero(verdict == each), 100, replace=False) for each in (0, 1)])
        weight = np.repeat([(verdict == each).sum() / 100 for each in (0, 1)], 100)
        sample = Sample.of(weight, np.repeat([0, 1], 100), np.arange(200, dtype=np.uint64))
        part = rng.random(200) < 1 / 3
        found = [share(~verdict[rows], right[rows] & mask, sample) for mask in (part, ~part)]
        p_values.append(excess_test(*found))
    assert np.mean(np.array(p_values) < 0.05) < 0.06


def test_single_prompts_are_binomial():
    assert prompt_test(np.array([3]), np.array([4]), 0.5) == pytest.approx([5 / 16])
