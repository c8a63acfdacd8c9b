"""Reasoning Gym: three completions per prompt of five models, with fractional scores. Bounds, no value."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

NAME = "reasoning_gym_easy_dev.parquet"


def made_up() -> pl.DataFrame:
    rng = np.random.default_rng(2)
    rows = []
    for task in range(60):
        answer = str(int(rng.integers(0, 100)))
        for model in ("large", "small"):
            skill = rng.beta(1, 1)
            for sample in range(3):
                right = rng.random() < skill
                given = answer if right else str(int(rng.integers(100, 105)))
                rows.append(
                    {
                        "prompt_id": f"made-up-{task}",
                        "difficulty": "easy",
                        "category": "arithmetic" if task % 2 else "logic",
                        "dataset": f"kind_{task % 4}",
                        "prompt": f"Task {task}: which number is meant? Put it between <answer> tags.",
                        "completion": f"I count again.\n<answer>{given}</answer>",
                        "model": model,
                        "sample_index": sample,
                        "reward": 1.0 if right else float(rng.choice([0.0, 0.0, 0.01, round(rng.random(), 3)])),
                        "extracted_answer": given,
                        "answer": answer,
                    }
                )
    return pl.DataFrame(rows)


@pytest.fixture(scope="module")
def found(kind, audited):
    return audited(kind, NAME, made_up())


def test_groups_are_three_rollouts_of_one_model(found):
    report, table = found
    assert report.log.group_size == "3"
    assert report.log.groups * 3 == report.log.rollouts == table.height
    assert report.log.sources == sorted(table["model"].unique())
    assert report.log.prompts == table["prompt"].n_unique()


def test_contrast_is_an_interval_only(found):
    report, _ = found
    budget = report.budget["reward"]
    assert (budget.status, budget.code, budget.kind) == ("judged", "FEW_PER_GROUP", "score")
    assert budget.contrast_bits.value is None
    assert 0 <= budget.contrast_bits.low < budget.contrast_bits.high
    assert "8 completions per prompt" in budget.needs


def test_dead_groups_of_three_are_counted(found):
    report, table = found
    groups = table.group_by("prompt", "model").agg(dead=pl.col("reward").max() == pl.col("reward").min())
    dead = report.budget["reward"].dead_groups
    assert dead.value == pytest.approx(groups["dead"].mean(), abs=0.005)
    assert dead.low < dead.value < dead.high


def test_openness_waits_for_truth(found):
    report, _ = found
    openness = report.openness["reward"]
    assert (openness.status, openness.code) == ("not_judged", "OPEN_NO_TRUTH")
    assert "vote_share" in openness.columns
    assert openness.surprise_bits.value > 0
