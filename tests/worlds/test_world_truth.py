"""The truth of worlds against closed forms and against enumerations written here."""

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from freshbits.errors import InputError, OutOfRegimeError
from freshbits.worlds.channels import Channel, Format, Levels, PromptChannel, Score, Shortcut
from freshbits.worlds.marks import Follows, Habit
from freshbits.worlds.own_state import Confidence, Majority, Random, SelfJudge
from freshbits.worlds.rates import Atoms, Beta
from freshbits.worlds.sizes import Choice, Fixed
from freshbits.worlds.state import Answers, Region, Replicator, Schedule, Source
from freshbits.worlds.varying import Regional, Trend
from freshbits.worlds.world import World


def h(p):
    return float((special.entr(p) + special.entr(1 - p)) / math.log(2))


def one(p, **world):
    return World(base=Atoms([(p, 1.0)]), **world)


def test_perfect_verifier_of_uniform_rates():
    truth = World(signals={"s": Channel(1, 0)}).truth(sizes=(2, 8))
    signal = truth.signals["s"]
    assert truth.base_rate == pytest.approx(0.5)
    assert signal.contrast_bits == pytest.approx(1 / (2 * math.log(2)), abs=1e-10)
    assert signal.truth_bits == pytest.approx(signal.contrast_bits, abs=1e-10)
    assert signal.given_others == pytest.approx(signal.contrast_bits, abs=1e-10)
    assert signal.accepted_share == pytest.approx(0.5)
    # k of n is uniform on 0 … n under Beta(1, 1)
    assert signal.all_wrong[8] == pytest.approx(1 / 9)
    assert signal.all_right[8] == pytest.approx(1 / 9)
    assert signal.informative[2] == pytest.approx(1 / 3)


def test_accepted_share_of_rare_acceptance():
    s = 0.01
    expected = -s * math.log2(s) / h(s)
    assert one(s).truth().signals["reward"].accepted_share == pytest.approx(expected)


@pytest.mark.parametrize(("a", "b", "tpr", "fpr"), [(1, 1, 0.9, 0.1), (0.4, 1.5, 0.7, 0.3), (6, 2, 0.62, 0.0)])
def test_homogeneous_channel_obeys_the_pooled_formula(a, b, tpr, fpr):
    signal = World(base=Beta(a, b), signals={"s": Channel(tpr, fpr)}).truth().signals["s"]
    mean = a / (a + b)

    def density(p):
        return h(p * tpr + (1 - p) * fpr) * stats.beta.pdf(p, a, b)

    contrast = integrate.quad(density, 0, 1, epsabs=1e-11, limit=500)[0]
    assert signal.pass_rate == pytest.approx(mean * tpr + (1 - mean) * fpr)
    assert signal.contrast_bits == pytest.approx(contrast, abs=1e-7)
    assert signal.truth_bits == pytest.approx(contrast - mean * h(tpr) - (1 - mean) * h(fpr), abs=1e-7)
    assert signal.tpr == pytest.approx(tpr)
    assert signal.fpr == pytest.approx(fpr)


def test_prompt_channel_mixes_per_prompt_information():
    world = one(0.4, signals={"s": PromptChannel(Atoms([(0.9, 1), (0.5, 1)]), Atoms([(0.1, 3), (0.5, 1)]))})
    expected = 0.0
    for (tpr, fpr), weight in {
        (0.9, 0.1): 0.375,
        (0.5, 0.1): 0.375,
        (0.9, 0.5): 0.125,
        (0.5, 0.5): 0.125,
    }.items():
        expected += weight * (h(0.4 * tpr + 0.6 * fpr) - 0.4 * h(tpr) - 0.6 * h(fpr))
    assert world.truth().signals["s"].truth_bits == pytest.approx(expected)
    smooth = World(base=Beta(2, 2), signals={"s": PromptChannel(Beta(4, 1), Beta(1, 4))}).truth().signals["s"]
    rng = np.random.default_rng(5)
    p, t, f = rng.beta(2, 2, 200_000), rng.beta(4, 1, 200_000), rng.beta(1, 4, 200_000)
    s = p * t + (1 - p) * f
    bits = (special.entr(s) + special.entr(1 - s)) / math.log(2)
    assert abs(bits.mean() - smooth.contrast_bits) < 4 * bits.std() / math.sqrt(bits.size)


