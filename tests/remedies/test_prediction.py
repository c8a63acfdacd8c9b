"""The predictor: closed forms, worlds whose pass rates are known, and worlds in which nothing can be learned."""

import numpy as np
import polars as pl
import pytest
from scipy.special import comb
from scipy.stats import betabinom

from freshbits.errors import InputError
from freshbits.remedies.prediction.believe import believe
from freshbits.remedies.prediction.betabinomial import log_likelihood, worth
from freshbits.remedies.prediction.encode import Encoder, Raw
from freshbits.remedies.prediction.forgetting import fit_kept
from freshbits.remedies.prediction.history import read_history
from freshbits.remedies.prediction.learners import Mean, Tried
from freshbits.remedies.prediction.pool import read_pool
from freshbits.remedies.prediction.scores import brier, difference, log_loss, reliability
from freshbits.remedies.prediction.stack import fit
from freshbits.remedies.prediction.words import hashed_words
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read

WORDS = ("apple", "bridge", "cloud", "dragon", "engine", "forest", "garden", "harbour")


def world(prompts=400, size=8, seed=0, spread=6.0, says=True):
    """Prompts whose pass rate follows from one word and a number's length; `says` False: from nothing one can read."""
    rng = np.random.default_rng(seed)
    word = rng.integers(0, len(WORDS), prompts)
    digits = rng.integers(1, 5, prompts)
    mean = np.clip(0.1 + 0.1 * word + 0.15 * (2 - digits), 0.04, 0.96)
    if not says:
        mean = np.full(prompts, 0.4)
    rate = rng.beta(spread * mean, spread * (1 - mean))
    texts = [
        f"Tell of the {WORDS[w]} number {10 ** (d - 1) + n % 9}, case {'abcdefgh'[n % 8]}{n}"
        for n, (w, d) in enumerate(zip(word, digits, strict=True))
    ]
    passed = rng.binomial(size, rate).astype(float)
    return texts, mean, rate, passed


def rollouts(texts, passed, size=8, **columns):
    """The log of these verdicts, one row per rollout."""
    rows = [
        {"prompt": text, "completion": "x", "reward": float(n < k), **{name: of[at] for name, of in columns.items()}}
        for at, (text, k) in enumerate(zip(texts, passed, strict=True))
        for n in range(size)
    ]
    return pl.DataFrame(rows)


def test_the_likelihood_of_verdicts_is_that_of_scipy():
    k, n, a, b = np.array([0.0, 3.0, 8.0]), np.full(3, 8.0), 1.7, 0.6
    expected = betabinom(8, a, b).logpmf(k) / np.log(2) - np.log2(comb(8, k))
    assert log_likelihood(a, b, k, n) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("true", [0.5, 2.0, 12.0])
def test_the_worth_of_stated_rates_is_found(true):
    rng = np.random.default_rng(3)
    m = rng.uniform(0.05, 0.95, 3000)
    k = rng.binomial(8, rng.beta(true * m, true * (1 - m))).astype(float)
    assert worth(m, k, np.full(3000, 8.0)) == pytest.approx(true, rel=0.1)


def test_one_rollout_per_prompt_says_nothing_about_worth():
    assert worth(np.full(50, 0.5), np.repeat([0.0, 1.0], 25), np.ones(50)) is None


def test_scores_are_proper_and_zero_where_nothing_is_left():
    k, n = np.array([3.0]), np.array([10.0])
    grid = np.linspace(0.01, 0.99, 99)
    for score in (log_loss, brier):
        values = [score(np.array([m]), k, n)[0] for m in grid]
        assert grid[int(np.argmin(values))] == pytest.approx(0.3)
    assert difference(np.array([2.0, 4.0]), np.array([1.0, 3.0])) == (1.0, 1.0, 1.0)
    one, other = np.random.default_rng(0).normal(size=(2, 50))
    (mean, low, _), (same, wider, _) = difference(one, other), difference(one, other, 5)
    assert (same, same - wider) == pytest.approx((mean, 1.5 * (mean - low)))


def test_reliability_holds_all_prompts_once():
    rng = np.random.default_rng(0)
    m = rng.uniform(size=1003)
    bins = reliability(m, rng.binomial(4, m).astype(float), np.full(1003, 4.0))
    assert sum(each.prompts for each in bins) == 1003
    inside = sum(each.low <= each.stated <= each.high for each in bins)
    assert inside >= 8


def test_words_do_not_depend_on_how_texts_are_cut():
    texts = pl.Series([f"item {n} of {WORDS[n % 8]}" for n in range(60)])
    whole = hashed_words(texts).toarray()
    assert np.array_equal(whole[20:30], hashed_words(texts[20:30]).toarray())
    assert np.allclose(np.sqrt((whole**2).sum(axis=1)), 1)


