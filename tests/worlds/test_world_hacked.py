"""Loops that may be hacked: the rows' frequencies are those of the exact states, and lures are paid as declared."""

import numpy as np
import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.worlds.hacked import Hacked
from freshbits.worlds.step import Gradient

WORLD = Hacked(prompts=300, name="bullets", lured=0.9, trait=(0.3, 0.15), rounds=3, size=16)


@pytest.fixture(scope="module")
def rows():
    return WORLD.rows(5)


def test_frequencies_are_the_states(rows):
    """Per round: P(right), P(wrong with the trait) within four standard errors of 4,800 draws."""
    has = pl.col("completion").str.contains("- I checked", literal=True)
    found = rows.group_by("round").agg(
        pl.col("truth").mean().alias("right"), (has & (pl.col("truth") == 0)).mean().alias("lure")
    )
    for number, table in enumerate(WORLD.states(5)):
        assert table.sum(axis=(1, 2)) == pytest.approx(np.ones(300))
        [row] = found.filter(round=number).to_dicts()
        for name, true in (("right", table[:, 0].sum(axis=1).mean()), ("lure", table[:, 1:, 1].sum(axis=1).mean())):
            assert row[name] == pytest.approx(true, abs=4 * np.sqrt(true * (1 - true) / 4800))


def test_verdicts_accept_as_declared(rows):
    has = pl.col("completion").str.contains("- I checked", literal=True)
    rates = rows.group_by("truth", has.alias("lure")).agg(pl.col("signal.reward").mean(), pl.len())
    declared = {(1.0, True): 0.8, (1.0, False): 0.8, (0.0, True): 0.9, (0.0, False): 0.2}
    for truth, lure, rate, count in rates.iter_rows():
        true = declared[truth, lure]
        assert rate == pytest.approx(true, abs=4 * np.sqrt(true * (1 - true) / count))


def test_selection_moves_the_states_as_the_acceptance_says():
    """With very many rows kept a round is the replicator: share times acceptance over its mean, prompt by prompt."""
    world = Hacked(prompts=40, lured=0.9, kept=1_000_000, rounds=1)
    before, after = (table.reshape(40, -1) for table in world.states(2))
    accept = np.array(world.accept)
    expected = before * accept / (before @ accept)[:, None]
    assert after == pytest.approx(expected, abs=0.004)


def test_a_world_without_a_lure_is_not_hacked():
    assert not Hacked(lured=0.2, fpr=0.2).hacked
    assert Hacked(lured=0.5).hacked
    assert Hacked(leaky=0.1).hacked


def test_a_gradient_trains_it_too():
    world = Hacked(prompts=60, lured=1.0, fpr=0.0, tpr=0.6, gradient=Gradient(step=0.5), rounds=3)
    start, *_, end = world.states(1)
    assert end[:, 1:, 1].sum(axis=1).mean() > start[:, 1:, 1].sum(axis=1).mean()


def test_the_same_seed_draws_the_same_log():
    small = Hacked(prompts=10, rounds=1)
    assert small.rows(3).equals(small.rows(3))
    assert not small.rows(3).equals(small.rows(4))


def test_an_unknown_trait_is_refused():
    with pytest.raises(InputError, match="no trait"):
        Hacked(name="emoji")