def test_majority_agrees_with_the_enumeration_of_all_groups():
    p, skew, size, cut = 0.35, 0.4, 5, 0.1
    wrong = np.array([1.0, skew]) / (1 + skew)
    belief = np.array([(1 - cut) * p, *((1 - cut) * (1 - p) * wrong), cut])
    joint = np.zeros((4, 2))
    dead = {"none": 0.0, "all": 0.0}
    for group in itertools.product(range(4), repeat=size):
        chance = math.prod(belief[list(group)])
        votes = [sum(answer == k for answer in group) for k in range(3)]
        tied = [k for k in range(3) if votes[k] == max(votes) > 0]
        winner = next((answer for answer in group if answer in tied), None)
        verdicts = [answer == winner for answer in group]
        dead["none"] += chance * (not any(verdicts))
        dead["all"] += chance * all(verdicts)
        for answer, verdict in zip(group, verdicts, strict=True):
            joint[answer, int(verdict)] += chance / size
    world = one(
        p,
        answers=Answers(2, Atoms([(skew, 1.0)])),
        cut=cut,
        sizes=Fixed(size),
        signals={"m": Majority()},
    )
    signal = world.truth(sizes=(size,)).signals["m"]
    assert signal.pass_rate == pytest.approx(joint[:, 1].sum())
    assert signal.tpr == pytest.approx(joint[0, 1] / joint[0].sum())
    assert signal.fpr == pytest.approx(joint[1:, 1].sum() / joint[1:].sum())
    assert signal.all_wrong[size] == pytest.approx(dead["none"])
    assert signal.all_right[size] == pytest.approx(dead["all"])
    assert signal.surprise_bits == 0


def test_majority_averages_over_group_sizes():
    kwargs = {"signals": {"m": Majority()}, "base": Beta(2, 3)}
    small, large = (World(sizes=Fixed(n), **kwargs).truth().signals["m"] for n in (3, 9))
    mixed = World(sizes=Choice(((3, 1.0), (9, 3.0))), **kwargs).truth().signals["m"]
    assert mixed.pass_rate == pytest.approx(0.25 * small.pass_rate + 0.75 * large.pass_rate)
    assert mixed.contrast_bits == pytest.approx(0.25 * small.contrast_bits + 0.75 * large.contrast_bits)


def test_confidence_counts_the_answers_above_the_threshold():
    # one wrong answer: the right one passes for p >= .6, the wrong one for p <= .4
    world = World(base=Beta(1, 1), answers=Answers(1), signals={"c": Confidence(0.6)})
    signal = world.truth().signals["c"]
    above = (1 - 0.6**2) / 2
    assert signal.pass_rate == pytest.approx(2 * above, abs=1e-10)
    assert signal.tpr == pytest.approx(above / 0.5, abs=1e-10)
    assert signal.surprise_bits == 0
    assert signal.class_bits == pytest.approx(signal.contrast_bits, abs=1e-10)


def test_self_judge_follows_belief_through_a_normal():
    signal = one(0.3, answers=Answers(1), signals={"j": SelfJudge(noise=2.0, bar=0.5)}).truth().signals["j"]
    accept = [stats.norm.cdf((special.logit(belief) - 0.5) / 2.0) for belief in (0.3, 0.7)]
    assert signal.tpr == pytest.approx(accept[0])
    assert signal.fpr == pytest.approx(accept[1])
    assert signal.surprise_bits is None


def test_random_verdicts_say_nothing():
    truth = World(signals={"r": Random(0.3), "s": Channel(0.9, 0.2)}).truth()
    assert truth.signals["r"].truth_bits == pytest.approx(0, abs=1e-12)
    assert truth.signals["r"].contrast_bits == pytest.approx(h(0.3))
    assert truth.signals["r"].surprise_bits == pytest.approx(h(0.3))
    assert truth.signals["r"].given_others == pytest.approx(h(0.3))


