"""Drawn rows and counts against the exact truth: z-tests with fixed seeds, plug-in bits of a huge group."""

import math

import numpy as np
import polars as pl
import pytest
from scipy import special

from freshbits.worlds.channels import Channel, Format, Levels, PromptChannel, Score, Shortcut
from freshbits.worlds.marks import Follows, Habit
from freshbits.worlds.own_state import Confidence, Majority, Random, SelfJudge
from freshbits.worlds.rates import Atoms, Beta, LogitNormal, Mixture
from freshbits.worlds.sizes import Choice, Fixed
from freshbits.worlds.state import Answers, Region, Replicator, Source
from freshbits.worlds.varying import Regional, Trend
from freshbits.worlds.world import World

SIGNALS = {
    "channel": Channel(0.85, 0.2),
    "own": PromptChannel(Beta(5, 1), LogitNormal(-1.5, 1.0)),
    "vote": Majority(),
    "sure": Confidence(0.4),
    "judge": SelfJudge(1.0),
    "chance": Random(0.3, scored=0.8),
    "grade": Levels((0.0, 0.5, 1.0), (0.1, 0.2, 0.7), (0.6, 0.3, 0.1)),
    "score": Score(0.7),
    "format": Trend(Format(0.5), 2.0),
    "hacked": Shortcut("bullets", 0.6, 0.9, 0.1),
    "local": Regional(Channel(1, 0), (("odd", Channel(0.9, 0.6)),)),
}
WORLD = World(
    prompts=6000,
    base=Mixture([(0.2, Atoms([(0.0, 1), (1.0, 1)])), (0.8, Beta(0.8, 1.2))]),
    answers=Answers(3, Atoms([(0.1, 1), (0.7, 1)])),
    regions=(Region("even", 2.0), Region("odd", 1.0, -0.5)),
    sources=(Source("small", -0.3), Source("large", 0.6)),
    drift=Replicator(1.5),
    cut=0.07,
    sizes=Fixed(6),
    signals=SIGNALS,
    features={"bullets": Habit(0.6, 0.3), "long": Follows("channel", 0.7, 0.4)},
)


def z_of(means, expected):
    """How many standard errors the mean over prompts lies from the truth."""
    return (means.mean() - expected) / (means.std() / math.sqrt(means.len()))


@pytest.fixture(scope="module")
def drawn():
    return WORLD.draw(11, 1)


@pytest.fixture(scope="module")
def truth():
    return WORLD.truth(1, sizes=(6,))


def by_prompt(frame, expression):
    return frame.group_by("prompt").agg(expression.alias("mean"))["mean"]


@pytest.mark.parametrize("name", SIGNALS)
def test_pass_rates_of_drawn_rows(drawn, truth, name):
    assert abs(z_of(by_prompt(drawn, pl.col(f"signal.{name}").mean()), truth.signals[name].pass_rate)) < 4


def test_base_rate_and_classes_of_drawn_rows(drawn, truth):
    assert abs(z_of(by_prompt(drawn, pl.col("truth").mean()), truth.base_rate)) < 4
    classes = drawn.group_by("prompt", "source").agg(pl.col("extracted").n_unique().alias("classes"))
    assert abs(z_of(by_prompt(classes, pl.col("classes").mean()), truth.classes)) < 4
    # the test can fail: the rows are not those of the round before
    assert abs(z_of(by_prompt(drawn, pl.col("truth").mean()), WORLD.truth(0).base_rate)) > 4


@pytest.mark.parametrize("name", ["channel", "own", "vote", "sure", "judge", "grade", "hacked", "local"])
def test_dead_groups_and_error_rates_of_drawn_rows(drawn, truth, name):
    signal, column = truth.signals[name], pl.col(f"signal.{name}")
    groups = drawn.group_by("prompt", "source").agg(
        (column == 0).all().cast(float).alias("low"), (column == 1).all().cast(float).alias("high")
    )
    for side, expected in (("low", signal.all_wrong[6]), ("high", signal.all_right[6])):
        means = by_prompt(groups, pl.col(side).mean())
        # Poisson bound where hardly any group is dead
        error = max(means.std() / math.sqrt(means.len()), 1 / groups.height)
        assert abs(means.mean() - expected) < 4 * error
    if signal.tpr is not None:
        for side, rate in ((1.0, signal.tpr), (0.0, signal.fpr)):
            residual = by_prompt(drawn, ((pl.col("truth") == side) * (column - rate)).mean())
            assert abs(z_of(residual, 0.0)) < 4


def test_features_and_truth_of_the_score(drawn):
    accepted = drawn.group_by("signal.channel").agg(pl.col("extra.long").mean(), pl.len()).sort("signal.channel")
    for share, size, expected in zip(accepted["extra.long"], accepted["len"], (0.4, 0.7), strict=True):
        assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / size)
    right = drawn.filter(pl.col("truth") == 1)["signal.score"]
    assert abs(right.mean() - 1.0) < 4 * 0.7 / math.sqrt(right.len())
    assert right.std() == pytest.approx(0.7, abs=0.02)


def test_one_source_and_region(drawn):
    here = drawn.filter((pl.col("source") == "large") & (pl.col("region") == "odd"))
    exact = WORLD.truth(1, region="odd", source="large")
    assert abs(z_of(by_prompt(here, pl.col("truth").mean()), exact.base_rate)) < 4
    assert abs(z_of(by_prompt(here, pl.col("signal.local").mean()), exact.signals["local"].pass_rate)) < 4


