"""The rows to label: stated inclusion probabilities are the real ones, over 1,000 simulated logs."""

import math

import numpy as np
import polars as pl
import pytest

import freshbits
from freshbits.errors import InputError
from freshbits.information.weighted import Sample, share
from freshbits.remedies.label import draw_rows, expected_width, label
from freshbits.worlds import Channel, Region, Score, World

LOGS, COUNT = 1000, 100


def simulated(seed, prompts=120, scores=False):
    """A log of two regions, unequal groups and, in parts, unscored rows: score, prompt key, region, known column."""
    rng = np.random.default_rng([seed, 7])
    size = rng.integers(2, 9, prompts)
    region = (rng.random(prompts) < 0.3).astype(int)
    rate = np.repeat(np.where(region == 1, rng.beta(0.5, 2.0, prompts), rng.beta(1.0, 1.0, prompts)), size)
    known = (rng.random(rate.size) < rate).astype(float)
    score = (rng.random(rate.size) < 0.1 + 0.7 * known).astype(float)
    if scores:
        score = np.round(known + rng.normal(0, 0.7, rate.size), 1)
    score[rng.random(rate.size) < 0.05] = np.nan
    keys = rng.integers(0, 2**63, prompts, dtype=np.uint64)
    return score, np.repeat(keys, size), np.repeat(region, size), known


@pytest.fixture(scope="module", params=[False, True], ids=["verdicts", "scores"])
def draws(request):
    """Per log: rows drawn less rows expected per (stratum, region), and the weighted mean of the known column."""
    found = {"excess": [], "variance": [], "error": [], "covered": []}
    for seed in range(LOGS):
        score, prompt, region, known = simulated(seed, scores=request.param)
        drawn = draw_rows(score, prompt, region, COUNT, seed)
        scored = ~np.isnan(score)
        strata = np.full(score.size, -1)
        cuts = np.quantile(score[scored], [0.25, 0.5, 0.75]) if request.param else np.array([0.0])
        strata[scored] = np.unique(np.searchsorted(cuts, score[scored], side="left"), return_inverse=True)[1]
        assert (strata[drawn.rows] == drawn.stratum).all()
        excess, variance = np.zeros((4, 2)), np.zeros((4, 2))
        for h in np.unique(drawn.stratum):
            here = drawn.stratum == h
            stated = drawn.probability[here]
            assert np.ptp(stated) == 0.0
            for r in (0, 1):
                size = ((strata == h) & (region == r)).sum()
                excess[h, r] = (region[drawn.rows[here]] == r).sum() - stated[0] * size
                variance[h, r] = stated[0] * size * (1 - stated[0])
        found["excess"].append(excess)
        found["variance"].append(variance)
        labels = Sample.of(1 / drawn.probability, drawn.stratum, prompt[drawn.rows])
        mean = share(known[drawn.rows] == 1, np.ones(drawn.rows.size, dtype=bool), labels)
        truth = known[scored].mean()
        low, high = mean.interval()
        found["error"].append(mean.value - truth)
        found["covered"].append(low <= truth <= high)
    return {name: np.array(part) for name, part in found.items()}


def test_stated_inclusion_probabilities_are_the_empirical_ones(draws):
    excess, seen = draws["excess"], draws["variance"].sum(axis=0) > 0
    error = excess.std(axis=0)[seen] / math.sqrt(LOGS)
    assert (np.abs(excess.mean(axis=0)[seen]) < 3.5 * error).all()
    # regions are kept together along the list, so their shares vary less than by chance: at most one row either way
    assert (np.abs(excess) <= 1.0 + 1e-9).all()
    assert (excess.var(axis=0)[seen] < draws["variance"].mean(axis=0)[seen]).all()


def test_the_weighted_mean_of_a_known_column_is_unbiased_and_covered(draws):
    error = draws["error"]
    assert abs(error.mean()) < 3.5 * error.std() / math.sqrt(LOGS)
    assert draws["covered"].mean() >= 0.92  # the interval is about all prompts, of which the log's are a draw
    assert abs(error).mean() < 0.05


def test_the_unweighted_mean_is_biased():
    """Half accepted, half rejected: without weights a rare verdict counts for too much."""
    raw = []
    for seed in range(100):
        score, prompt, region, known = simulated(seed)
        known = np.where(score == 1, known, 0.0)
        drawn = draw_rows(score, prompt, region, COUNT, seed)
        raw.append(known[drawn.rows].mean() - known[~np.isnan(score)].mean())
    assert abs(np.mean(raw)) > 5 * np.std(raw) / 10


