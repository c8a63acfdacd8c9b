"""Coverage of answer classes, against worlds whose answers are known."""

import polars as pl
import pytest

from freshbits.criteria.coverage import coverage
from freshbits.worlds import Answers, Atoms, Beta, Channel, Fixed, World

WORLD = World(
    prompts=200,
    base=Beta(1, 1),
    answers=Answers(4, Atoms([(0.6, 1.0)])),
    signals={"reward": Channel()},
    sizes=Fixed(8),
    cut=0.1,
    labelled=0.0,
)


@pytest.fixture(scope="module")
def judged(evidence_of):
    return coverage(evidence_of(WORLD.draw(5)))


def test_counts_equal_counting_by_hand(judged):
    frame = WORLD.draw(5).with_columns(pl.col("extracted").fill_null("unreadable"))
    classes = frame.group_by("prompt", "extracted").agg(rows=pl.len(), k=pl.col("signal.reward").sum())
    assert judged.status == "judged"
    assert judged.classes == classes.height
    assert judged.redundancy == pytest.approx(1 - classes.height / frame.height)
    assert judged.unreadable == pytest.approx(frame["truncated"].mean())
    assert judged.good_turing.value == pytest.approx(1 - (classes["rows"] == 1).sum() / frame.height)
    reward = judged.by_signal["reward"]
    assert reward.distinct_accepted.value == pytest.approx((classes["k"] > 0).sum() / 200)
    assert reward.next_new.value == pytest.approx((classes["k"] == 1).sum() / frame.height)


def test_estimates_hold_the_truth(judged):
    share = 1 / (WORLD.answers.split(pl.Series([0.6]).to_numpy()) ** 2).sum()
    # P(two agree) = (1-c)² (E s² + E (1-s)² / share) + c², with c = .1 cut and E s² = E (1-s)² = 1/3
    agree = 0.81 * (1 / 3 + 1 / 3 / share) + 0.01
    assert judged.effective.low <= 1 / agree <= judged.effective.high
    assert judged.chao1.low <= 6
    passed = judged.by_signal["reward"].pass_at
    for tries in (1, 8, 32):
        rate = Beta(1, 1).expect(lambda s, tries=tries: 1 - (1 - 0.9 * s) ** tries)
        assert passed[str(tries)].value == pytest.approx(rate, abs=0.05)  # 200 prompts: s.e. .02
    assert passed["inf"].value is None


def test_few_prompts(evidence_of):
    found = coverage(evidence_of(World(prompts=8).draw(0)))
    assert (found.status, found.code) == ("not_judged", "FEW_PROMPTS")


def test_pairs(evidence_of):
    frame = WORLD.draw(0).with_columns(pl.lit("the other").alias("opponent"))
    found = coverage(evidence_of(frame, pairs=True))
    assert (found.status, found.code) == ("not_applicable", "NO_GROUPS")


def test_a_log_without_completions(evidence_of):
    found = coverage(evidence_of(WORLD.draw(0).drop("completion", "extracted")))
    assert (found.status, found.code) == ("not_judged", "NO_COMPLETIONS")