def test_given_others_leaves_what_the_other_does_not_say():
    truth = one(0.5, signals={"a": Channel(1, 0), "b": Channel(1, 0), "c": Channel(0.9, 0.2)}).truth()
    assert truth.signals["a"].given_others == pytest.approx(0, abs=1e-12)
    assert truth.signals["c"].given_others == pytest.approx(0.5 * h(0.9) + 0.5 * h(0.2))
    pair = one(0.5, signals={"a": Channel(1, 0), "c": Channel(0.9, 0.2)}).truth()
    information = h(0.55) - 0.5 * h(0.9) - 0.5 * h(0.2)
    assert pair.signals["a"].given_others == pytest.approx(1 - information)


def test_levels_and_format_by_hand():
    levels = Levels((-1.0, 0.0, 2.0), (0.1, 0.2, 0.7), (0.5, 0.4, 0.1))
    signal = one(0.25, signals={"l": levels}).truth(sizes=(3,)).signals["l"]
    law = 0.25 * np.array(levels.right) + 0.75 * np.array(levels.wrong)
    entropy = [special.entr(np.array(given)).sum() / math.log(2) for given in (law, levels.right, levels.wrong)]
    assert signal.pass_rate == pytest.approx(law @ [-1, 0, 2])
    assert signal.contrast_bits == pytest.approx(entropy[0])
    assert signal.truth_bits == pytest.approx(entropy[0] - 0.25 * entropy[1] - 0.75 * entropy[2])
    assert signal.informative[3] == pytest.approx(1 - (law**3).sum())
    form = one(0.5, cut=0.2, signals={"f": Format(0.75)}).truth()
    assert form.base_rate == pytest.approx(0.4)
    assert form.signals["f"].pass_rate == pytest.approx(0.6)
    assert form.signals["f"].tpr == pytest.approx(0.75)
    assert form.signals["f"].fpr == pytest.approx(0.4 * 0.75 / 0.6)


@pytest.mark.parametrize(("noise", "gap"), [(1.0, 1.0), (0.3, 1.0), (2.0, 0.5)])
def test_score_information_agrees_with_adaptive_integration(noise, gap):
    p = 0.3
    signal = one(p, signals={"x": Score(noise, gap)}).truth().signals["x"]

    def integrand(x):
        right, wrong = p * stats.norm.pdf(x, gap, noise), (1 - p) * stats.norm.pdf(x, 0, noise)
        return (right + wrong) * h(right / (right + wrong)) if right + wrong > 0 else 0.0

    left = integrate.quad(integrand, -8 * noise, gap + 8 * noise, epsabs=1e-11, limit=400)[0]
    assert signal.truth_bits == pytest.approx(h(p) - left, abs=1e-7)
    assert signal.auroc == pytest.approx(stats.norm.cdf(gap / noise / math.sqrt(2)))
    assert signal.contrast_bits is None


def test_features_planted_before_and_after_the_verdict():
    world = one(
        0.5,
        signals={"s": Channel(1, 0), "r": Random(0.5)},
        features={"after": Follows("s", 0.75, 0.25), "before": Habit(0.75, 0.25), "idle": Habit(0.4, 0.4)},
    )
    features = world.truth().features
    assert features["after"]["s"].bits == pytest.approx(1 - h(0.25))
    assert features["after"]["s"].beyond_truth == pytest.approx(0, abs=1e-12)
    assert features["before"]["s"].bits == pytest.approx(1 - h(0.25))
    assert features["idle"]["s"].bits == pytest.approx(0, abs=1e-12)
    assert features["after"]["r"].bits == pytest.approx(0, abs=1e-12)


def test_features_of_a_noisy_verdict_say_something_beyond_truth():
    p, tpr, fpr, accepted, rejected = 0.3, 0.8, 0.25, 0.9, 0.2
    world = one(p, signals={"s": Channel(tpr, fpr)}, features={"f": Follows("s", accepted, rejected)})
    found = world.truth().features["f"]["s"]

    def information(s):
        return h(s * accepted + (1 - s) * rejected) - s * h(accepted) - (1 - s) * h(rejected)

    assert found.bits == pytest.approx(information(p * tpr + (1 - p) * fpr))
    beyond = p * information(tpr) + (1 - p) * information(fpr)
    assert found.beyond_truth == pytest.approx(beyond)
    assert found.beyond_class == pytest.approx(beyond)


