"""RV-info: closed forms where there is no belief, nothing from noise and from functions of the belief."""

import numpy as np
import polars as pl
import pytest

from freshbits.information.entropy import binary_entropy
from freshbits.information.residual import ranks, residual_bits, told
from freshbits.outputs.belief import belief
from freshbits.outputs.keys import prompt_keys
from freshbits.remedies.label import draw_rows
from freshbits.rollouts.schema import SIGNAL
from freshbits.worlds import Answers, Atoms, Channel, Majority, PromptNoise, Random, Score, World

SIGNALS = {
    "good": Channel(0.8, 0.3),
    "inverted": Channel(0.3, 0.8),
    "noise": Random(0.4),
    "prompt noise": PromptNoise(Atoms([(0.1, 1.0), (0.9, 1.0)])),
    "vote": Majority(),
}
WORLD = World(prompts=200, signals=SIGNALS, answers=Answers(3, Atoms([(0.1, 1.0), (0.7, 1.0)])))


def read(world, seed=0):
    """Returns the rows, the prompt keys and the belief of a drawn log."""
    frame = world.draw(seed)
    prompts = prompt_keys(frame["prompt"])
    classes = frame["extracted"].cast(pl.Categorical).to_physical()
    state = belief(pl.DataFrame({"group": prompts, "answer_class": classes})).to_numpy()
    return frame, prompts.to_numpy(), state


@pytest.fixture(scope="module")
def drawn():
    frame, prompts, state = read(WORLD)
    return frame, told(frame["truth"].to_numpy() == 1, state, prompts, np.full(frame.height, 1 / 8))


def measured(drawn, signal):
    frame, known = drawn
    return residual_bits(known, frame[SIGNAL + signal].to_numpy())


def blind(right, score, prompts=None, weight=None):
    """Measures without any belief."""
    prompts = np.arange(right.size, dtype=np.uint64) if prompts is None else prompts
    known = told(right, np.zeros((right.size, 0)), prompts, np.ones(right.size) if weight is None else weight)
    return residual_bits(known, score)


@pytest.mark.parametrize(("base", "tpr", "fpr"), [(0.5, 0.9, 0.1), (0.1, 0.95, 0.05), (0.7, 0.6, 0.4), (0.3, 0.2, 0.9)])
def test_without_belief_it_is_the_mutual_information_of_the_channel(base, tpr, fpr):
    rng = np.random.default_rng(1)
    right = rng.random(6000) < base
    score = (rng.random(6000) < np.where(right, tpr, fpr)).astype(float)
    found = blind(right, score)
    rate = base * tpr + (1 - base) * fpr
    exact = float(binary_entropy(rate) - base * binary_entropy(tpr) - (1 - base) * binary_entropy(fpr))
    assert found.bits.low < exact < found.bits.high
    assert found.bits.value == pytest.approx(exact, rel=0.1, abs=0.004)
    assert found.left == pytest.approx(float(binary_entropy(base)), abs=0.02)
    assert found.share.value == pytest.approx(found.bits.value / found.left)
    assert found.beyond()


def test_a_score_counts_as_much_as_its_density_ratio_allows():
    rng = np.random.default_rng(2)
    right = rng.random(6000) < 0.5
    score = right + 1.5 * rng.standard_normal(6000)
    found = blind(right, score)
    exact = float(Score(noise=1.5).bits(np.array([0.5]))[0])
    assert found.bits.low < exact < found.bits.high
    assert found.bits.value == pytest.approx(exact, abs=0.01)
    assert blind(right, np.exp(score)).bits == found.bits  # units and tails of a score are nobody's business


def test_a_verifier_is_beyond_the_votes_and_an_inverted_one_as_much(drawn):
    good, inverted = measured(drawn, "good"), measured(drawn, "inverted")
    assert good.beyond()
    assert inverted.beyond()
    assert good.z > 5
    assert inverted.z < -5
    assert good.bits.low > 0.05


@pytest.mark.parametrize("signal", ["noise", "prompt noise", "vote"])
def test_noise_and_votes_say_nothing_beyond_the_votes(drawn, signal):
    found = measured(drawn, signal)
    assert not found.beyond()
    assert found.bits.value < 0.003
    assert found.bits.low < 0.001


