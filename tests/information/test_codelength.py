"""Code lengths: closed forms, the chain rule from class to text, and lower bounds where little repeats."""

import math

import numpy as np
import pytest

from freshbits.information.codelength import class_bits, text_bits, within_class_bits
from freshbits.information.entropy import entropy
from freshbits.outputs.keys import name_keys, prompt_keys
from freshbits.worlds import Fixed, World
from freshbits.worlds.text import VARIANTS


def drawn(prompts, size, shares, seed=0):
    rng = np.random.default_rng(seed)
    q = np.repeat(np.arange(prompts), size).astype(np.uint64)
    return q, rng.choice(len(shares), q.size, p=shares).astype(np.uint64)


@pytest.mark.parametrize(("size", "within"), [(8, 0.15), (16, 0.06), (64, 0.02)])
@pytest.mark.parametrize("shares", [(0.25,) * 4, (0.7, 0.2, 0.1), (0.97, 0.03), (0.1,) * 10])
def test_class_bits_are_the_entropy(shares, size, within):
    q, answers = drawn(600, size, shares)
    found = class_bits(q, answers, q)
    assert found.value == pytest.approx(float(entropy(np.array(shares))), abs=within)
    assert found.low <= float(entropy(np.array(shares))) <= found.high


def test_few_rollouts_give_a_lower_bound():
    q, answers = drawn(300, 4, (0.1,) * 10)
    found = class_bits(q, answers, q)
    assert found.value is None
    assert found.high is None
    assert 1.2 < found.low < math.log2(10)
    alone = np.arange(40, dtype=np.uint64)
    assert class_bits(alone, alone, alone) is None


def test_text_bits_average_groups_and_leave_out_what_is_not_logged():
    q = np.array([0, 0, 0, 1], dtype=np.uint64)
    logprob = -math.log(2) * np.array([1.0, 3.0, np.nan, 6.0])
    assert text_bits(logprob, q, q).value == pytest.approx((2.0 + 6.0) / 2)
    assert text_bits(np.full(4, np.nan), q, q) is None


def test_class_and_wording_add_up_to_the_text():
    """The wording is uniform over the variants of a sentence, so the chain rule is exact: H(Y) = H(class) + log2 M."""
    world = World(prompts=300, sizes=Fixed(32), logprobs=True)
    frame = world.draw(0)
    prompts = prompt_keys(frame["prompt"]).to_numpy()
    answers = name_keys(frame["extracted"].fill_null("none")).to_numpy()
    texts = name_keys(frame["completion"]).to_numpy()
    named = class_bits(prompts, answers, prompts)
    worded = within_class_bits(prompts, answers, texts, prompts)
    whole = text_bits(frame["logprob"].to_numpy(), prompts, prompts)
    assert worded.low <= math.log2(VARIANTS) <= worded.high
    assert named.value < whole.value
    assert named.value + math.log2(VARIANTS) == pytest.approx(whole.value, abs=0.06)


def test_wording_is_counted_inside_a_class_only():
    """Each class has one text of its own: many texts, none of it wording."""
    q, answers = drawn(100, 8, (0.25,) * 4)
    assert within_class_bits(q, answers, answers + np.uint64(7), q).value == pytest.approx(0.0, abs=1e-9)
    distinct = np.arange(q.size).astype(np.uint64)
    bound = within_class_bits(q, answers, distinct, q)
    assert (bound.value, bound.high) == (None, None)
    assert 4 < bound.low < 6  # none of a hundred prompts: at most 3.6 % agree
    assert within_class_bits(distinct, answers, answers, distinct) is None


def test_the_effective_number_is_that_of_hill():
    shares = np.array([0.5, 0.25, 0.125, 0.125])
    q, texts = drawn(500, 16, tuple(shares))
    found = within_class_bits(q, np.zeros(q.size, dtype=np.uint64), texts, q)
    assert found.value == pytest.approx(-math.log2((shares**2).sum()), abs=0.03)
    assert found.value <= entropy(shares)
