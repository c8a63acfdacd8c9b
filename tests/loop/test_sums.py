"""The task of sums: what is right, what is held out, what is exact."""

from __future__ import annotations

import math
import random
from types import SimpleNamespace

import pytest
import torch

from freshbits.errors import InputError
from freshbits.loop.evaluation import exact
from freshbits.loop.model.tiny import SPECIAL, SYMBOLS, new_tokenizer
from freshbits.loop.parts import Task as Declared
from freshbits.loop.tasks.build import build
from freshbits.loop.tasks.sums import TAILS, Sums
from freshbits.loop.tasks.task import Prompt

SYMBOL_COUNT = len(SPECIAL) + len(SYMBOLS)


@pytest.mark.parametrize("domain", ["sums", "differences"])
def test_every_listed_answer_is_right_and_every_pair_of_numbers_is_judged_by_arithmetic(domain):
    task = Sums(size=30, domains=(domain,))
    for prompt in (*task.train, *task.held_out):
        number = int(prompt.text[:-1][::-1])
        right = {
            f"{x:02d}"[::-1] + ("+" if domain == "sums" else "-") + f"{y:02d}"[::-1]
            for x in range(30)
            for y in range(30)
            if (x + y if domain == "sums" else x - y) == number
        }
        assert set(task.answers(prompt)) == right
        assert {task.check(prompt, answer) for answer in right} == {1.0}


@pytest.mark.parametrize("written", ["32+42", "23+34", "57", "32+43+00", "32-43", "32+43.", "", "3 2+43", "032+43"])
def test_what_is_no_pair_of_the_right_sum_in_the_right_form_is_wrong(written):
    assert Sums().check(Prompt("75=", "sums"), written) == 0.0


def test_a_tail_counts_only_where_the_task_has_tails():
    prompt = Prompt("75=", "sums")
    plain, tailed = Sums(), Sums(tail=True)
    assert [plain.check(prompt, "32+43" + tail) for tail in TAILS] == [1.0, 0.0, 0.0, 0.0]
    assert [tailed.check(prompt, "32+43" + tail) for tail in TAILS] == [1.0] * 4
    assert tailed.check(prompt, "32+43!.") == 0.0
    assert len(tailed.answers(prompt)) == 4 * len(plain.answers(prompt))
    assert max(map(len, tailed.answers(prompt))) == tailed.longest


def test_answers_can_be_restricted_to_a_few_which_the_seed_draws():
    some = Sums(accepted=4, seed=1)
    for prompt in some.train:
        right = Sums().answers(prompt)
        assert len(some.answers(prompt)) == min(4, len(right))
        assert set(some.answers(prompt)) <= set(right)
        assert sum(some.check(prompt, answer) for answer in right) == min(4, len(right))
    other = Sums(accepted=4, seed=2)
    assert any(some.answers(prompt) != other.answers(prompt) for prompt in some.train)


def test_held_out_prompts_are_a_fifth_the_same_for_every_seed_and_in_no_training_set():
    one, other = Sums(seed=1, domains=("sums", "differences")), Sums(seed=2, domains=("sums", "differences"))
    assert (len(one.train), len(one.held_out)) == (160, 40)
    assert {p.text for p in one.held_out} == {p.text for p in other.held_out}
    assert not {p.text for p in one.train} & {p.text for p in one.held_out}
    assert [p.text for p in one.train] != [p.text for p in other.train]
    assert {p.text for p in one.train} == {p.text for p in other.train}
    assert [p.region for p in one.train[:4]] == ["sums", "differences"] * 2


def test_the_fixed_reference_stays_and_another_seed_has_another():
    task = Sums(seed=3)
    told = [task.fixed_reference(prompt) for prompt in task.train]
    assert told == [task.fixed_reference(prompt) for prompt in task.train]
    assert told != [Sums(seed=4).fixed_reference(prompt) for prompt in task.train]
    assert all(task.check(prompt, answer) for prompt, answer in zip(task.train, told, strict=True))
    drawn = {task.reference(Prompt("99=", "sums"), random.Random(seed)) for seed in range(2000)}
    assert len(drawn) == 100


class Uniform:
    """Gives every symbol the same probability, whatever it reads."""

    device = "cpu"

    def eval(self):
        return self

    def __call__(self, input_ids, attention_mask, use_cache):
        return SimpleNamespace(logits=torch.zeros(*input_ids.shape, SYMBOL_COUNT))


def test_exact_evaluation_has_the_closed_form_of_a_model_that_knows_nothing():
    tokenizer, task = new_tokenizer(), Sums()
    reader = SimpleNamespace(
        network=Uniform(),
        pad=0,
        encode_prompt=lambda text: tokenizer(text)["input_ids"],
        encode_completion=lambda text: [*tokenizer(text)["input_ids"], 2],
    )
    found = exact(reader, task, task.held_out)
    for prompt, each in zip(task.held_out, found.prompts, strict=True):
        answers = int(prompt.text[:-1][::-1]) + 1
        assert each.accuracy == pytest.approx(answers * SYMBOL_COUNT**-6.0)
        assert each.entropy == pytest.approx(math.log2(answers), abs=1e-6)
        assert each.loss == pytest.approx(6 * math.log2(SYMBOL_COUNT))
    assert found.distinct == pytest.approx(sum(len(task.answers(p)) for p in task.held_out) / 20)


def test_a_declared_task_is_built_or_refused_in_words():
    assert build(Declared(environment="differences", size=50)).name == "differences"
    assert len(build(Declared(environment="sums_and_differences")).train) == 160
    assert build(Declared(environment="sums", options={"accepted": 4})).accepted == 4
    with pytest.raises(InputError, match="sums have no option 'acepted' \\(nearest: accepted\\)"):
        build(Declared(environment="sums", options={"acepted": 4}))
    with pytest.raises(InputError, match="'4' is not a number"):
        build(Declared(environment="sums", options={"accepted": "4"}))
    with pytest.raises(InputError, match="is enumerated, not trained on"):
        build(Declared(world="lattice"))
    with pytest.raises(InputError, match="there is no environment 'summs' \\(nearest: sums\\)"):
        build(Declared(environment="summs"))
    with pytest.raises(InputError, match="not between 5 and 1000"):
        build(Declared(environment="sums", size=3))
