"""The channel of drawn worlds: direct counts, planted weak spots, few and chosen labels, scores, pairs."""

import numpy as np
import polars as pl
import pytest

from freshbits.criteria.channel import channel
from freshbits.remedies.label import draw_rows
from freshbits.rollouts.schema import SIGNAL
from freshbits.worlds import Beta, Channel, Fixed, PromptChannel, Region, Score, World
from freshbits.worlds.varying import Regional

VERDICT = SIGNAL + "reward"


def world(verdict, prompts=200, **more):
    return World(prompts=prompts, base=Beta(1, 1), signals={"reward": verdict}, sizes=Fixed(8), **more)


def thinned(frame, rows, weight=None):
    """Keeps truth on the chosen rows only."""
    kept = np.zeros(frame.height, dtype=bool)
    kept[rows] = True
    frame = frame.with_columns(truth=pl.when(pl.Series(kept)).then(pl.col("truth")))
    if weight is None:
        return frame
    full = np.full(frame.height, np.nan)
    full[rows] = weight
    return frame.with_columns(truth_weight=pl.Series(full).fill_nan(None))


@pytest.fixture(scope="module")
def frame():
    return world(Channel(0.9, 0.15)).draw(1)


@pytest.fixture(scope="module")
def found(frame, evidence_of):
    return channel(evidence_of(frame, truth=True), "reward")


def test_the_rates_are_direct_counts(frame, found):
    right, accepted = frame["truth"] == 1, frame[VERDICT] == 1
    counted = {
        "tpr": accepted.filter(right).mean(),
        "fpr": accepted.filter(~right).mean(),
        "ppv": right.filter(accepted).mean(),
        "base_rate": right.mean(),
        "agreement": (right == accepted).mean(),
    }
    assert found.status == "judged"
    assert {name: getattr(found, name).value for name in counted} == pytest.approx(counted)
    assert found.j.value == pytest.approx(counted["tpr"] - counted["fpr"])
    assert found.lr.value == pytest.approx(counted["tpr"] / counted["fpr"])
    assert found.j.low < 0.75 < found.j.high


def test_one_channel_everywhere_has_no_worst_part(found):
    assert found.worst is None
    assert found.worst_prompts == []
    assert found.p_value <= 0.001
    truth = world(Channel(0.9, 0.15)).truth().signals["reward"].truth_bits
    assert found.bits.low < truth < found.bits.high
    assert found.bits.method.startswith("mixture")
    assert (found.negative_j.value, found.negative_j.low) == (0.0, 0.0)


def test_the_region_where_the_verifier_is_worst_is_named(evidence_of):
    verdict = Regional(Channel(0.9, 0.05), within=(("hard", Channel(0.9, 0.45)),))
    rows = world(verdict, regions=(Region("easy", 3.0), Region("hard", 1.0))).draw(2)
    found = channel(evidence_of(rows, truth=True), "reward")
    assert (found.worst["feature"], found.worst["value"], found.worst["loss"]) == ("region", "hard", "fpr")
    assert found.worst["fpr"]["low"] < 0.45 < found.worst["fpr"]["high"]
    assert found.worst["q_value"] < 0.001
    assert [each["region"] for each in found.by_region] == ["easy", "hard"]


def test_prompts_whose_tests_let_everything_pass_are_named(evidence_of):
    rows = world(Channel(0.9, 0.05), prompts=100).draw(3)
    open_wide = rows["prompt"].unique(maintain_order=True)[:3].to_list()
    rows = rows.with_columns(pl.when(pl.col("prompt").is_in(open_wide)).then(1.0).otherwise(VERDICT).alias(VERDICT))
    wrong = rows.filter((pl.col("truth") == 0) & pl.col("prompt").is_in(open_wide)).group_by("prompt").len()
    named = channel(evidence_of(rows, truth=True), "reward").worst_prompts
    assert {rows["prompt"][each["row"]] for each in named} == set(wrong.filter(pl.col("len") >= 5)["prompt"])
    assert all(each["fpr"] == 1.0 for each in named)


def test_verdicts_shuffled_inside_prompts_share_nothing(frame, evidence_of):
    shuffled = frame.with_columns(pl.col(VERDICT).shuffle(seed=5).over("prompt"))
    found = channel(evidence_of(shuffled, truth=True), "reward")
    assert found.p_value > 0.05
    assert found.bits.low == 0.0
    assert found.j.value > 0.1, "between prompts the verdict still goes with truth"


