"""The forecast section: what is judged, what is refused and why."""

import numpy as np
import polars as pl
import pytest

from freshbits.criteria.forecast import forecast
from freshbits.results import Estimate
from freshbits.worlds.step import Loop, verifier
from freshbits.worlds.step_state import Policies


def rows(prompts, rounds, *, seed=1, kept=24, tpr=0.9, fpr=0.5, turn=None, shift=0):
    """A loop's log in canonical columns; in round `turn` right and wrong change places, prompts move by `shift`."""
    rng = np.random.default_rng(seed)
    rate = rng.beta(1.2, 1.5, prompts)
    start = np.concatenate([rate[:, None], (1 - rate)[:, None] * rng.dirichlet(np.ones(4), prompts)], axis=1)
    loop = Loop(kept=kept, accept=verifier(5, tpr=tpr, fpr=fpr))
    parts = []
    for number, state in enumerate(loop.run(Policies.of(start), seed, rounds - 1)):
        below = state.shares[0].astype(float).cumsum(axis=1)
        answer = (rng.random((prompts, 8, 1)) * below[:, None, -1:] > below[:, None, :-1]).sum(axis=2)
        right = answer == 0
        parts.append(
            pl.DataFrame(
                {
                    "round": np.full(prompts * 8, number),
                    "prompt": np.repeat([f"q{i + number * shift}" for i in range(prompts)], 8),
                    "completion": [f"The answer is {a}." for a in answer.ravel()],
                    "extracted": [str(a) for a in answer.ravel()],
                    "signal.reward": (~right if number == turn else right).ravel().astype(float),
                }
            )
        )
    return pl.concat(parts)


@pytest.fixture(scope="module")
def judged(evidence_of):
    return forecast(evidence_of(rows(400, 3)), "reward", horizon=6, target=0.7)


def test_three_rounds_of_the_same_prompts_are_forecast(judged):
    assert (judged.status, judged.form) == ("judged", "resampling and selection")
    assert [row["round"] for row in judged.trajectory] == list(range(2, 2 + len(judged.trajectory)))
    assert all(isinstance(row["accuracy"], Estimate) for row in judged.trajectory[:2])
    first = judged.trajectory[0]["accuracy"]
    assert first.low <= first.value <= first.high
    assert first.level == 0.9
    assert judged.trajectory[1]["accuracy"].value > first.value


def test_the_fit_is_told_with_its_intervals(judged):
    assert judged.fit["r"].low <= judged.fit["r"].value <= judged.fit["r"].high
    assert judged.fit["r"].low < 1.8 * 1.1
    assert judged.fit["overdispersion"] >= 1
    assert judged.fit["of"] == "reward"


def test_the_backtest_stands_beside_the_forecast(judged):
    assert {row["form"] for row in judged.backtest} == {"resampling and selection", "last value"}
    assert all(row["since"] < row["round"] == 2 for row in judged.backtest)
    assert all(set(row["seen"]) == {"accuracy", "diversity"} for row in judged.backtest)


def test_the_change_of_repeated_prompts_is_judged(judged):
    assert judged.change["verdict"] == "gains"
    assert (judged.change["from"], judged.change["to"]) == (0, 2)


def test_rounds_to_a_target_are_told(judged):
    assert judged.rounds_to_target.low > 0
    assert judged.rounds_to_target.unit == "rounds from the last"


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ({"prompts": 300, "rounds": 1}, "FORECAST_ONE_ROUND"),
        ({"prompts": 300, "rounds": 2}, "FORECAST_TWO_ROUNDS"),
        ({"prompts": 120, "rounds": 3}, "FORECAST_NO_REPEATS"),
        ({"prompts": 300, "rounds": 3, "shift": 300}, "FORECAST_NO_REPEATS"),
        ({"prompts": 400, "rounds": 4, "turn": 3, "kept": 200}, "FORECAST_REFUTED"),
    ],
    ids=str,
)
def test_what_cannot_be_forecast_says_why_and_what_would_help(evidence_of, made, code):
    found = forecast(evidence_of(rows(**made)), "reward")
    assert (found.status, found.code) == ("not_judged", code)
    assert found.reason
    assert found.needs
    assert found.trajectory == []
    assert found.form is None


def test_two_rounds_still_show_a_change(evidence_of):
    found = forecast(evidence_of(rows(300, 2)), "reward")
    assert found.change["verdict"] == "gains"


def test_a_score_is_no_verdict(evidence_of):
    frame = rows(50, 3).with_columns(pl.int_range(pl.len()).cast(pl.Float64).alias("signal.reward"))
    found = forecast(evidence_of(frame), "reward")
    assert (found.status, found.code) == ("not_judged", "FORECAST_NO_VERDICT")
    assert "--accept" in found.needs


def test_truth_is_followed_where_all_rows_are_labelled(evidence_of):
    frame = rows(250, 2).with_columns(truth=pl.col("signal.reward"))
    frame = frame.with_columns(pl.lit(1.0).alias("signal.reward"))
    found = forecast(evidence_of(frame, truth=True), "reward")
    assert found.change["difference"].value > 0.02
