"""Public code with its tests: canonical solutions are right, samples are judged as another runner recorded."""

from __future__ import annotations

import polars as pl
import pytest
from benchmarks.unit_tests import RECORDED, generated, gold, truth
from tests.real_logs.conftest import public

from freshbits.signals.sandbox.selfcheck import LEVELS, why_not

pytestmark = pytest.mark.skipif(all(map(why_not, LEVELS)), reason="no sandbox holds on this machine")

PROMPTS = "code_prompts.parquet"
SAMPLES = "codet_humaneval_samples_dev.parquet"
TESTS = "codet_humaneval_generated_tests_dev.parquet"
PROBLEMS = ("HumanEval/0", "HumanEval/32", "HumanEval/38", "HumanEval/126")  # a plain one; helpers of the prompt; …


def test_canonical_solutions_are_right():
    prompts = pl.read_parquet(public(PROMPTS) / PROMPTS)
    found = gold(prompts.filter(pl.int_range(pl.len()) % 20 == 0))
    assert found["solutions"] == 30
    assert found["not right"] == []


def test_samples_are_judged_as_recorded():
    folder = public(SAMPLES)
    samples = pl.read_parquet(folder / SAMPLES)
    few = samples.filter(pl.col("prompt_id").is_in(PROBLEMS), pl.col("sample_index") < 8)
    prompts = pl.read_parquet(folder / PROMPTS)
    found = truth(few, prompts)
    assert found["samples"] == 32
    assert found["disagreements"] == []


def test_model_written_tests_give_the_recorded_vectors():
    folder = public(TESTS)
    samples = pl.read_parquet(folder / SAMPLES)
    few = samples.filter(pl.col("prompt_id").is_in(PROBLEMS[::3]), pl.col("sample_index") < 6)
    found = generated(few, pl.read_parquet(folder / PROMPTS), pl.read_parquet(folder / TESTS))
    assert RECORDED["each"] == "0.25"
    assert found["disagreements"] == []
    assert found["vectors that agree"] == 1.0