def test_every_row_of_one_log_is_as_likely_as_stated():
    score, prompt, region, _ = simulated(0, prompts=40)
    hits = np.zeros(score.size)
    for seed in range(LOGS):
        drawn = draw_rows(score, prompt, region, 40, seed)
        hits[drawn.rows] += 1
    stated = np.zeros(score.size)
    for value, quota in ((0.0, 20), (1.0, 20)):
        stated[score == value] = quota / (score == value).sum()
    z = (hits - LOGS * stated)[stated > 0] / np.sqrt(LOGS * stated * (1 - stated))[stated > 0]
    assert np.abs(z).max() < 4.5
    assert z.std() == pytest.approx(1.0, abs=0.2)
    assert (hits[np.isnan(score)] == 0).all()


def test_prompts_are_not_asked_twice_while_others_are_left():
    score = np.tile([0.0, 1.0], 400)
    prompt = np.repeat(np.arange(100), 8).astype(np.uint64)
    drawn = draw_rows(score, prompt, np.zeros(800, int), 100, 3)
    for stratum in (0, 1):
        chosen = prompt[drawn.rows[drawn.stratum == stratum]]
        assert np.unique(chosen).size == chosen.size == 50


def test_a_small_stratum_is_taken_whole_and_the_rest_goes_elsewhere():
    score = np.array([1.0] * 5 + [0.0] * 95)
    drawn = draw_rows(score, np.arange(100, dtype=np.uint64), np.zeros(100, int), 50, 0)
    assert drawn.rows.size == 50
    assert (drawn.rows[drawn.stratum == 1] == np.arange(5)).all()
    assert drawn.probability[drawn.stratum == 1].tolist() == [1.0] * 5
    assert set(drawn.probability[drawn.stratum == 0]) == {45 / 95}


def test_asking_for_more_than_there_is_takes_all():
    drawn = draw_rows(np.array([1.0, np.nan, 0.0]), np.arange(3, dtype=np.uint64), np.zeros(3, int), 10, 0)
    assert drawn.rows.tolist() == [0, 2]
    assert drawn.probability.tolist() == [1.0, 1.0]


def test_the_same_seed_draws_the_same_rows():
    score, prompt, region, _ = simulated(5)
    one, two, other = (draw_rows(score, prompt, region, 30, seed).rows.tolist() for seed in (1, 1, 2))
    assert one == two != other


@pytest.fixture(scope="module")
def log():
    world = World(
        prompts=60,
        signals={"reward": Channel(0.9, 0.2, scored=0.9), "score": Score(0.5)},
        regions=(Region("easy"), Region("hard", shift=-1.0)),
        labelled=0.0,
    )
    frame = world.draw(1).rename({"signal.reward": "reward", "signal.score": "score"})
    return frame, freshbits.read(frame)


def test_the_file_to_label(log):
    frame, read = log
    table, words = label(read, "reward", 80, seed=3)
    assert table.columns == ["row", "key", "prompt", "completion", "reward", "truth", "inclusion_probability"]
    assert table.height == 80
    assert table["truth"].null_count() == 80
    assert table["row"].is_sorted()
    assert frame[table["row"].to_list()]["completion"].equals(table["completion"])
    assert frame[table["row"].to_list()]["reward"].equals(table["reward"])
    scored = frame["reward"].drop_nulls()
    for verdict in (0.0, 1.0):
        part = table.filter(pl.col("reward") == verdict)
        assert part.height == 40
        assert part["inclusion_probability"].unique().to_list() == [40 / (scored == verdict).sum()]
    # Horvitz-Thompson: the weights add up to the rows they stand for
    assert (1 / table["inclusion_probability"]).sum() == pytest.approx(scored.len())
    assert len(words) == 3
    assert "80 of" in words[0]


def test_scores_are_labelled_by_quarter(log):
    _, read = log
    table, _ = label(read, "score", 80, seed=3)
    assert table["inclusion_probability"].n_unique() <= 4
    quarters = np.searchsorted(np.quantile(log[0]["score"], [0.25, 0.5, 0.75]), table["score"].to_numpy())
    assert np.bincount(quarters).tolist() == [20, 20, 20, 20]


def test_a_signal_that_is_not_there_is_named(log):
    with pytest.raises(InputError, match=r"no signal 'accuracy'.*") as error:
        label(log[1], "accuracy", 10)
    assert "reward" in str(error.value)


def test_the_width_told_beforehand_is_that_of_a_binomial():
    assert expected_width(300) == pytest.approx(1.96 * math.sqrt(0.8 * 0.2 / 150))
    assert expected_width(1200) == pytest.approx(expected_width(300) / 2)
