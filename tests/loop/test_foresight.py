"""The forecast of a run from its first rounds: counted from its rollouts, and held against a loop of known law."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.loop.foresight import foresee, panel_of
from freshbits.loop.rounds import Rounds

PROMPTS, SAMPLES, KEPT, RATIO = 150, 8, 30, 2.0


@pytest.fixture(scope="module")
def selected(tmp_path_factory):
    """Writes seven rounds of a tabular loop: p → Binomial(30, 2p/(1+p)) / 30, eight rollouts of each prompt."""
    rng = np.random.default_rng(4)
    rounds = Rounds(tmp_path_factory.mktemp("runs") / "selected")
    rounds.directory.mkdir()
    p = rng.beta(2, 3, PROMPTS)
    means = []
    for number in range(7):
        means.append(float(p.mean()))
        right = rng.random((PROMPTS, SAMPLES)) < p[:, None]
        rows = pl.DataFrame(
            {
                "prompt": [f"q{at}" for at in range(PROMPTS) for _ in range(SAMPLES)],
                "round": number,
                "completion": [f"{'right' if ok else 'wrong'} {rng.integers(3)}" for ok in right.ravel()],
                "truth": right.ravel().astype(float),
            }
        )
        with rounds.writing(number) as folder:
            rows.write_parquet(folder / "rollouts.parquet")
        p = rng.binomial(KEPT, RATIO * p / (RATIO * p + 1 - p)) / KEPT
    return rounds, means


def test_prompts_are_counted_by_round_and_pairs_that_differ_are_counted_twice(selected):
    rounds, _ = selected
    panel = panel_of(rounds, 3)
    assert panel.n.shape == (PROMPTS, 3)
    assert (panel.n == SAMPLES).all()
    rows = rounds.rollouts(1).filter(pl.col("prompt") == "q7")
    at = sorted(f"q{each}" for each in range(PROMPTS)).index("q7")
    texts = rows["completion"].to_list()
    assert panel.x[at, 1] == rows["truth"].sum()
    assert panel.unlike[at, 1] == sum(one != other for one in texts for other in texts)


def test_the_end_of_a_loop_that_follows_the_law_lies_in_its_interval(selected):
    rounds, means = selected
    found = foresee(rounds, 2, 6)
    assert (found.since, found.round) == (2, 6)
    assert found.accuracy.low <= means[6] <= found.accuracy.high
    assert found.accuracy.low > means[2]  # it says that accuracy goes on to rise
    assert found.accuracy.high - found.accuracy.low < 0.25
    assert found.accuracy.rollouts == 3 * PROMPTS * SAMPLES
    assert found.accuracy_came == pytest.approx(rounds.rollouts(6)["truth"].mean())
    assert found.variety.low <= found.variety_came <= found.variety.high


def test_a_forecast_needs_three_rounds_a_later_one_and_truth(selected, tmp_path):
    rounds, _ = selected
    for since, last in ((1, 6), (2, 2), (2, 7)):
        with pytest.raises(InputError, match="the run has rounds 0 to 6"):
            foresee(rounds, since, last)
    bare = Rounds(tmp_path)
    for number in range(4):
        with bare.writing(number) as folder:
            rounds.rollouts(number).drop("truth").write_parquet(folder / "rollouts.parquet")
    with pytest.raises(InputError, match="not every rollout of the run has truth"):
        foresee(bare, 2, 3)
