"""Which prompts tell most: counted by hand on a small log, quoted from it, the same whatever the order of its rows."""

import polars as pl
import pytest

from freshbits.auditing import audit
from freshbits.rollouts.options import ReadOptions

SCORES = {  # prompt -> its two groups of four verdicts
    "all wrong": [[0, 0, 0, 0], [0, 0, 0, 0]],
    "all right": [[1, 1, 1, 1], [1, 1, 1, 1]],
    "half": [[0, 1, 0, 1], [1, 1, 0, 0]],
    "mostly": [[1, 1, 1, 0], [1, 1, 1, 1]],
}
WRONG = {("half", 0, 1), ("half", 0, 3), ("all wrong", 1, 2)}  # places whose verdict contradicts truth


def rows(truth=False):
    found = []
    for prompt, groups in SCORES.items():
        for round_, verdicts in enumerate(groups):
            for place, verdict in enumerate(verdicts):
                right = bool(verdict) != ((prompt, round_, place) in WRONG)
                row = {"prompt": prompt, "completion": f"{prompt} {place} " + "x" * 900, "round": round_}
                found.append(row | {"reward": float(verdict)} | ({"truth": float(right)} if truth else {}))
    return pl.DataFrame(found)


@pytest.fixture(scope="module")
def told():
    return audit(rows(), prompts=True).prompts


def test_each_prompt_is_counted(told):
    counts = {
        each.prompt: (each.scored, each.accepted, each.groups, each.dead_groups, each.dead_rollouts) for each in told
    }
    assert counts == {
        "all wrong": (8, 0, 2, 2, 8),
        "all right": (8, 8, 2, 2, 8),
        "half": (8, 4, 2, 0, 0),
        "mostly": (8, 7, 2, 1, 4),
    }


def test_waste_and_contrast_take_turns_and_the_most_comes_first(told):
    assert {each.prompt for each in told[:3:2]} == {"all wrong", "all right"}
    assert [each.why for each in told] == ["waste", "contrast", "waste", "contrast"]
    assert [each.prompt for each in told if each.why == "contrast"] == ["half", "mostly"]


def test_the_rollouts_quoted_are_of_both_kinds_and_cut(told):
    half = next(each for each in told if each.prompt == "half")
    assert [rollout.score for rollout in half.rollouts] == [1.0, 0.0]
    assert all(rollout.cut and len(rollout.completion) == 700 for rollout in half.rollouts)


def test_verdicts_that_contradict_truth_lead():
    told = audit(rows(truth=True), prompts=True).prompts
    assert (told[0].prompt, told[0].why) == ("half", "truth")
    assert (told[0].labelled, told[0].wrong_accepted, told[0].right_rejected) == (8, 2, 0)
    assert (told[0].rollouts[0].score, told[0].rollouts[0].truth) == (1.0, 0.0)
    missed = next(each for each in told if each.prompt == "all wrong")
    assert (missed.wrong_accepted, missed.right_rejected, missed.right) == (0, 1, 1)


def test_it_is_the_same_for_any_order_of_the_rows(told):
    keys = [(each.key, each.why) for each in told]
    shuffled = audit(rows().sample(fraction=1.0, shuffle=True, seed=1), prompts=True).prompts
    assert [(each.key, each.why) for each in shuffled] == keys


def test_it_is_there_only_where_it_was_asked_for():
    found = audit(rows())
    assert found.prompts == []
    assert "prompts" not in found.to_json()
    counted = audit(rows(), prompts=True, texts=False)
    assert all(each.prompt is None and each.rollouts == [] for each in counted.prompts)
    stored = counted.to_json()
    assert list(stored)[-1] == "prompts"
    assert type(counted).from_json(stored).to_json() == stored


def test_one_rollout_per_prompt_and_system_compares_the_systems():
    table = pl.DataFrame(
        {
            "prompt": ["same"] * 4 + ["mixed"] * 4,
            "source": ["a", "b", "c", "d"] * 2,
            "completion": [str(i) for i in range(8)],
            "reward": [1.0] * 5 + [0.0] * 3,
        }
    )
    told = audit(table, ReadOptions(), prompts=True).prompts
    assert [each.prompt for each in told] == ["mixed"]
    assert told[0].dead_groups is None