def test_labels_drawn_by_verdict_are_weighted_back(evidence_of):
    rows = world(Channel(0.85, 0.1), prompts=600).draw(4)
    score = rows[VERDICT].to_numpy()
    prompt = rows["prompt"].rank("dense").cast(pl.UInt64).to_numpy()
    drawn = draw_rows(score, prompt, np.zeros(score.size, dtype=np.int64), 300, 7)
    found = channel(evidence_of(thinned(rows, drawn.rows, 1 / drawn.probability), truth=True), "reward")
    for name, truth in (("tpr", 0.85), ("fpr", 0.1), ("j", 0.75), ("base_rate", 0.5)):
        estimate = getattr(found, name)
        assert estimate.low < truth < estimate.high
    assert found.code is None
    assert found.bits.method.startswith("one_channel")
    exact = world(Channel(0.85, 0.1)).truth().signals["reward"].truth_bits
    assert found.bits.low < exact < found.bits.high
    assert (found.p_value, found.negative_j) == (None, None)


def test_labels_on_accepted_rows_are_called_selected(frame, evidence_of):
    passed = np.flatnonzero(frame[VERDICT].to_numpy() == 1)[::4]
    others = np.flatnonzero(frame[VERDICT].to_numpy() == 0)[::16]
    found = channel(evidence_of(thinned(frame, np.concatenate([passed, others])), truth=True), "reward")
    assert (found.status, found.code) == ("judged", "CHANNEL_SELECTED_LABELS")
    assert "no random sample" in found.reason


def test_labels_at_random_are_not(frame, evidence_of):
    some = np.random.default_rng(0).choice(frame.height, 400, replace=False)
    assert channel(evidence_of(thinned(frame, some), truth=True), "reward").code is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda f: thinned(f, range(20)), "CHANNEL_FEW_LABELS"),
        (lambda f: f.with_columns(pl.lit(1.0).alias("truth")), "CHANNEL_ONE_KIND"),
        (lambda f: f.with_columns(pl.lit(1.0).alias(VERDICT)), "CHANNEL_CONSTANT"),
        (lambda f: f.with_columns(pl.when(pl.col("truth").is_null()).then(VERDICT).alias(VERDICT)), "CHANNEL_UNSCORED"),
    ],
)
def test_what_cannot_be_judged_says_why(frame, evidence_of, change, code):
    found = channel(evidence_of(change(thinned(frame, range(0, frame.height, 2))), truth=True), "reward")
    assert (found.status, found.code, found.tpr) == ("not_judged", code, None)
    assert found.reason
    assert (found.needs is None) == (code == "CHANNEL_CONSTANT")


def test_rates_are_given_by_block_of_rounds(evidence_of):
    rows = world(Channel(0.9, 0.1), prompts=60).log(6, 3)
    found = channel(evidence_of(rows, truth=True), "reward")
    assert [(each["from"], each["to"], each["rows"]) for each in found.by_round] == [
        (0, 0, 480),
        (1, 1, 480),
        (2, 2, 480),
    ]
    assert all(each["tpr"]["low"] < each["tpr"]["value"] < each["tpr"]["high"] for each in found.by_round)


def test_a_score_has_no_rates_but_ranks(evidence_of):
    rows = world(Score(noise=1.0)).draw(7)
    found = channel(evidence_of(rows, truth=True), "reward")
    assert (found.status, found.tpr, found.fpr, found.worst) == ("judged", None, None, None)
    assert found.auroc.low < Score(noise=1.0).auroc < found.auroc.high
    assert found.bits.value > 0.02
    assert "--accept" in found.reason


def test_own_channels_are_told_from_one(evidence_of):
    verdict = PromptChannel(Beta(8, 2), Beta(2, 8))
    rows = world(verdict, prompts=300).draw(8)
    found = channel(evidence_of(rows, truth=True), "reward")
    assert "(1 kind)" not in found.bits.method
    assert found.bits.low < world(verdict).truth().signals["reward"].truth_bits < found.bits.high


def test_pairs_pool_both_presentations(evidence_of):
    rng = np.random.default_rng(9)
    first = rng.random(150) < 0.5  # the first output is the better one
    told = rng.random((150, 2)) < np.where(first, 0.8, 0.3)[:, None]
    rows = pl.DataFrame(
        {
            "prompt": np.repeat([f"q{i}" for i in range(150)], 2),
            "completion": np.repeat([f"one {i}" for i in range(150)], 2),
            "opponent": np.repeat([f"two {i}" for i in range(150)], 2),
            "repeat": np.tile([0, 1], 150),
            "truth": np.repeat(first.astype(float), 2),
            VERDICT: told.ravel().astype(float),
        }
    )
    found = channel(evidence_of(rows, truth=True, pairs=True), "reward")
    assert found.tpr.value == pytest.approx(told[first].mean())
    assert found.fpr.value == pytest.approx(told[~first].mean())
    assert found.agreement.value == pytest.approx((told == first[:, None]).mean())
    assert (found.bits.unit, found.bits.rollouts, found.negative_j) == ("bits/pair", 300, None)
    assert found.bits.value > 0.1
