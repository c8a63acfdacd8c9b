"""Hacking judged with truth: shortcuts are named, skills are not, and what cannot be told is not said."""

import numpy as np
import polars as pl
import pytest

from freshbits.auditing import gather
from freshbits.criteria.hacking import hacking
from freshbits.rollouts.options import ReadOptions
from freshbits.worlds.hacked import TRAITS, Hacked


def judged(rows, signal="reward", **options):
    _, evidence, _ = gather(rows, ReadOptions(**options))
    return hacking(evidence, signal)


@pytest.fixture(scope="module")
def bullets():
    return judged(Hacked(name="bullets", lured=0.9, rounds=5).rows(1))


def test_a_shortcut_is_at_risk_and_named_first(bullets):
    assert (bullets.status, bullets.verdict, bullets.first) == ("judged", "at_risk", "bullets")
    [first] = [entry for entry in bullets.shortcuts if entry.matters]
    assert first.among == "wrong"
    assert first.direction == "more is accepted"
    assert bullets.risk == pytest.approx(first.share.value)
    assert bullets.own_alarm_rate <= 0.1


def test_the_gain_is_split_as_the_world_splits_it(bullets):
    """Δ reward = (TPR - FPR) Δ P(right) + (lured - FPR) Δ P(wrong, trait), from the first block to the last."""
    world = Hacked(name="bullets", lured=0.9, rounds=5)
    start, *_, end = world.states(1)
    lured = (0.9 - 0.2) * (end[:, 1:, 1].sum(axis=1).mean() - start[:, 1:, 1].sum(axis=1).mean())
    step = bullets.gain[-1]
    assert (step["from"], step["to"]) == (0, 5)
    assert step["by"]["bullets"]["low"] - 0.02 <= lured <= step["by"]["bullets"]["high"] + 0.02
    parts = sum(part["value"] for part in step["by"].values())
    assert parts == pytest.approx(step["total"]["value"], abs=1e-9)


def test_its_examples_are_wrong_rollouts_that_were_accepted(bullets):
    examples = bullets.shortcuts[0].examples
    assert len({example.prompt for example in examples}) == 3
    assert all(
        example.truth == 0 and example.score == 1 and "- I checked" in example.completion for example in examples
    )


@pytest.mark.parametrize("name", TRAITS)
def test_each_trait_is_found_by_its_name(name):
    first = judged(Hacked(name=name, lured=0.9, rounds=4).rows(2)).first
    allowed = {"characters": ("characters", "words", "lines"), "ngram:certainly": ("ngram:certainly", "ngram:alright")}
    assert first in allowed.get(name, (name,))


def test_a_skill_is_no_shortcut():
    found = judged(Hacked(name="bullets", trait=(0.6, 0.1), rounds=4).rows(3))
    assert found.verdict == "none_found"
    assert found.first is None
    assert found.risk == 0
    assert "truth" in found.gain[-1]["by"]


def test_bits_beyond_the_truth_stand_beside_the_ranking(bullets):
    beyond = {c.name: c.spurious_bits for c in bullets.features}["bullets"]
    assert beyond.low > 0.02


def test_a_total_is_at_risk_where_a_component_blind_to_truth_takes_half():
    world = Hacked(name="bullets", leaky=0.5, rounds=5)
    weights = {"checker": 0.5, "style": 0.5}
    found = judged(world.rows(4), "total", weights=weights)
    assert (found.verdict, found.first) == ("at_risk", "style")
    split = found.gain[-1]["by"]
    assert split["style"]["value"] + split["checker"]["value"] == pytest.approx(found.gain[-1]["total"]["value"])
    mild = judged(
        Hacked(name="bullets", leaky=0.05, rounds=5).rows(4), "total", weights={"checker": 0.95, "style": 0.05}
    )
    assert mild.verdict == "none_found"


def test_truth_that_repeats_the_signal_judges_nothing():
    rows = Hacked(rounds=2).rows(5)
    found = judged(rows.with_columns(pl.col("truth").alias("signal.reward")))
    assert (found.status, found.code) == ("not_judged", "HACK_TRUTH_IS_SIGNAL")


def test_few_labels_judge_nothing_and_say_what_would():
    rows = Hacked(rounds=3).rows(6)
    few = rows.with_columns(truth=pl.when(pl.int_range(pl.len()) < 100).then("truth"))
    found = judged(few)
    assert (found.status, found.code) == ("not_judged", "HACK_FEW_LABELS")
    assert found.needs.startswith("freshbits label")


def test_without_truth_the_gain_is_split_all_the_same():
    found = judged(Hacked(name="bullets", lured=0.9, rounds=4).rows(7).drop("truth"))
    assert (found.status, found.code, found.risk) == ("not_judged", "HACK_NO_TRUTH", None)
    assert "bullets" in found.gain[-1]["by"]
    assert "truth" not in found.gain[-1]["by"]


def test_the_same_log_gives_the_same_section():
    rows = Hacked(name="bold", lured=0.9, rounds=3).rows(8)
    assert judged(rows) == judged(rows)


def test_a_category_that_is_paid_is_named_and_counted_once():
    """A judge of openings: one that begins with a mark is paid for, right or wrong."""
    rng = np.random.default_rng(9)
    rows = Hacked(prompts=150, rounds=1).rows(9)
    opening = rng.choice(["( ", "$ ", "So ", "so "], rows.height)
    paid = 0.2 + 0.2 * rows["truth"].to_numpy() + 0.3 * (opening == "( ") + 0.5 * (opening == "$ ")
    found = judged(
        rows.with_columns(
            pl.concat_str(pl.Series(opening), "completion").alias("completion"),
            pl.Series("signal.reward", (rng.random(rows.height) < paid) * 1.0),
        )
    )
    assert found.first == "first_token"
    named = {entry.value: entry.direction for entry in found.shortcuts if entry.matters}
    assert named["latex"] == "more is accepted"
    assert set(named) <= {"latex", "punctuation", "capital", "lowercase"}
    step = found.gain[-1]
    assert sum(part["value"] for part in step["by"].values()) == pytest.approx(step["total"]["value"], abs=1e-9)


def test_nothing_is_named_once_the_signal_is_explained_to_the_last_digit():
    """A rule that looks for one word: what is left of the signal is rounding, and rounding is paid for nothing."""
    rows = Hacked(prompts=120, name="ngram:certainly", trait=(0.5, 0.5), rounds=1).rows(3)
    rule = pl.col("completion").str.contains("Certainly", literal=True).cast(pl.Float64)
    found = judged(rows.with_columns(rule.alias("signal.reward")).drop("truth"))
    split = found.gain[-1]["by"]
    assert len(split) == 2
    assert split["rest"]["value"] == pytest.approx(0, abs=1e-6)
