"""GSM8K solutions of four systems, one each per problem: nothing can be said about contrast inside a group."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

NAME = "gsm8k_example_model_solutions.parquet"
SYSTEMS = ("175b_finetuning", "175b_verification", "6b_finetuning", "6b_verification")


def made_up() -> pl.DataFrame:
    rng = np.random.default_rng(1)
    rows = []
    for problem in range(80):
        answer = int(rng.integers(2, 300))
        for skill, system in zip((0.35, 0.55, 0.2, 0.4), SYSTEMS, strict=True):
            right = rng.random() < skill
            given = answer if right else answer + int(rng.integers(1, 9))
            rows.append(
                {
                    "prompt_id": f"made-up-{problem}",
                    "prompt": f"A shop sells {answer} pears on day {problem}. How many pears is that?",
                    "completion": f"The shop sells <<{given}={given}>>{given} pears.\n#### {given}",
                    "model": system,
                    "sample_index": 0,
                    "reward": float(right),
                    "extracted_answer": str(given),
                    "answer": str(answer),
                }
            )
    return pl.DataFrame(rows)


@pytest.fixture(scope="module")
def found(kind, audited):
    return audited(kind, NAME, made_up())


def test_every_system_is_a_source_and_every_row_a_group(found):
    report, table = found
    assert report.log.sources == sorted(table["model"].unique())
    assert report.log.rollouts == report.log.groups == table.height
    assert report.log.prompts == table["prompt"].n_unique()
    assert (report.log.signals, report.log.truth) == (["reward"], False)


def test_contrast_is_bounded_not_estimated(found):
    report, table = found
    budget = report.budget["reward"]
    assert (budget.status, budget.code) == ("not_judged", "ONE_PER_GROUP")
    assert budget.contrast_bits.value is None
    mean = float(table["reward"].mean())
    most = -mean * np.log2(mean) - (1 - mean) * np.log2(1 - mean)
    assert budget.contrast_bits.low == 0
    assert most <= budget.contrast_bits.high <= 1
    assert budget.dead_groups is None
    assert budget.by_round == []


def test_other_systems_are_never_a_vote(found):
    report, _ = found
    assert report.budget["reward"].surprise_columns == []
    assert report.budget["reward"].surprise_bits is None
    openness = report.openness["reward"]
    assert (openness.status, openness.code, openness.columns) == ("not_judged", "OPEN_NO_BELIEF", [])
    assert report.coverage.effective is None, "the classes of one group of one"


def test_what_would_help_is_more_rollouts_per_prompt(found):
    report, _ = found
    assert "8 completions per prompt" in report.budget["reward"].needs
    assert "num_generations" in report.remedies[0].command
