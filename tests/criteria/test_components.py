"""Components of a reward against worlds where their dependence is known."""

import numpy as np
import pytest

from freshbits.criteria.budget import budget
from freshbits.criteria.components import components
from freshbits.worlds import Beta, Channel, Format, Random, Trend, World


def judged(evidence):
    return components(evidence, {name: budget(evidence, name) for name in evidence.tally.values})


DEPENDENT = World(
    prompts=250, base=Beta(1, 1), signals={"tests": Channel(0.95, 0.05), "judge": Channel(0.85, 0.15)}, labelled=0.0
)


@pytest.fixture(scope="module")
def dependent(evidence_of):
    return judged(evidence_of(DEPENDENT.draw(1), weights={"tests": 1.0, "judge": 0.5}))


def test_two_verdicts_on_one_truth_share_bits(dependent):
    for name, truth in DEPENDENT.truth().signals.items():
        found = dependent[name]
        assert found.status == "judged"
        assert found.alone.low <= truth.contrast_bits <= found.alone.high
        assert found.given_others.low <= truth.given_others <= found.given_others.high
        assert found.given_others.value < found.alone.value - 0.1


def test_bits_given_the_others_are_unbiased(evidence_of):
    truth = DEPENDENT.truth().signals["tests"].given_others
    found = [judged_one(evidence_of(DEPENDENT.draw(seed))) for seed in range(5)]
    assert np.mean(found) == pytest.approx(truth, abs=0.025)


def judged_one(evidence):
    from freshbits.criteria.components import _given_others
    from freshbits.information.mixing import contrast_bits

    groups = evidence.tally.of("tests")
    return _given_others(evidence, "tests", ["judge"], contrast_bits(groups.n, groups.k, groups.prompt)).value


def test_a_component_that_knows_nothing_takes_nothing_away(evidence_of):
    world = World(prompts=200, signals={"reward": Channel(), "coin": Random(0.5)}, labelled=0.0)
    found = judged(evidence_of(world.draw(0)))
    assert found["reward"].given_others.value == pytest.approx(found["reward"].alone.value, abs=0.01)
    assert found["coin"].given_others.high > 0.98
    assert found["coin"].variance_share is None  # no weights, no total


def test_variance_shares_are_those_of_the_total_and_add_up(dependent):
    frame = DEPENDENT.draw(1)
    rows = np.stack([frame["signal.tests"].to_numpy(), 0.5 * frame["signal.judge"].to_numpy()], axis=1)
    centred = (rows.reshape(250, 8, 2) - rows.reshape(250, 8, 2).mean(axis=1, keepdims=True)).reshape(-1, 2)
    total = centred.sum(axis=1)
    expected = (centred * total[:, None]).sum(axis=0) / (total**2).sum()
    assert dependent["tests"].variance_share.value == pytest.approx(expected[0])
    assert dependent["judge"].variance_share.value == pytest.approx(expected[1])
    assert sum(expected) == pytest.approx(1.0)


def test_a_format_reward_saturates(evidence_of):
    world = World(prompts=60, signals={"reward": Channel(), "format": Trend(Format(0.7), 4.0)}, labelled=0.0)
    found = judged(evidence_of(world.log(0, 8)))
    truth = [world.truth(round).signals["format"].contrast_bits for round in range(8)]
    first = next(round for round, bits in enumerate(truth) if bits < 0.05)
    assert abs(found["format"].saturated_at - first) <= 1
    assert found["reward"].saturated_at is None


def test_two_blocks_are_too_few_to_call_it_saturated(evidence_of):
    world = World(prompts=40, signals={"format": Format(1.0), "reward": Channel()}, labelled=0.0)
    assert judged(evidence_of(world.log(0, 2)))["format"].saturated_at is None


def test_what_is_not_judged_says_why(evidence_of):
    found = judged(evidence_of(World(prompts=5).draw(0)))["reward"]
    assert (found.status, found.code) == ("not_judged", "FEW_PROMPTS")
    assert found.alone is None
