"""AUROC against enumeration and a closed form; bits of quantile bins against closed forms and clustered noise."""

import numpy as np
import pytest
from scipy.special import ndtr

from freshbits.information.entropy import binary_entropy
from freshbits.information.ranking import auroc, group_auroc, quantile_information


def area(score, right, weight):
    """Returns the AUROC by going through all pairs."""
    above, pairs = 0.0, 0.0
    for s, w in zip(score[right], weight[right], strict=True):
        for other, v in zip(score[~right], weight[~right], strict=True):
            above += w * v * ((s > other) + 0.5 * (s == other))
            pairs += w * v
    return above / pairs


@pytest.fixture
def rows():
    """Returns tied scores, truth, unequal weights, groups and prompts of 30 prompts with two groups each."""
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(60), rng.integers(1, 6, 60)).astype(np.uint64)
    right = rng.random(group.size) < 0.4
    score = rng.integers(0, 5, group.size) + 1.0 * right
    return score, right, rng.choice([1.0, 2.5], group.size), group, group // 2


def test_auroc_equals_enumeration_whatever_the_order(rows):
    score, right, weight, _, prompt = rows
    found = auroc(score, right, weight, prompt)
    assert found.value == pytest.approx(area(score, right, weight))
    assert found.low < found.value < found.high
    order = np.random.default_rng(0).permutation(score.size)
    assert auroc(*(column[order] for column in (score, right, weight, prompt))).value == pytest.approx(found.value)
    assert auroc(-score, right, weight, prompt).value == pytest.approx(1 - found.value)


def test_auroc_inside_groups_equals_enumeration(rows):
    score, right, weight, group, prompt = rows
    each = [
        area(score[group == g], right[group == g], weight[group == g])
        for g in np.unique(group)
        if 0 < right[group == g].sum() < (group == g).sum()
    ]
    order = np.random.default_rng(1).permutation(score.size)
    shuffled = [column[order] for column in (score, right, weight, group, prompt)]
    assert group_auroc(*shuffled).value == pytest.approx(np.mean(each))


def test_a_score_that_only_knows_the_prompt_ranks_nothing_inside_groups():
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(200), 8).astype(np.uint64)
    rate = np.repeat(rng.random(200), 8)
    right = rng.random(1600) < rate
    assert auroc(rate, right, np.ones(1600), group).low > 0.75
    assert group_auroc(rate, right, np.ones(1600), group, group).value == pytest.approx(0.5)
    assert quantile_information(rate, right, np.ones(1600), group, group).value == 0.0


def test_a_perfect_order_is_bounded_by_the_rarer_kind():
    q = np.arange(100, dtype=np.uint64)
    right = q < 4
    found = auroc(right * 1.0, right, np.ones(100), q)
    assert found.value == 1.0
    assert found.low == pytest.approx(0.025 ** (1 / 4))
    assert auroc(-1.0 * right, right, np.ones(100), q).high == pytest.approx(1 - 0.025 ** (1 / 4))


def test_nothing_is_said_of_few_prompts_or_one_kind():
    q = np.arange(40, dtype=np.uint64)
    score, one = np.arange(40.0), np.ones(40)
    for right, prompt in ((np.ones(40, bool), q), (np.zeros(40, bool), q), (q % 2 == 0, q // 5)):
        assert auroc(score, right, one, prompt) is None
        assert quantile_information(score, right, one, prompt, prompt) is None
    assert group_auroc(score, q % 2 == 0, one, q, q) is None


def draw(seed, prompts, size, gap, spread=1.0):
    """Draws scores gap·right + normal noise, plus a difficulty of the prompt that the truth does not follow."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(prompts), size).astype(np.uint64)
    right = rng.random(group.size) < 0.5
    return (
        gap * right + rng.normal(size=group.size) + spread * rng.normal(size=prompts)[group.astype(int)],
        right,
        group,
    )


def test_auroc_covers_the_closed_form():
    held = 0
    for seed in range(200):
        score, right, group = draw(seed, 60, 6, 1.0)
        found = auroc(score, right, np.ones(score.size), group)
        held += found.low <= ndtr(1.0 / 2.0) <= found.high  # sd of a difference over prompts: sqrt(2 + 2)
    assert 180 <= held <= 198


def normal_bits(gap, cuts):
    """Returns I(C;L) of two unit normals at 0 and gap, equally likely, cut at the given points."""
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    mass = np.stack([np.diff(ndtr(edges)), np.diff(ndtr(edges - gap))])
    share = mass[1] / mass.sum(axis=0)
    return 1.0 - float(mass.mean(axis=0) @ binary_entropy(share))


def test_bits_inside_prompts_do_not_see_the_prompt():
    expected = normal_bits(2.0, np.array([-0.25, 1.0, 2.25]))  # about the quartiles of the mixture
    for spread in (0.0, 20.0):
        score, right, group = draw(7, 300, 32, 2.0, spread)
        found = quantile_information(score, right, np.ones(score.size), group, group)
        assert "inside groups" in found.method
        assert found.low - 0.02 <= expected <= found.high + 0.02


def test_pooled_bits_of_one_label_per_prompt():
    expected = normal_bits(2.0, np.array([-0.25, 1.0, 2.25]))
    score, right, group = draw(11, 4000, 1, 2.0, 0.0)
    found = quantile_information(score, right, np.ones(score.size), group, group, unit="bits/pair")
    assert "pooled" in found.method
    assert found.unit == "bits/pair"
    assert found.low <= expected <= found.high


def test_labels_drawn_by_score_are_weighted_back():
    rng = np.random.default_rng(13)
    score, right, group = draw(17, 40_000, 1, 2.0, 0.0)
    chance = np.where(score > 1.0, 0.5, 0.05)
    drawn = rng.random(score.size) < chance
    found = quantile_information(score[drawn], right[drawn], 1 / chance[drawn], group[drawn], group[drawn])
    assert found.value == pytest.approx(normal_bits(2.0, np.array([-0.25, 1.0, 2.25])), abs=0.02)


def test_clustered_noise_is_taken_off():
    """Truth constant inside a prompt, scores alike inside a prompt, no relation: the plain bias is far too small."""
    values, plain = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(50), 8).astype(np.uint64)
        right = np.repeat(rng.random(50) < 0.5, 8)
        score = np.repeat(rng.normal(size=50), 8) + 0.1 * rng.normal(size=400)
        found = quantile_information(score, right, np.ones(400), group, group)
        assert "pooled" in found.method
        values.append(found.value)
        plain.append(found.low == 0.0)
    assert np.mean(values) < 0.02  # clipped at zero from below; 3/(2·400 ln 2) would leave about .04
    assert np.mean(plain) > 0.9