def test_noise_is_known_to_be_nothing_and_few_labels_are_not(drawn):
    assert measured(drawn, "noise").nothing()
    frame, known = drawn
    few = np.arange(frame.height) % 20 == 0
    small = told(known.right[few], known.belief[few], known.prompts[few], known.weight[few])
    assert not residual_bits(small, frame[SIGNAL + "noise"].to_numpy()[few]).nothing()


def test_the_belief_explains_a_vote_but_no_noise(drawn):
    assert measured(drawn, "vote").unexplained < 0.2
    assert measured(drawn, "noise").unexplained > 0.9


def test_a_raw_vote_would_have_looked_beyond_a_poor_belief():
    """Without the votes as belief the very same vote says much: openness is relative to what is logged."""
    frame, prompts, state = read(WORLD)
    poor = told(frame["truth"].to_numpy() == 1, state[:, :0], prompts, np.full(frame.height, 1 / 8))
    assert residual_bits(poor, frame[SIGNAL + "vote"].to_numpy()).bits.value > 0.02


def test_rollouts_of_one_prompt_are_one_piece_of_evidence():
    """Truth and verdict constant inside a prompt: 25 prompts cannot prove what 2,500 independent rows could."""
    prompts = np.repeat(np.arange(24), 100).astype(np.uint64)
    right = np.repeat(np.arange(24) % 2 == 0, 100)
    agrees = np.repeat(np.arange(24) % 3 != 0, 100)  # on 16 of 24 prompts
    verdict = np.where(agrees, right, ~right).astype(float)
    clustered = blind(right, verdict, prompts)
    apart = blind(right, verdict)
    assert apart.beyond()
    assert not clustered.beyond()
    assert abs(clustered.z) < 2.5 < abs(apart.z)


def test_labels_drawn_half_and_half_are_weighted_back():
    """A strict verifier accepts few: of 1,200 rows drawn half and half, the weights restore what all rows say."""
    world = World(prompts=500, signals={"strict": Channel(0.5, 0.05)})
    frame, prompts, state = read(world, 3)
    right, score = frame["truth"].to_numpy() == 1, frame[SIGNAL + "strict"].to_numpy()
    whole = residual_bits(told(right, state, prompts, np.full(right.size, 1 / 8)), score)
    drawn = draw_rows(score, prompts, np.zeros(right.size, dtype=np.int64), 1200, seed=4)
    at = drawn.rows
    weighted = residual_bits(told(right[at], state[at], prompts[at], 1 / drawn.probability / 8), score[at])
    taken_as_they_are = residual_bits(told(right[at], state[at], prompts[at], np.ones(at.size)), score[at])
    assert weighted.bits.value == pytest.approx(whole.bits.value, abs=0.025)
    assert taken_as_they_are.bits.value > whole.bits.value + 0.03
    assert weighted.bits.low < whole.bits.value < weighted.bits.high


def test_the_scale_of_the_weights_and_the_order_of_the_rows_do_not_matter(drawn):
    frame, known = drawn
    score = frame[SIGNAL + "good"].to_numpy()
    one = residual_bits(known, score).bits
    order = np.random.default_rng(0).permutation(score.size)
    again = told(known.right[order], known.belief[order], known.prompts[order], 7 * known.weight[order])
    other = residual_bits(again, score[order]).bits
    assert (other.value, other.low, other.high) == pytest.approx((one.value, one.low, one.high), rel=1e-3)


def test_a_known_expectation_takes_the_place_of_the_fitted_one(drawn):
    frame, known = drawn
    score = frame[SIGNAL + "noise"].to_numpy()
    found = residual_bits(known, score, np.full(score.size, 0.4))
    assert found.unexplained == pytest.approx(1.0, abs=0.05)
    assert not found.beyond()


def test_a_signal_that_never_varies_says_nothing(drawn):
    frame, known = drawn
    found = residual_bits(known, np.ones(frame.height))
    assert found.bits.value == pytest.approx(0.0, abs=1e-9)
    assert found.z == 0.0
    assert not found.beyond()


def test_ranks_weigh_what_they_stand_for():
    assert ranks(np.array([3.0, 1.0]), np.array([1.0, 3.0])).tolist() == [0.875, 0.375]