def test_a_level_never_seen_gets_the_base_rate():
    raw = Raw.of(pl.DataFrame({"kind": ["a"] * 50 + ["b"] * 50}))
    encoder = Encoder.fit(raw)
    tried = Tried(np.repeat([7.0, 1.0], 50), np.full(100, 8.0), 0.0)
    mean = Mean.fit(encoder.transform(raw), tried, "kind")
    stated = mean.predict(encoder.transform(Raw.of(pl.DataFrame({"kind": ["a", "b", "c"]}))))
    assert stated == pytest.approx([0.874, 0.126, 0.5], abs=0.01)


def test_what_is_learned_comes_near_the_truth_on_prompts_not_seen():
    texts, mean, _, passed = world(800)
    raw = Raw.of(pl.DataFrame({"prompt": texts}))
    found = fit(raw.take(np.arange(500)), passed[:500], np.full(500, 8.0))
    stated = found.predict(raw.take(np.arange(500, 800)))
    assert found.kind == "learned"
    best = log_loss(mean[500:], passed[500:], np.full(300, 8.0)).mean()
    base = log_loss(np.full(300, passed[:500].mean() / 8), passed[500:], np.full(300, 8.0)).mean()
    own = log_loss(stated, passed[500:], np.full(300, 8.0)).mean()
    assert base - own > 0.75 * (base - best)
    assert found.worth == pytest.approx(6.0, rel=0.35)


def test_where_nothing_can_be_learned_the_base_rate_is_believed():
    believed = []
    for seed in range(6):
        texts, _, _, passed = world(120, seed=seed, says=False)
        kind = np.random.default_rng(seed).choice(["u", "v", "w"], 120)
        believed.append(fit(Raw.of(pl.DataFrame({"prompt": texts, "kind": kind})), passed, np.full(120, 8.0)).kind)
    assert believed.count("base rate") >= 4  # two chances in twenty each, at most


def test_few_prompts_get_the_base_rate_without_an_error():
    found = fit(Raw.of(pl.DataFrame({"prompt": ["a", "b", "c"]})), np.array([1.0, 0.0, 2.0]), np.full(3, 2.0))
    assert (found.kind, found.predict(Raw.of(pl.DataFrame({"prompt": ["new"]}))).round(2).tolist()) == (
        "base rate",
        [0.5],
    )


def test_all_passed_and_all_failed_are_believed_near_the_edge():
    raw = Raw.of(pl.DataFrame({"prompt": [f"p{n}" for n in range(200)]}))
    assert fit(raw, np.full(200, 4.0), np.full(200, 4.0)).predict(raw.take(np.arange(2))).min() > 0.99
    assert fit(raw, np.zeros(200), np.full(200, 4.0)).predict(raw.take(np.arange(2))).max() < 0.01


def test_a_prompts_own_verdicts_have_no_part_in_the_rate_that_is_scored():
    texts, _, _, passed = world(300, seed=2)
    raw = Raw.of(pl.DataFrame({"prompt": texts}))
    n = np.full(300, 8.0)
    before = fit(raw, passed, n)
    turned = passed.copy()
    turned[7] = 8 - turned[7]
    after = fit(raw, turned, n)
    # It may move a little through the weights of the learners, which other folds choose with it.
    assert abs(after.crossed[7] - before.crossed[7]) < 0.02


@pytest.mark.parametrize(("moves", "low", "high"), [(0.0, 0.9, 1.0), (1.0, 0.0, 0.2)])
def test_the_share_that_a_round_leaves_is_found(moves, low, high):
    rng = np.random.default_rng(1)
    rate = rng.beta(1, 1, 300)
    tables = []
    for number in range(5):
        fresh = rng.beta(1, 1, 300)
        rate = np.where(rng.random(300) < moves, fresh, rate)
        table = rollouts([f"p{n}" for n in range(300)], rng.binomial(8, rate))
        tables.append(table.with_columns(round=pl.lit(number)))
    history = read_history(read(pl.concat(tables)), "reward")
    assert (history.blocks, history.rounds) == (5, 5)
    assert low <= fit_kept(history) <= high


def test_one_round_says_nothing_about_forgetting():
    texts, _, _, passed = world(60)
    assert fit_kept(read_history(read(rollouts(texts, passed)), "reward")) is None


def test_fields_are_what_is_the_same_on_all_rows_of_a_prompt_and_no_copy_of_the_verdicts():
    texts, _, _, passed = world(120)
    level = ["hard" if n % 3 else "easy" for n in range(120)]
    table = rollouts(texts, passed, level=level, group_mean=(passed / 8).tolist(), year=list(range(120)))
    table = table.with_columns(nonce=pl.int_range(pl.len()) % 7)
    history = read_history(read(table), "reward")
    assert set(history.prompts.columns) == {"key", "prompt", "level", "year"}
    assert "group_mean" in history.notes[0]
    assert history.successes.sum() == passed.sum()
    with pytest.raises(InputError, match="differs between rollouts"):
        read_history(read(table), "reward", by=["nonce"])
    with pytest.raises(InputError, match=r"no field 'levle' .nearest: level"):
        read_history(read(table), "reward", by=["levle"])
    assert set(read_history(read(table), "reward", by=["level"]).prompts.columns) == {"key", "prompt", "level"}


