"""HumanEval samples scored by model-written tests, with hidden tests as truth: the truth is not a signal."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.real_logs.conftest import public

from freshbits.information.entropy import mutual_information

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


def test_a_score_ranks_right_above_wrong(found):
    report, table = found
    channel = report.channel["proxy_reward"]
    assert (channel.status, channel.tpr, channel.fpr) == ("judged", None, None)
    known = table.drop_nulls("proxy_reward")
    right, wrong = (known.filter(pl.col("truth") == each)["proxy_reward"].to_numpy() for each in (1, 0))
    area = (right[:, None] > wrong).mean() + (right[:, None] == wrong).mean() / 2
    assert channel.auroc.value == pytest.approx(area, abs=1e-6)
    assert channel.auroc.low > 0.5


@pytest.fixture(scope="module")
def best_cut(kind):
    """Returns the cut of the proxy at which J is largest."""
    table = made_up() if kind == "made up" else pl.read_parquet(public(NAME) / NAME)
    table = table.drop_nulls("proxy_reward")
    cuts = table["proxy_reward"].unique().sort()[1:]
    right = pl.col("truth") == 1
    j = [
        table.select((pl.col("proxy_reward") >= cut).filter(right).mean())[0, 0]
        - table.select((pl.col("proxy_reward") >= cut).filter(~right).mean())[0, 0]
        for cut in cuts
    ]
    return float(cuts[int(np.argmax(j))])


@pytest.fixture(scope="module", params=["half", "best"])
def cut(request, kind, audited, best_cut):
    at = 0.5 if request.param == "half" else best_cut
    report, table = audited(kind, NAME, made_up(), accept={"proxy_reward": (">=", at)})
    table = table.drop_nulls("proxy_reward").with_columns(accepted=pl.col("proxy_reward") >= at)
    return report.channel["proxy_reward"], table, at


def counted(table):
    right, accepted = table["truth"] == 1, table["accepted"]
    return {
        "tpr": accepted.filter(right).mean(),
        "fpr": accepted.filter(~right).mean(),
        "ppv": right.filter(accepted).mean(),
        "base_rate": right.mean(),
    }


def test_rates_of_a_cut_proxy_are_the_direct_counts(cut):
    channel, table, _ = cut
    rates = counted(table)
    assert {name: getattr(channel, name).value for name in rates} == pytest.approx(rates)
    assert channel.j.value == pytest.approx(rates["tpr"] - rates["fpr"])
    for name in rates:
        estimate = getattr(channel, name)
        assert estimate.low < estimate.value < estimate.high
        assert estimate.high - estimate.low > 0.03, "problems are the unit, not samples"


def test_a_few_samples_per_problem_agree_within_their_intervals(cut, kind, audited):
    """8 samples of each problem: the rates of all its samples lie inside at least 7 times in 8 (nominal: 95 %)."""
    _, table, at = cut
    rates, inside = counted(table), []
    for seed in range(3):
        some = table.filter(pl.int_range(pl.len()).shuffle(seed=seed).over("prompt_id") < 8).drop("accepted")
        channel = audited("made up", NAME, some, accept={"proxy_reward": (">=", at)})[0].channel["proxy_reward"]
        inside += [getattr(channel, name).low <= rate <= getattr(channel, name).high for name, rate in rates.items()]
    assert np.mean(inside) >= 7 / 8


def test_the_problems_whose_tests_let_most_wrong_samples_pass_are_named(cut):
    channel, table, _ = cut
    wrong = table.filter(pl.col("truth") != 1)
    by_problem = wrong.group_by("prompt").agg(pl.col("accepted").mean().alias("fpr"), pl.len())
    worst = by_problem.filter(pl.col("len") >= 5).sort("fpr", descending=True)
    for each in channel.worst_prompts:
        assert each["fpr"] > wrong["accepted"].mean()
        assert each["fpr"] in worst["fpr"].to_list()
    assert [each["fpr"] for each in channel.worst_prompts] == sorted(
        (each["fpr"] for each in channel.worst_prompts), reverse=True
    )


def test_the_bits_are_those_counted_problem_by_problem(cut, kind):
    """With 100 samples per problem the plug-in bits of a problem are off by .007 at most."""
    channel, table, _ = cut
    if kind == "made up":  # 20 samples of 23 problems: too few to look inside prompts
        assert channel.bits is None or channel.bits.method.startswith("one_channel")
        return
    bits = []
    for _, rows in table.group_by("prompt_id"):
        cells = np.histogram2d(rows["truth"] == 1, rows["accepted"], bins=2, range=[[0, 1], [0, 1]])[0]
        free = ((cells.sum(axis=0) > 0).sum() - 1) * ((cells.sum(axis=1) > 0).sum() - 1)
        bits.append(mutual_information(cells) - free / (2 * cells.sum() * np.log(2)))
    assert channel.bits.value == pytest.approx(np.mean(bits), abs=0.01)
    assert channel.bits.low < np.mean(bits) < channel.bits.high
