"""Allocate: what is written for a budget, what it says of other ways, and the object that trainers ask."""

import json

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from freshbits.allocated import Allocated
from freshbits.cli import app
from freshbits.errors import InputError
from freshbits.remedies.allocate import allocate, parse_budget
from freshbits.remedies.allocation.batch import drawn
from freshbits.remedies.allocation.rules import expected_bits
from freshbits.remedies.allocator import Allocator
from freshbits.remedies.chosen import chances
from freshbits.remedies.prediction.believe import believe
from freshbits.remedies.prediction.history import read_history
from freshbits.rollouts.read import read


def rates(prompts):
    """Four in ten prompts are never solved, two always, the rest sometimes; a word of the text tells which."""
    return np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.5, 0.5, 0.3, 0.7])[np.arange(prompts) % 10]


def texts(prompts):
    kinds = ("proof", "proof", "proof", "proof", "echo", "echo", "sum", "sum", "sum", "sum")
    return [f"A {kinds[n % 10]}, case {'abcdefg'[n % 7]}{n}" for n in range(prompts)]


def log(prompts=300, size=8, seed=0, **columns):
    rng = np.random.default_rng(seed)
    passed = rng.binomial(size, rates(prompts))
    return pl.DataFrame(
        [
            {"prompt": text, "completion": "x", "reward": float(n < k), **columns}
            for text, k in zip(texts(prompts), passed, strict=True)
            for n in range(size)
        ]
    )


@pytest.fixture(scope="module")
def done():
    return allocate(read(log()), 480, pool=texts(600), seed=1)


def test_the_budget_is_spent_to_the_last_rollout(done):
    table, found = done
    assert table.columns[:3] == ["prompt", "rollouts", "expected_bits"]
    assert table["rollouts"].sum() == 480 == found.budget == found.ways[0].calls
    assert table["prompt"].n_unique() == table.height == 60
    assert (found.candidates, found.tried, found.prediction.believed) == (600, 300, "learned")


def test_untried_prompts_are_chosen_where_their_text_says_that_verdicts_will_differ(done):
    table, _ = done
    mixed = table["prompt"].str.contains("sum").mean()
    assert mixed > 0.95
    untried = table.filter(~pl.col("prompt").is_in(texts(300)))
    assert untried.height > 10


def test_what_is_expected_comes_true(done):
    table, found = done
    chosen = rates(600)[[texts(600).index(text) for text in table["prompt"]]]
    h = -(chosen * np.log2(np.clip(chosen, 1e-12, 1)) + (1 - chosen) * np.log2(np.clip(1 - chosen, 1e-12, 1)))
    true = float((table["rollouts"].to_numpy() * h).sum())
    assert found.ways[0].expected_bits == pytest.approx(true, rel=0.12)
    assert found.ways[0].expected_bits == pytest.approx(table["expected_bits"].sum())
    by = {way.rule: way.expected_bits for way in found.ways}
    everyone = rates(600)
    uniform = 480 * np.mean(np.where((everyone > 0) & (everyone < 1), 0.94, 0))
    assert by["uniform"] == pytest.approx(uniform, rel=0.12)
    assert by["expected variance"] > 2 * by["uniform"]
    assert by["expected variance"] > by["dead prompts dropped"] > by["uniform"]


def test_the_same_seed_chooses_the_same_and_json_goes_both_ways(done):
    table, found = done
    again, told = allocate(read(log()), 480, pool=texts(600), seed=1)
    assert again.equals(table)
    assert told.dumps() == found.dumps()
    assert Allocated.from_json(json.loads(found.dumps())).dumps() == found.dumps()


def test_a_first_wave_takes_a_quarter_in_pairs_and_names_the_rest():
    table, found = allocate(read(log(100)), 80, sequential=True)
    assert table["rollouts"].to_list() == [2] * 10
    assert any("--budget 60" in note for note in found.notes)


def test_a_first_wave_does_not_ask_what_is_settled():
    table, found = allocate(read(log(100, size=40)), 280, sequential=True)
    settled = next(note for note in found.notes if "are settled" in note)
    assert 55 <= int(settled.split()[0]) <= 60
    assert table["prompt"].str.contains("sum").all()
    assert table.height == 35
    everything = pl.DataFrame(
        [{"prompt": f"p{n // 40}", "completion": "x", "reward": 1.0} for n in range(2000)]
        + [{"prompt": "p0", "completion": "x", "reward": 0.0}]
    )
    table, found = allocate(read(everything), 40, sequential=True)
    assert table.height == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("400", (400, "rollouts")),
        ("400 rollouts", (400, "rollouts")),
        ("calls=1_000", (1000, "calls")),
        ("tokens 2e6", (2e6, "tokens")),
        ("cost=12.5", (12.5, "cost")),
    ],
)
def test_budgets_are_read(text, expected):
    assert parse_budget(text) == expected


