"""Closed components: laws against enumeration, draws against laws."""

import itertools
import math

import numpy as np
import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.schema import SIGNAL
from freshbits.worlds import Answers, Atoms, Ballot, Beta, Fixed, PromptNoise, SampledConfidence, World
from freshbits.worlds.closed import winning


def enumerated(belief, of, cut):
    """Returns P(class wins) by going through all counts."""
    wins = np.zeros(len(belief))
    for counts in itertools.product(range(of + 1), repeat=len(belief)):
        if sum(counts) != of:
            continue
        chance = math.factorial(of) * math.prod(p**c / math.factorial(c) for p, c in zip(belief, counts, strict=True))
        voted = [*counts[:-1], 0] if cut else list(counts)
        top = [k for k, c in enumerate(voted) if c == max(voted) > 0]
        for k in top:
            wins[k] += chance / len(top)
    return wins


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("of", [1, 2, 5])
def test_the_winner_of_a_vote_is_the_enumerated_one(of, cut):
    belief = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [1.0, 0.0, 0.0]])
    expected = [enumerated(row, of, cut) for row in belief]
    np.testing.assert_allclose(winning(belief, of, cut), expected, atol=1e-12)


def test_a_large_vote_elects_the_models_favourite():
    wins = winning(np.array([[0.6, 0.4], [0.45, 0.55]]), 150)
    assert wins[0, 0] > 0.99
    assert wins.sum(axis=1) == pytest.approx([1.0, 1.0])


def test_drawn_votes_follow_the_law_and_are_one_vote_per_group():
    world = World(prompts=3000, base=Atoms([(0.55, 1.0)]), answers=Answers(1), signals={"vote": Ballot(5)})
    frame = world.draw(1)
    right = frame.filter(pl.col("truth") == 1).group_by("prompt").agg(pl.col(SIGNAL + "vote").mean())
    assert set(right[SIGNAL + "vote"].unique()) == {0.0, 1.0}  # all right rows of a group meet the same winner
    exact = float(winning(np.array([[0.55, 0.45]]), 5)[0, 0])
    assert right[SIGNAL + "vote"].mean() == pytest.approx(exact, abs=0.03)
    truth = world.truth(sizes=(8,)).signals["vote"]
    assert frame[SIGNAL + "vote"].mean() == pytest.approx(truth.pass_rate, abs=0.02)
    dead = frame.group_by("prompt").agg(pl.col(SIGNAL + "vote").n_unique() == 1)[SIGNAL + "vote"].mean()
    assert dead == pytest.approx(1 - truth.informative[8], abs=0.02)


def test_a_prompts_vote_does_not_depend_on_how_many_prompts_there_are():
    few = World(prompts=20, signals={"vote": Ballot(9)}).draw(4)
    many = World(prompts=60, signals={"vote": Ballot(9)}).draw(4)
    assert few[SIGNAL + "vote"].to_list() == many[SIGNAL + "vote"].to_list()[: few.height]


def test_completions_without_an_answer_never_win():
    frame = World(prompts=300, cut=0.5, signals={"vote": Ballot(3), "sampled": SampledConfidence()}).draw(2)
    lost = frame.filter(pl.col("truncated"))
    assert lost.height > 500
    assert lost[SIGNAL + "vote"].sum() == 0
    assert lost[SIGNAL + "sampled"].sum() == 0


def test_sampled_confidence_accepts_as_often_as_the_model_believes():
    world = World(prompts=4000, base=Atoms([(0.8, 1.0)]), answers=Answers(1), signals={"r": SampledConfidence()})
    frame = world.draw(0)
    rates = frame.group_by("truth").agg(pl.col(SIGNAL + "r").mean()).sort("truth")[SIGNAL + "r"]
    assert rates.to_list() == pytest.approx([0.2, 0.8], abs=0.02)


def test_prompt_noise_is_the_same_for_right_and_wrong_and_differs_between_prompts():
    world = World(prompts=2000, sizes=Fixed(16), signals={"r": PromptNoise(Beta(0.5, 0.5))})
    truth = world.truth().signals["r"]
    assert truth.truth_bits == pytest.approx(0.0, abs=1e-12)
    assert truth.tpr == pytest.approx(truth.fpr)
    frame = world.draw(0)
    by_prompt = frame.group_by("prompt").agg(pl.col(SIGNAL + "r").mean())[SIGNAL + "r"]
    # Var of the mean of 16: Var(rate) + E rate (1 - rate) / 16 with Beta(.5, .5): 1/8 + 1/8/16
    assert by_prompt.var() == pytest.approx(0.125 + 0.125 / 16, abs=0.01)


def test_a_vote_of_nobody_is_refused():
    with pytest.raises(InputError, match="a vote of 0"):
        Ballot(0)
