"""HumanEval samples scored by model-written tests, with hidden tests as truth: the truth is not a signal."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

NAME = "codet_humaneval_samples_dev.parquet"


def made_up() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    rows = []
    for problem in range(24):
        skill, tests = rng.beta(0.6, 1), 7
        for sample in range(20):
            right = rng.random() < skill
            passed = (rng.random(tests) < (0.8 if right else 0.3)).astype(int)
            step = int(rng.integers(0, 6))
            rows.append(
                {
                    "prompt_id": f"MadeUp/{problem}",
                    "prompt": f'def f{problem}(x: int) -> int:\n    """Adds {problem} to x."""\n',
                    "completion": f"    y = x + {problem if right else problem + step}\n    return y\n",
                    "model": "coder",
                    "sample_index": sample,
                    "truth": float(right),
                    "proxy_reward": None if problem == 5 else float(passed.mean()),
                    "generated_test_vector": "" if problem == 5 else "".join(map(str, passed)),
                    "executes": bool(rng.random() < 0.97),
                }
            )
    return pl.DataFrame(rows, schema_overrides={"proxy_reward": pl.Float64})


@pytest.fixture(scope="module")
def found(kind, audited):
    return audited(kind, NAME, made_up())


def test_truth_is_recognised_and_only_the_proxy_is_a_signal(found):
    report, table = found
    assert report.log.truth
    assert report.log.labels.rows == table["truth"].count()
    assert report.log.signals == ["proxy_reward"]
    assert any("executes" in note for note in report.log.notes), "what was not taken is said"


def test_a_problem_without_usable_tests_is_unscored_not_zero(found):
    report, table = found
    missing = table["proxy_reward"].null_count()
    assert missing > 0
    assert report.log.unscored["proxy_reward"] == missing
    assert report.budget["proxy_reward"].mean.value == pytest.approx(table["proxy_reward"].mean(), abs=1e-5)


def test_contrast_is_judged(found):
    report, table = found
    budget = report.budget["proxy_reward"]
    assert (budget.status, budget.code, budget.kind) == ("judged", None, "score")
    assert budget.contrast_bits.low < budget.contrast_bits.value < budget.contrast_bits.high
    assert budget.contrast_bits.prompts == table.drop_nulls("proxy_reward")["prompt"].n_unique()


def test_what_truth_will_tell_is_named_as_not_judged_yet(found):
    report, _ = found
    for section in (report.openness, report.channel, report.hacking):
        assert (section["proxy_reward"].status, section["proxy_reward"].code) == ("not_judged", "NOT_YET")
