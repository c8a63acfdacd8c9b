import re

import numpy as np
import polars as pl
import pytest

from freshbits.errors import InputError
from freshbits.rollouts.schema import COLUMNS, conform
from freshbits.worlds.channels import Channel, Levels, Score
from freshbits.worlds.marks import Follows, Habit, Mark
from freshbits.worlds.own_state import Confidence, Majority
from freshbits.worlds.rates import Atoms, Beta, Mixture
from freshbits.worlds.sizes import log_uniform
from freshbits.worlds.state import Answers, Region, Source
from freshbits.worlds.world import World

RICH = World(
    prompts=60,
    base=Mixture([(0.2, Atoms([(0.0, 1), (1.0, 1)])), (0.8, Beta(1, 1))]),
    sizes=log_uniform(2, 12),
    sources=(Source("small"), Source("large", 1.0)),
    regions=(Region("first"), Region("second")),
    cut=0.1,
    labelled=0.5,
    logprobs=True,
    signals={
        "exact": Channel(1, 0),
        "noisy": Channel(0.9, 0.1, scored=0.7),
        "vote": Majority(),
        "sure": Confidence(0.4),
        "grade": Levels((0.0, 0.5, 1.0), (0.1, 0.2, 0.7), (0.6, 0.3, 0.1)),
        "score": Score(0.5),
    },
    features={"bullets": Habit(0.6, 0.3), "long": Follows("noisy", 0.8, 0.3)},
)


def test_the_same_seed_gives_the_same_bytes():
    first, second = RICH.log(7, 2), RICH.log(7, 2)
    assert first.write_ipc(None).getvalue() == second.write_ipc(None).getvalue()
    assert not RICH.draw(8).equals(RICH.draw(7))
    assert first.filter(pl.col("round") == 1).equals(RICH.draw(7, 1))


def test_a_prompt_keeps_its_rows_when_prompts_are_added():
    fewer = World(**{**vars(RICH), "prompts": 20}).draw(3)
    names = fewer["prompt_id"].unique().to_list()
    assert len(names) == 20
    assert RICH.draw(3).filter(pl.col("prompt_id").is_in(names)).equals(fewer)


def test_a_component_keeps_its_verdicts_when_others_are_added():
    alone = World(**{**vars(RICH), "signals": {"noisy": RICH.signals["noisy"]}}).draw(3)
    assert RICH.draw(3)["signal.noisy"].equals(alone["signal.noisy"])
    assert RICH.draw(3)["completion"].equals(alone["completion"])


def test_columns_are_canonical():
    frame = RICH.draw(0)
    assert conform(frame).equals(frame)
    named = [name for name in frame.columns if name in COLUMNS]
    assert {"prompt", "completion", "truth", "truth_weight", "logprob", "answer", "extracted"} <= set(named)
    assert all(frame.schema[name] == COLUMNS[name] for name in named)
    assert frame["truth_weight"].drop_nulls().unique().to_list() == [2.0]
    assert frame["truth"].is_null().equals(frame["truth_weight"].is_null())
    assert "truth" not in World(labelled=0).draw(0).columns
    assert "logprob" not in World().draw(0).columns


def test_texts_state_the_answer_that_is_judged():
    frame = RICH.draw(1)
    for row in frame.iter_rows(named=True):
        left, right = map(int, re.fullmatch(r"What is (\d+) \+ (\d+)\?", row["prompt"]).groups())
        assert row["answer"] == str(left + right)
        stated = re.search(r"#### (\d+)$", row["completion"])
        assert row["truncated"] == (stated is None)
        assert row["extracted"] == (stated.group(1) if stated else None)
        assert row["signal.exact"] == float(row["extracted"] == row["answer"])
        assert row["truth"] in (None, row["signal.exact"])
        assert ("- I checked the digits." in row["completion"]) == bool(row["extra.bullets"])
        assert ("went through every step" in row["completion"]) == bool(row["extra.long"])
        assert row["tokens"] == len(row["completion"].split())
    assert frame["truncated"].any()


def test_prompts_are_unique_and_repeat_over_rounds_and_sources():
    world = World(prompts=5000, sizes=log_uniform(2, 3))
    assert world.draw(2)["prompt"].n_unique() == 5000
    log = RICH.log(4, 3)
    seen = log.group_by("prompt").agg(pl.struct("round", "source").n_unique().alias("groups"))
    assert seen["groups"].unique().to_list() == [6]


def test_a_few_prompts_per_round_come_in_turn():
    world = World(prompts=10, per_round=4)
    asked = [world.draw(0, t)["prompt_id"].unique(maintain_order=True).to_list() for t in range(3)]
    assert [name[-1] for name in asked[0]] == list("0123")
    assert [name[-1] for name in asked[2]] == list("8901")


def test_votes_are_counted_in_the_drawn_groups():
    frame = RICH.draw(5)
    for _, group in frame.group_by("source", "prompt", maintain_order=True):
        votes = group["extracted"].drop_nulls().value_counts()
        accepted = group.filter(pl.col("signal.vote") == 1)
        if votes.height == 0:
            assert accepted.height == 0
            continue
        assert accepted["extracted"].n_unique() == 1
        assert accepted.height == votes["count"].max()


def test_logged_belief_decides_the_confident_verdict():
    world = World(prompts=80, logprobs=True, signals={"sure": Confidence(0.4)})
    frame = world.draw(0).with_columns((pl.col("logprob").exp() * 144).alias("belief"))
    assert ((frame["belief"] >= 0.4 - 1e-9) == (frame["signal.sure"] == 1)).all()
    assert frame["belief"].max() <= 1 + 1e-9


def test_unscored_rows_are_null_and_never_zero():
    frame = World(prompts=500, signals={"s": Channel(1, 0, scored=0.6)}).draw(0)
    share = frame["signal.s"].is_not_null().mean()
    assert abs(share - 0.6) < 4 * np.sqrt(0.24 / frame.height)
    scored = frame.drop_nulls("signal.s")
    assert (scored["signal.s"] == scored["truth"]).all()


def test_marks_can_change_the_closing_sentence():
    mark = Mark(close="The final answer is \\boxed{{{answer}}}.")
    world = World(prompts=20, features={"boxed": Habit(1.0, 0.0, mark)}, answers=Answers(2))
    for row in world.draw(0).iter_rows(named=True):
        boxed = f"\\boxed{{{row['extracted']}}}" in row["completion"]
        assert boxed == (row["truth"] == 1)


def test_certain_prompts_are_never_crossed():
    frame = World(prompts=300, base=Atoms([(0.0, 1), (1.0, 1)])).draw(0)
    means = frame.group_by("prompt").agg(pl.col("truth").mean())["truth"]
    assert set(means.to_list()) == {0.0, 1.0}


def test_counts_need_a_binary_component():
    with pytest.raises(InputError):
        World(signals={"score": Score()}).counts(0)
