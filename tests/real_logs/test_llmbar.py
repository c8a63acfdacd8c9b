"""LLMBar: judges say which of two outputs is better, in both orders. Pairs have no groups of rollouts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

JUDGMENTS = "llmbar_judgments_dev.parquet"
PROMPTS = "llmbar_prompts_dev.parquet"
JUDGES = (("first", "CoT"), ("first", "Vanilla"), ("second", "Vanilla"))


def made_up() -> tuple[pl.DataFrame, pl.DataFrame]:
    rng = np.random.default_rng(5)
    pairs, rows = [], []
    for pair in range(60):
        truth = int(rng.integers(1, 3))
        better, worse = f"{pair} is the answer.", f"Well, {pair} might be it, or {pair + 1}, who knows?"
        first, second = (better, worse) if truth == 1 else (worse, better)
        here = {"prompt_id": f"made-up-{pair}", "subset": "Natural" if pair % 2 else "Neighbor"}
        pairs.append(
            here
            | {
                "prompt": f"Which number comes after {pair - 1}?",
                "output_1": first,
                "output_2": second,
                "truth": truth,
            }
        )
        for judge, strategy in JUDGES:
            for swapped in (False, True):
                told = None if rng.random() < 0.02 else truth if rng.random() < 0.75 else 3 - truth
                rows.append(
                    here
                    | {
                        "judge": judge,
                        "strategy": strategy,
                        "swapped": swapped,
                        "winner": told,
                        "truth": truth,
                        "chars_1": len(first),
                        "chars_2": len(second),
                    }
                )
    return pl.DataFrame(rows, schema_overrides={"winner": pl.Int32}), pl.DataFrame(pairs)


@pytest.fixture(scope="module")
def alone(kind, audited):
    return audited(kind, JUDGMENTS, made_up()[0])


@pytest.fixture(scope="module")
def joined(kind, audited):
    judgments, prompts = made_up()
    return audited(kind, JUDGMENTS, judgments, (PROMPTS, prompts))


def check(found):
    report, table = found
    judges = table.select("judge", "strategy").unique().rows()
    assert sorted(report.log.signals) == sorted(f"winner@{judge}/{strategy}" for judge, strategy in judges)
    assert report.log.rollouts == report.log.prompts == table["prompt_id"].n_unique()
    assert report.log.truth
    for signal in report.log.signals:
        budget = report.budget[signal]
        assert (budget.status, budget.code) == ("not_applicable", "NO_GROUPS")
        assert budget.contrast_bits is None
        assert 0 < budget.mean.value < 1


def test_pairs_have_no_groups(joined):
    check(joined)
    assert (joined[0].coverage.status, joined[0].coverage.code) == ("not_applicable", "NO_GROUPS")


def test_pairs_without_their_texts_have_no_groups_either(alone):
    check(alone)
    assert any("--join" in note for note in alone[0].log.notes)


def test_the_two_orders_are_one_judgement_repeated(joined):
    report, table = joined
    both = (
        table.drop_nulls("winner").group_by("judge", "strategy", "prompt_id").agg(pl.col("winner").n_unique(), pl.len())
    )
    asked = both.filter(pl.col("len") > 1).group_by("judge", "strategy").agg((pl.col("winner") > 1).mean())
    for judge, strategy, contradicts in asked.iter_rows():
        reason = report.budget[f"winner@{judge}/{strategy}"]
        assert reason.self_contradiction.value == pytest.approx(contradicts, abs=1e-6)


def test_a_verdict_that_could_not_be_read_is_unscored(joined):
    report, table = joined
    assert sum(report.log.unscored.values()) == table["winner"].null_count()


def test_agreement_is_the_recorded_accuracy_of_every_judge_and_subset(joined):
    report, table = joined
    told = table.drop_nulls("winner").with_columns(right=pl.col("winner") == pl.col("truth"))
    recorded = told.group_by("judge", "strategy").agg(pl.col("right").mean())
    for judge, strategy, accuracy in recorded.iter_rows():
        channel = report.channel[f"winner@{judge}/{strategy}"]
        assert channel.status == "judged"
        assert channel.agreement.value == pytest.approx(accuracy)
        here = told.filter((pl.col("judge") == judge) & (pl.col("strategy") == strategy))
        subsets = dict(here.group_by("subset").agg(pl.col("right").mean()).iter_rows())
        assert {each["region"]: each["agreement"]["value"] for each in channel.by_region} == pytest.approx(subsets)


def test_published_accuracies_of_gpt_4(kind, joined):
    if kind != "public":
        pytest.skip("made-up judges have no published accuracy")
    channel = joined[0].channel["winner@GPT-4/Vanilla"]
    shares = {each["region"]: round(100 * each["agreement"]["value"], 1) for each in channel.by_region}
    assert shares == {"Natural": 95.5, "Neighbor": 78.7}
    assert (channel.worst["feature"], channel.worst["value"]) == ("region", "Neighbor")


def test_rates_of_a_judge_are_counted_over_both_orders(joined):
    report, table = joined
    for signal, channel in list(report.channel.items())[:3]:
        judge, strategy = signal.removeprefix("winner@").split("/")
        here = table.drop_nulls("winner").filter((pl.col("judge") == judge) & (pl.col("strategy") == strategy))
        first = here.with_columns(told=pl.col("winner") == 1, better=pl.col("truth") == 1)
        assert channel.tpr.value == pytest.approx(first.filter("better")["told"].mean())
        assert channel.fpr.value == pytest.approx(first.filter(~pl.col("better"))["told"].mean())
        assert channel.base_rate.value == pytest.approx(first["better"].mean())
        assert channel.tpr.rollouts + channel.fpr.rollouts == here.height
        assert channel.bits.unit == "bits/pair"
