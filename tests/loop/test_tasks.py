"""Tasks from elsewhere, the signals of a loop over their rows, and how the base is made."""

from __future__ import annotations

import random

import polars as pl
import pytest
import torch

from freshbits.errors import InputError
from freshbits.loop.declare import Loop
from freshbits.loop.evaluation import exact
from freshbits.loop.model.pretrain import Recipe, pretrain
from freshbits.loop.parts import Task as Declared
from freshbits.loop.scoring import scorers, totals, truth
from freshbits.loop.tasks.build import build
from freshbits.loop.tasks.gym import Gym
from freshbits.loop.tasks.sums import Sums
from freshbits.loop.tasks.task import Prompt, split
from freshbits.loop.train.examples import Example, accepted, mixed, references


def test_a_split_keeps_every_prompt_once_and_some_on_either_side():
    prompts = [Prompt(str(n)) for n in range(7)]
    for share, held_out in ((0.0, 1), (0.2, 1), (0.5, 4), (0.99, 6)):
        train, apart = split(prompts, share, random.Random(1))
        assert len(apart) == held_out
        assert sorted(p.text for p in (*train, *apart)) == [str(n) for n in range(7)]


def test_a_reasoning_gym_task_is_scored_by_its_own_scorer():
    task = build(Declared(environment="chain_sum", size=30, seed=3))
    assert isinstance(task, Gym)
    assert not {p.text for p in task.train} & {p.text for p in task.held_out}
    for prompt in (*task.train, *task.held_out):
        assert task.check(prompt, prompt.answer) == 1.0
        assert task.check(prompt, f"<think>so</think><answer>{prompt.answer}</answer>") == 1.0
        assert task.check(prompt, str(int(prompt.answer) + 1)) < 1.0
    assert task.answers(task.train[0]) is None
    with pytest.raises(InputError, match="chain_sum does not take these options"):
        build(Declared(environment="chain_sum", options={"terms": 3}))


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_rows_of_a_table_are_asked_once_and_checked_against_their_answer(tmp_path, ending):
    table = pl.DataFrame({"q": ["a", "b", "c", "a", "d", "e"], "gold": ["1", "2", "3", "9", "4", None]})
    file = tmp_path / f"rows.{ending}"
    {"jsonl": table.write_ndjson, "csv": table.write_csv, "parquet": table.write_parquet}[ending](file)
    task = build(Declared(dataset=str(file), prompt="q", answer="gold"))
    prompts = {p.text: p for p in (*task.train, *task.held_out)}
    assert set(prompts) == set("abcde")
    assert [task.check(prompts["a"], text) for text in ("1", " 1\n", "9")] == [1.0, 1.0, 0.0]
    assert task.check(prompts["e"], "4") is None
    with pytest.raises(InputError, match="there is no such column \\(nearest: gold\\)"):
        build(Declared(dataset=str(file), prompt="q", answer="golden"))
    with pytest.raises(InputError, match="there is no such file"):
        build(Declared(dataset=str(tmp_path / f"none.{ending}")))


def rows(texts: list[str], prompts: list[Prompt]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "prompt": [prompt.text for prompt in prompts],
            "completion": texts,
            "group": [prompt.text for prompt in prompts],
            "logprob": [-float(at) for at in range(1, len(texts) + 1)],
            "tokens": [1] * len(texts),
        }
    )


def signal(declared: object, **more: object) -> Loop:
    method = "self" if declared == "none" else "rft"
    return Loop(
        task={"environment": "sums"}, model={"config": "tiny"}, signal=declared, train={"method": method, **more}
    )


def test_every_signal_of_a_loop_scores_what_it_says():
    task = Sums()
    prompt = Prompt("75=", "sums")
    asked = [prompt] * 4
    table = rows(["32+43", "32+43", "00+75", "00+00"], asked)
    found = {
        name: scorers(signal(declared), task)[0]
        for name, declared in {
            "exact": {"verifier": "exact"}, "environment": {"environment": True}, "none": "none",
            "majority": "majority_vote", "confidence": "confidence", "lots": {"random": 0.25},
        }.items()
    }  # fmt: skip
    assert found["exact"].score(asked, table) == found["environment"].score(asked, table) == [1.0, 1.0, 1.0, 0.0]
    assert found["none"].score(asked, table) == [1.0] * 4
    assert found["majority"].score(asked, table) == [1.0, 1.0, 0.0, 0.0]
    sure = found["confidence"].score(asked, table)
    assert sure == sorted(sure, reverse=True)
    assert found["confidence"].passed(sure, ["g"] * 4) == [True, True, False, False]
    lots = found["lots"].score([prompt] * 4000, rows(["32+43"] * 4000, [prompt] * 4000))
    assert abs(sum(lots) / 4000 - 0.25) < 0.03


