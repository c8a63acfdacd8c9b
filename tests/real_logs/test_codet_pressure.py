"""Best of n on HumanEval samples: the peak of model-written tests, and the fall foreseen from 8 of 100 samples."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.real_logs.conftest import public

from freshbits.information.pressure import pressure_curve

NAME = "codet_humaneval_samples_dev.parquet"


@pytest.fixture(scope="module")
def samples():
    """Returns the score and the truth of 100 samples of every problem that has a usable test."""
    rows = pl.read_parquet(public(NAME) / NAME).filter(pl.col("proxy_reward").is_not_null())
    rows = rows.sort("prompt_id", "sample_index")
    return rows["proxy_reward"].to_numpy().reshape(-1, 100), rows["truth"].to_numpy().reshape(-1, 100)


def curve(score, truth):
    group = np.repeat(np.arange(score.shape[0]), score.shape[1]).astype(np.uint64)
    return pressure_curve(score.ravel(), truth.ravel(), np.ones(score.size), group, group)


def test_choosing_by_model_written_tests_peaks_early(samples):
    found = curve(*samples)
    assert found.peak.n == 4
    assert found.peak.high <= 16
    assert found.peak.fall.low > 0


def test_the_curve_of_100_samples_is_foreseen_from_8(samples):
    """Single draws of 8 differ by more than .03 at n = 8 already, so the projection is held to it on average."""
    score, truth = samples
    whole = {point.n: point.truth.value for point in curve(score, truth).curve}
    found, held = [], 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        some = np.array([rng.choice(100, 8, replace=False) for _ in score])
        points = curve(np.take_along_axis(score, some, 1), np.take_along_axis(truth, some, 1)).curve[4:]
        found.append([point.truth.value for point in points])
        held += sum(point.truth.low <= whole[point.n] <= point.truth.high for point in points)
    assert [point.n for point in points] == [16, 32]
    assert np.mean(found, axis=0) == pytest.approx([whole[16], whole[32]], abs=0.03)
    assert held >= 18