@pytest.mark.parametrize("text", ["many", "calls=", "-3", "calls=3 tokens", "dollars=3"])
def test_what_is_no_budget_says_how_to_write_one(text):
    with pytest.raises(InputError, match="calls=400"):
        parse_budget(text)


def test_tokens_and_costs_become_rollouts():
    _, found = allocate(read(log(60, tokens=50)), "tokens=4000")
    assert found.budget == 80
    _, found = allocate(read(log(60)), "cost=10", price=0.25)
    assert found.budget == 40
    with pytest.raises(InputError, match="counts no tokens"):
        allocate(read(log(60)), "tokens=4000")
    with pytest.raises(InputError, match="--price"):
        allocate(read(log(60)), "cost=4")
    with pytest.raises(InputError, match="a budget of 1 rollouts compares nothing"):
        allocate(read(log(60)), 1)
    with pytest.raises(InputError, match="no signal 'score'"):
        allocate(read(log(60)), 100, signal="score")


def test_a_log_of_chosen_prompts_is_named():
    table, found = allocate(read(log(60, prompt_probability=0.4)), 80)
    assert any("chosen by a belief" in note for note in found.notes)
    assert "prompt_probability" not in found.prediction.columns
    assert table["prompt_probability"].is_between(0, 1).all()


@pytest.mark.parametrize("sharpness", [0.5, 2.0, 4.0])
def test_chances_are_those_of_the_draw(sharpness):
    score = np.random.default_rng(0).uniform(0.001, 0.25, 60)
    draws = 4000
    seen = np.bincount(np.concatenate([drawn(score, 15, sharpness, seed) for seed in range(draws)]), minlength=60)
    stated = chances(score, 15, sharpness)
    assert stated.sum() == pytest.approx(15)
    # Rosén's approximation is off by about a tenth of p(1-p)/count; four standard errors of the draws beside it.
    assert np.abs(seen / draws - stated).max() < 0.01 + 4 * np.sqrt(0.25 / draws)


def test_weighting_by_chances_gives_back_the_pool():
    score = np.random.default_rng(1).uniform(0.02, 0.25, 500)
    figure = score * 4 + np.random.default_rng(2).uniform(size=500)
    stated = chances(score, 60, 2.0)
    totals, plain = [], []
    for seed in range(300):
        asked = drawn(score, 60, 2.0, seed)
        totals.append((figure[asked] / stated[asked]).sum() / 500)
        plain.append(figure[asked].mean())
    assert np.mean(totals) == pytest.approx(figure.mean(), abs=4 * np.std(totals) / np.sqrt(300))
    assert np.mean(plain) > figure.mean() + 0.15


def play(allocator, rounds, seed=0, size=8):
    """Plays rounds against the world of `rates`; returns the share of mixed prompts in each."""
    rng = np.random.default_rng(seed)
    true = rates(len(allocator))
    shares = []
    for _ in range(rounds):
        asked = allocator.suggest(20)
        shares.append(float(((true[asked] > 0) & (true[asked] < 1)).mean()))
        for place in asked:
            allocator.observe(place, int(rng.binomial(size, true[place])), size)
    return shares


def test_the_allocator_learns_from_texts_where_to_ask():
    allocator = Allocator(texts(400), seed=2)
    shares = play(allocator, 16)
    assert shares[0] < 0.65
    assert np.mean(shares[4:]) > 0.9
    assert allocator.prediction.believed == "learned"
    blind = play(Allocator(texts(400), seed=2, learn=False), 16)
    assert np.mean(shares[4:]) > np.mean(blind[4:]) + 0.1


def test_a_saved_state_goes_on_as_if_nothing_had_been(tmp_path):
    allocator = Allocator(texts(200), seed=3)
    play(allocator, 5)
    allocator.save(tmp_path / "state.npz")
    other = Allocator(texts(200), seed=3)
    other.restore(tmp_path / "state.npz")
    assert play(allocator, 6, seed=8) == play(other, 6, seed=8)
    assert np.array_equal(allocator.rates(), other.rates())
    with pytest.raises(InputError, match="another pool"):
        Allocator(texts(100), seed=3).restore(tmp_path / "state.npz")
    with pytest.raises(InputError, match="other settings"):
        Allocator(texts(200), seed=4).restore(tmp_path / "state.npz")
    (tmp_path / "no.npz").write_text("no")
    with pytest.raises(InputError, match="no state"):
        other.restore(tmp_path / "no.npz")