def test_lots_are_drawn_from_the_signals_own_scores_and_do_not_follow_them():
    task = Sums()
    asked = [prompt for prompt in task.train for _ in range(20)]
    rng = random.Random(1)
    texts = [task.reference(p, rng) if rng.random() < 0.3 else "00+00" for p in asked]
    table = rows(texts, asked)
    real, drawn = (scorers(signal({"verifier": "exact"}), task, lots=lots)[0] for lots in (None, 7))
    right, lots = real.score(asked, table), drawn.score(asked, table)
    assert abs(sum(lots) - sum(right)) < 4 * (len(asked) * 0.25) ** 0.5
    agree = sum(one == other for one, other in zip(right, lots, strict=True)) / len(asked)
    share = sum(right) / len(asked)
    assert abs(agree - (share**2 + (1 - share) ** 2)) < 0.05


def test_several_signals_add_up_by_weight_and_what_is_unscored_is_not_zero():
    loop = signal([{"verifier": "exact", "weight": 2.0}, {"random": True}])
    found = scorers(loop, Sums())
    assert totals(found, {"exact": [1.0, 0.0, None], "random": [1.0, 1.0, 1.0]}) == [3.0, 1.0, None]
    assert found[0].passed([1.0, 0.0, None], ["g"] * 3) == [True, False, False]


def test_truth_is_full_score_by_the_task_or_by_the_verifier_that_is_named():
    prompt = Prompt("q", answer="4")
    by_name = Loop(
        task={"environment": "sums"}, model={"config": "tiny"}, signal="none", train={"method": "self"},
        meter={"truth": "numeric"},
    )  # fmt: skip
    assert truth(by_name, Sums())([prompt] * 3, ["4.0", "so 5", "4"]) == [1.0, 0.0, 1.0]
    with pytest.raises(InputError, match="there is no such signal"):
        truth(Loop(**{**by_name.data(), "meter": {"truth": "nomeric"}}), Sums())


def test_rows_to_train_on_are_chosen_as_declared():
    table = pl.DataFrame({"prompt": ["p"] * 5 + ["q"], "token_ids": [[n] for n in range(6)]})
    kept = accepted(table, [True] * 6, 2, random.Random(0))
    assert [example.prompt for example in kept] == ["p", "p", "q"]
    own, fresh = [Example("p", (1,))] * 8, [Example("p", (2,))] * 8
    for share, count in ((0.0, 0), (0.25, 2), (0.5, 4)):
        rows_ = mixed(own, fresh, share, random.Random(0))
        assert (len(rows_), rows_.count(fresh[0])) == (8, count)
    task = Sums()
    one = references(task, task.train[:5], lambda text: [ord(c) for c in text], 3, "1")
    assert len(one) == 15
    assert one == references(task, task.train[:5], lambda text: [ord(c) for c in text], 3, "1")
    assert one != references(task, task.train[:5], lambda text: [ord(c) for c in text], 3, "2")


def test_the_recipe_of_the_base_ends_where_its_goal_is_met_and_is_repeatable():
    before = torch.get_num_threads()
    recipe = Recipe(domains=("sums",), size=10, goal=0.2, begin=0.05, look=10, batch=16)
    try:
        one, other = pretrain(recipe), pretrain(recipe)
        with pytest.raises(InputError, match="after 5 steps"):
            pretrain(Recipe(domains=("sums",), most=5))
    finally:
        torch.set_num_threads(before)
    task = Sums(10, 0, ("sums",))
    assert exact(one, task, task.train[::4]).mean("accuracy") > 0.19
    states = one.network.state_dict(), other.network.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