def test_counts_have_the_law_of_the_rows(drawn, truth):
    counts = WORLD.counts(11, rounds=(1,))
    assert counts.n.size == 2 * WORLD.prompts
    frame = pl.DataFrame(
        {"prompt": counts.prompt, "source": counts.source, "right": counts.right / counts.n}
        | {name: counts.accepted[name] / counts.n for name in counts.accepted if name != "chance"}
        | {"chance": counts.accepted["chance"] - 0.3 * counts.scored["chance"]}
    )
    assert abs(z_of(by_prompt(frame, pl.col("right").mean()), truth.base_rate)) < 4
    assert abs(z_of(by_prompt(frame, pl.col("chance").mean()), 0.0)) < 4
    assert counts.scored["chance"].mean() / 6 == pytest.approx(0.8, abs=0.01)
    assert set(counts.accepted) == set(SIGNALS) - {"grade", "score"}
    for name in set(counts.accepted) - {"chance"}:
        assert abs(z_of(by_prompt(frame, pl.col(name).mean()), truth.signals[name].pass_rate)) < 4
        dead = counts.accepted[name] == 0
        expected = truth.signals[name].all_wrong[6]
        error = max(math.sqrt(dead.var() / WORLD.prompts), 1 / dead.size)
        assert abs(dead.mean() - expected) < 4 * error
    # the prompts are the same ones: their right answers correlate with those of the rows
    rows = drawn.group_by("prompt_id").agg(pl.col("truth").mean()).sort("prompt_id")["truth"]
    mine = frame.group_by("prompt").agg(pl.col("right").mean()).sort("prompt")["right"]
    assert np.corrcoef(rows, mine)[0, 1] > 0.85


def test_counts_of_two_components_are_drawn_jointly():
    world = World(prompts=20_000, base=Atoms([(0.5, 1)]), signals={"a": Channel(0.9, 0.2), "b": Channel(1, 0)})
    counts = world.counts(0)
    assert np.array_equal(counts.right, counts.accepted["b"])
    covariance = np.cov(counts.accepted["a"], counts.accepted["b"])[0, 1]
    assert covariance == pytest.approx(8 * 0.25 * 0.7, abs=0.1)


def test_counts_are_deterministic_and_cover_rounds_and_sizes():
    world = World(
        prompts=50,
        sizes=Choice(((2, 1.0), (7, 1.0))),
        drift=Replicator(2),
        sources=(Source("a"), Source("b")),
    )
    first, again = world.counts(3, rounds=(0, 5)), world.counts(3, rounds=(0, 5))
    assert all(
        np.array_equal(getattr(first, name), getattr(again, name))
        for name in ("prompt", "round", "source", "n", "right")
    )
    assert first.n.size == 50 * 2 * 2
    assert set(first.n) == {2, 7}
    assert (first.accepted["reward"] <= first.n).all()
    late = first.round == 5
    assert (first.right[late] / first.n[late]).mean() > (first.right[~late] / first.n[~late]).mean() + 0.2


def entropy(frame, *columns):
    shares = frame.group_by(columns).len()["len"].to_numpy() / frame.height
    return special.entr(shares).sum() / math.log(2)


def test_bits_of_one_huge_group():
    """Plug-in entropies of 60,000 rows of one prompt: bias below 1e-3 bit, standard error about 2e-3."""

    def bound(bits):
        """Four standard errors (the log-likelihood ratio varies by about 2 I / ln 2 bits²) and the bias."""
        return 4 * math.sqrt(2 * bits / math.log(2) / 60_000) + 1e-3

    world = World(
        prompts=1,
        base=Atoms([(0.4, 1)]),
        sizes=Fixed(60_000),
        signals={
            "a": Channel(0.85, 0.2),
            "b": Levels((0.0, 0.5, 1.0), (0.1, 0.2, 0.7), (0.6, 0.3, 0.1)),
            "c": SelfJudge(1.0),
            "d": Shortcut("bullets", 0.6, 0.9, 0.1),
        },
        features={"bullets": Habit(0.6, 0.3), "long": Follows("a", 0.8, 0.3)},
    )
    frame, truth = world.draw(2), world.truth()
    columns = {name: f"signal.{name}" for name in world.signals}
    everything = entropy(frame, *columns.values())
    for name, column in columns.items():
        exact = truth.signals[name]
        others = [other for other in columns.values() if other != column]
        assert entropy(frame, column) == pytest.approx(exact.contrast_bits, abs=0.01)
        assert everything - entropy(frame, *others) == pytest.approx(exact.given_others, abs=0.01)
        told = entropy(frame, column) + entropy(frame, "truth") - entropy(frame, column, "truth")
        assert told == pytest.approx(exact.truth_bits, abs=bound(exact.truth_bits))
        classes = entropy(frame, column) + entropy(frame, "extracted") - entropy(frame, column, "extracted")
        assert classes == pytest.approx(exact.class_bits, abs=bound(exact.class_bits))
        for feature in world.features:
            planted = truth.features[feature][name]
            marked = f"extra.{feature}"
            for given, expected in (
                ((), planted.bits),
                (("truth",), planted.beyond_truth),
                (("extracted",), planted.beyond_class),
            ):
                found = entropy(frame, column, *given) + entropy(frame, marked, *given)
                found -= entropy(frame, column, marked, *given) + (entropy(frame, *given) if given else 0.0)
                assert found == pytest.approx(expected, abs=bound(expected))
