"""WildBench: outputs of many models scored 1 to 10 by several judges, prompts known by their ids only."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

NAME = "wildbench_judgments.parquet"
JUDGES = (("first-judge", "v2.0522"), ("second-judge", "v2.0522"), ("second-judge", "v2.0625"))


def made_up() -> pl.DataFrame:
    rng = np.random.default_rng(4)
    rows = []
    for task in range(50):
        for number, model in enumerate(("alpha", "beta", "gamma")):
            text = f"{model} thinks that task {task} is best answered so. " * int(rng.integers(1, 6))
            for judge, version in JUDGES:
                # some outputs were written anew between the versions of the benchmark
                body = text + ("Again. " if version == "v2.0625" and task % 5 == 0 else "")
                rows.append(
                    {
                        "prompt_id": f"wb-{task}",
                        "eval_version": version,
                        "judge": judge,
                        "model": model,
                        "completion": body,
                        "sample_index": 0,
                        "reward": float(np.clip(round(rng.normal(5 + number, 2)), 1, 10)),
                        "completion_chars": len(body),
                    }
                )
    return pl.DataFrame(rows)


@pytest.fixture(scope="module")
def found(kind, audited):
    return audited(kind, NAME, made_up())


def test_every_judge_and_version_is_a_signal_of_its_own(found):
    report, table = found
    judges = table.select("judge", "eval_version").unique().rows()
    assert sorted(report.log.signals) == sorted(f"reward@{judge}/{version}" for judge, version in judges)


def test_prompts_are_told_apart_by_their_ids(found):
    report, table = found
    assert report.log.prompts == table["prompt_id"].n_unique()
    assert report.log.sources == sorted(table["model"].unique())


def test_an_output_scored_by_several_judges_is_one_rollout(found):
    report, table = found
    assert report.log.rollouts == table.select("prompt_id", "model", "completion").unique().height


def test_one_output_per_model_gives_no_contrast(found):
    report, _ = found
    for signal in report.log.signals:
        budget = report.budget[signal]
        assert (budget.status, budget.code) == ("not_judged", "ONE_PER_GROUP")
        assert 1 <= budget.mean.value <= 10
        assert report.openness[signal].code == "OPEN_NO_BELIEF"


def test_the_judge_s_length_column_is_no_signal(found):
    report, _ = found
    assert any("completion_chars" in note for note in report.log.notes)


def test_a_rollout_that_a_judge_never_saw_is_not_unscored(found):
    report, table = found
    assert sum(report.log.unscored.values()) == table["reward"].null_count()