def test_shortcut_reads_the_feature():
    world = one(
        0.5,
        signals={"s": Shortcut("f", 0.5, 1.0, 0.0)},
        features={"f": Habit(0.6, 0.6), "g": Habit(0.5, 0.5)},
    )
    truth = world.truth()
    # P(S=1 | C, f) = .5 f + .5 C
    law = {(c, f): 0.5 * f + 0.5 * c for c in (0, 1) for f in (0, 1)}
    chance = {(c, f): 0.5 * (0.6 if f else 0.4) for c in (0, 1) for f in (0, 1)}
    accept = sum(chance[cell] * law[cell] for cell in law)
    given = [sum(chance[c, f] * law[c, f] for c in (0, 1)) / (0.6 if f else 0.4) for f in (0, 1)]
    assert truth.signals["s"].contrast_bits == pytest.approx(h(accept))
    assert truth.features["f"]["s"].bits == pytest.approx(h(accept) - 0.4 * h(given[0]) - 0.6 * h(given[1]))
    assert truth.features["g"]["s"].bits == pytest.approx(0, abs=1e-12)


def test_rounds_sources_and_regions_move_the_rates():
    world = World(
        base=Atoms([(0.2, 1.0)]),
        sources=(Source("weak"), Source("strong", math.log(4))),
        regions=(Region("easy", 3.0, math.log(2)), Region("hard", 1.0, base=Atoms([(0.1, 1.0)]))),
        drift=Replicator(3.0),
        signals={"s": Regional(Channel(1, 0), (("hard", Channel(1, 0.5)),))},
    )

    def rate(p, odds):
        return p * odds / (1 - p + p * odds)

    easy, hard = rate(0.2, 2 * 4 * 9), rate(0.1, 4 * 9)
    here = world.truth(2, source="strong")
    assert here.base_rate == pytest.approx(0.75 * easy + 0.25 * hard)
    assert world.truth(2, source="strong", region="hard").signals["s"].pass_rate == pytest.approx(
        hard + 0.5 * (1 - hard)
    )
    weak = 0.75 * rate(0.2, 2 * 9) + 0.25 * rate(0.1, 9)
    assert world.truth(2).base_rate == pytest.approx((here.base_rate + weak) / 2)
    late = World(base=Atoms([(0.5, 1.0)]), drift=Schedule((1.0, 3.0)))
    assert [late.truth(t).base_rate for t in (0, 1, 7)] == pytest.approx([0.5, 0.75, 0.75])
    trend = World(signals={"f": Trend(Format(0.5), 3.0)})
    assert trend.truth(2).signals["f"].pass_rate == pytest.approx(0.9)


def test_classes_count_the_answers_seen():
    belief = np.array([0.5, 0.5 / 1.75, 0.25 / 1.75, 0.125 / 1.75])
    truth = one(0.5, sizes=Choice(((2, 1.0), (5, 1.0)))).truth()
    expected = np.mean([(1 - (1 - belief) ** n).sum() for n in (2, 5)])
    assert truth.classes == pytest.approx(expected)


def test_what_cannot_be_enumerated_is_said():
    lots = {f"s{i}": PromptChannel(Beta(2, 2), Beta(2, 2)) for i in range(5)}
    truth = World(signals=lots).truth()
    assert truth.signals["s0"].given_others is None
    assert truth.signals["s0"].truth_bits > 0
    with pytest.raises(OutOfRegimeError):
        World().truth(region="nowhere")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Channel(1.2, 0),
        lambda: Channel(0.9, 0.1, scored=-0.1),
        lambda: Levels((0.0, 1.0), (0.5, 0.6), (0.5, 0.5)),
        lambda: Levels((1.0, 0.0), (0.5, 0.5), (0.5, 0.5)),
        lambda: Score(noise=0),
        lambda: Trend(Majority(), 2.0),
        lambda: Regional(Channel(), (("a", Levels((0.0, 2.0), (1, 0), (0, 1))),)),
        lambda: World(signals={}),
        lambda: World(cut=1.0),
        lambda: World(per_round=500),
        lambda: World(features={"f": Follows("nothing", 0.5, 0.5)}),
        lambda: World(signals={"x": Score()}, features={"f": Follows("x", 0.5, 0.5)}),
        lambda: World(signals={"s": Shortcut("missing")}).truth(),
    ],
)
def test_impossible_worlds_are_refused(make):
    with pytest.raises(InputError):
        make()