def test_information_counts_the_more_the_more_often_prompts_have_come_again(tmp_path):
    allocator, never = Allocator(texts(40), samples=4), Allocator(texts(40), samples=4, again=np.inf)
    assert (allocator.explore, never.explore) == (0.0, 0.0)
    for each in (allocator, never):
        for _ in range(4):
            each.suggest(20)
    assert (allocator.explore, never.explore) == (0.5, 0.0)  # every prompt was asked twice on average
    allocator.save(tmp_path / "state.npz")
    other = Allocator(texts(40), samples=4)
    other.restore(tmp_path / "state.npz")
    assert other.explore == 0.5
    with pytest.raises(InputError, match="other settings"):
        never.restore(tmp_path / "state.npz")
    with pytest.raises(InputError, match="give a number above 0"):
        Allocator(texts(40), again=0)


def test_the_allocator_follows_fields_while_the_policy_learns(tmp_path):
    kinds = np.repeat(["a", "b", "c", "d"], 100)
    pool = pl.DataFrame({"prompt_id": [f"p{n}" for n in range(400)], "kind": kinds})
    levels = np.repeat([-6.0, 0.0, 1.0, 6.0], 100)
    rng = np.random.default_rng(4)
    allocator, blind = Allocator(pool, seed=1), Allocator(pool, seed=1, learn=False)
    asked = {id(allocator): np.zeros(400), id(blind): np.zeros(400)}
    for _ in range(12):
        for each in (allocator, blind):
            for place in each.suggest(20):
                asked[id(each)][place] += 1
                each.observe(place, int(rng.binomial(8, 1 / (1 + np.exp(-levels[place])))), 8)
    assert asked[id(allocator)][100:300].sum() > 1.2 * asked[id(blind)][100:300].sum()
    assert allocator.prediction is None  # names are not read as texts, so nothing is fitted to them
    allocator.save(tmp_path / "state.npz")
    other = Allocator(pool, seed=1)
    other.restore(tmp_path / "state.npz")
    assert np.array_equal(allocator.shared.covariance, other.shared.covariance)
    assert allocator.suggest(20) == other.suggest(20)


def test_the_order_in_which_verdicts_come_in_says_nothing():
    one, other = (Allocator(texts(80), seed=1) for _ in range(2))
    told = [(place, place % 9, 8) for place in range(0, 80, 2)]
    for row in told:
        one.observe(*row)
    for row in reversed(told):
        other.observe(*row)
    assert one.suggest(10) == other.suggest(10)


def test_prompts_are_known_by_number_and_text_and_wrong_ones_are_refused():
    allocator = Allocator(["2+2?", "3+3?", "4+4?"])
    allocator.observe(" 3+3?\n", 1, 2)
    allocator.observe(1, 1, 2)
    allocator.suggest(2)
    assert allocator.belief.rollouts.round().tolist() == [0.0, 4.0, 0.0]
    with pytest.raises(InputError, match="no prompt"):
        allocator.observe("9+9?", 1, 2)
    with pytest.raises(InputError, match="3 of 2"):
        allocator.observe(0, 3, 2)
    with pytest.raises(InputError, match="ask for 1 or more"):
        allocator.suggest(0)
    assert sorted(allocator.suggest(9)) == [0, 1, 2]


def test_an_allocator_begins_with_what_a_log_says():
    allocator = Allocator.of(read(log(200)), texts(400), seed=1)
    assert (len(allocator), allocator.prediction.believed) == (400, "learned")
    asked = allocator.suggest(30)
    assert ((rates(400)[asked] > 0) & (rates(400)[asked] < 1)).mean() > 0.9
    assert allocator.last.probability.shape == (30,)


def test_the_command_writes_the_table_and_says_what_else_would_give(tmp_path):
    log(120).write_parquet(tmp_path / "log.parquet")
    pl.DataFrame({"asked": texts(200)}).write_ndjson(tmp_path / "pool.jsonl")
    out = tmp_path / "next.csv"
    run = CliRunner().invoke(
        app,
        ["allocate", str(tmp_path / "log.parquet"), "--pool", str(tmp_path / "pool.jsonl"), "--budget", "calls=160",
         "-o", str(out), "--json", str(tmp_path / "a.json"), "--pool-prompt", "asked"],
    )  # fmt: skip
    assert run.exit_code == 0, run.output
    assert pl.read_csv(out)["rollouts"].sum() == 160
    for word in ("uniform", "dead prompts dropped", "m(1-m)", "base rate", "80 of them were never tried", "believed:"):
        assert word in run.output
    told = Allocated.from_json(json.loads((tmp_path / "a.json").read_text()))
    assert told.ways[0].calls == 160


def test_expected_bits_of_a_row_are_those_of_its_belief():
    table, _ = allocate(read(log(60)), 80)
    belief = believe(read_history(read(log(60)), "reward")).belief
    bits = expected_bits(belief.a, belief.b)
    place = [texts(60).index(text) for text in table["prompt"]]
    assert table["expected_bits"].to_numpy() == pytest.approx(8 * bits[place])