def test_other_models_verdicts_become_a_field_and_one_model_has_to_be_chosen():
    texts, _, _, passed = world(100)
    log = read(pl.concat([rollouts(texts, passed).with_columns(model=pl.lit(name)) for name in ("a", "b", "c")]))
    with pytest.raises(InputError, match=r"3 models.*--source a"):
        read_history(log, "reward")
    history = read_history(log, "reward", source="b")
    assert history.prompts["passed by others"].to_list() == pytest.approx((passed / 8).tolist())
    assert history.rollouts.sum() == 800
    with pytest.raises(InputError, match="they are by a, b, c"):
        read_history(log, "reward", source="d")


def test_scores_are_no_verdicts_and_say_how_to_become_some():
    table = pl.DataFrame({"prompt": ["a"] * 3, "completion": ["x"] * 3, "reward": [0.1, 0.5, 0.9]})
    with pytest.raises(InputError, match=r"--accept 'reward>=0\.9'"):
        read_history(read(table), "reward")


def test_where_prompts_were_tried_once_fields_have_to_be_named_or_known_from_a_pool():
    texts, _, _, passed = world(120, size=1)
    turns = (3 - 2 * passed).tolist()
    log = read(rollouts(texts, passed, size=1, turns_taken=turns, year=[n % 9 for n in range(120)]))
    history = read_history(log, "reward")
    assert set(history.prompts.columns) == {"key", "prompt"}
    assert "year" in history.notes[0]
    assert "year" in read_history(log, "reward", known=["year"]).prompts.columns
    assert "year" in read_history(log, "reward", by=["year"]).prompts.columns


def test_judged_pairs_have_no_pass_rates():
    table = pl.DataFrame({"instruction": ["a"], "output_1": ["x"], "output_2": ["y"], "winner": [1]})
    with pytest.raises(InputError, match="judged pairs"):
        read_history(read(table), "winner")


def test_verdicts_of_minus_one_and_one_are_verdicts():
    table = pl.DataFrame({"prompt": ["a"] * 4, "completion": ["x"] * 4, "reward": [-1.0, 1.0, 1.0, None]})
    history = read_history(read(table), "reward")
    assert (history.successes.tolist(), history.rollouts.tolist()) == ([2.0], [3.0])


def test_a_pool_brings_prompts_that_were_never_tried_with_rates_of_their_own():
    texts, mean, _, passed = world(700, seed=4)
    log = read(rollouts(texts[:450], passed[:450]))
    pool = read_pool(pl.DataFrame({"prompt": texts[300:], "only_here": ["z"] * 400}))
    found = believe(read_history(log, "reward"), pool)
    assert (found.prompts.height, int(found.tried.sum())) == (400, 150)
    assert found.prompts["prompt"].to_list() == texts[300:]
    untried = found.belief.mean[150:]
    assert np.corrcoef(untried, mean[450:])[0, 1] > 0.9
    assert found.belief.rollouts[:150].tolist() == [8.0] * 150
    assert found.belief.rollouts[150:].tolist() == [0.0] * 250


def test_a_field_that_new_prompts_lack_is_not_learned_from():
    texts, _, _, passed = world(400, says=False)
    level = (passed / 8 + np.random.default_rng(0).normal(0, 0.1, 400)).tolist()
    log = read(rollouts(texts[:300], passed[:300], level=level[:300]))
    assert "level" in believe(read_history(log, "reward")).prediction.columns
    found = believe(read_history(log, "reward"), read_pool(texts[300:]))
    assert found.prediction.columns == ["text"]


def test_embeddings_are_learned_from():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(400, 6))
    rate = 1 / (1 + np.exp(-3 * vectors[:, 2]))
    passed = rng.binomial(8, rate)
    ids = [f"id{n}" for n in range(400)]
    table = rollouts(ids, passed, vector=vectors.round(3).tolist()).rename({"prompt": "prompt_id"})
    log = read(table, ReadOptions(columns=("vector",)))
    found = believe(read_history(log, "reward", by=[], embedding="vector"), embedding="vector")
    assert found.prediction.columns == ["embedding"]
    learned = next(score for score in found.prediction.scores if score.name == "learned")
    assert learned.gain.low > 0.2


def test_beliefs_are_calibrated_where_the_world_is_a_beta():
    texts, _, rate, passed = world(900, seed=9)
    found = believe(read_history(read(rollouts(texts, passed)), "reward"))
    from scipy.stats import beta

    inside = (beta.ppf(0.1, found.belief.a, found.belief.b) <= rate) & (
        rate <= beta.ppf(0.9, found.belief.a, found.belief.b)
    )
    assert 0.76 <= inside.mean() <= 0.84  # four standard errors around .8, less a little for what was fitted
    assert found.prediction.calibration_error < 0.04
