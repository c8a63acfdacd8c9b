"""Selecting rows of a log: what counts as accepted, what is kept and said, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from freshbits.cli import app
from freshbits.errors import InputError
from freshbits.remedies.select import select
from freshbits.report.select import select_page
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read
from freshbits.selected import Selected

CLI = CliRunner()


def rows(seed: int = 0, prompts: int = 60, size: int = 8) -> pl.DataFrame:
    """Draws rollouts: a boxed answer, of which 1 is right; wordings of different lengths, some of them often."""
    rng = np.random.default_rng(seed)
    usual = ["Adding both numbers up gives the result straight away,", "First carry the tens, then add the units:"]
    table = []
    for q in range(prompts):
        for _ in range(size):
            answer = int(rng.choice([1, 1, 1, 2, 3]))
            words = " ".join(f"step{n}" for n in rng.integers(0, 1000, int(rng.integers(8, 30))))
            lead = usual[int(rng.integers(2))] if rng.random() < 0.7 else words
            verdict = rng.random() < (0.9 if answer == 1 else 0.3)
            table.append((f"question {q}", f"{lead} so \\boxed{{{answer}}}", float(verdict), float(answer == 1), q % 3))
    return pl.DataFrame(table, schema=["prompt", "completion", "reward", "truth", "region"], orient="row").with_columns(
        pl.format("part {}", "region").alias("region")
    )


def test_only_accepted_rows_are_kept_and_every_row_says_why():
    kept, found = select(read(rows()), share=0.5)
    assert (kept["signal.reward"] == 1.0).all()
    assert kept.height == found.rows.kept == round(0.5 * found.rows.accepted)
    assert found.prompts.kept == found.prompts.accepted
    assert dict(kept["reason"].value_counts().iter_rows()) == found.reasons
    assert kept.columns[-2:] == ["weight", "reason"]
    assert (kept["weight"] >= 1).all()


def test_every_accepted_row_of_a_log_is_kept_once_where_all_are_asked_for():
    log = rows()
    kept, found = select(read(log), 10**6)
    assert kept.height == int(log["reward"].sum())
    assert kept["weight"].to_list() == pytest.approx([1.0] * kept.height)
    assert found.reasons["repeats a chosen row"] > 0
    assert any("nothing new was left" in note for note in found.notes)


def test_weights_give_back_features_truth_and_regions_of_all_accepted_rows():
    log, told = read(rows(prompts=150)), {}
    for seed in range(12):
        for each in select(log, share=0.4, seed=seed)[1].shifts:
            told.setdefault(each.feature, []).append((each.accepted, each.selected, each.corrected, each.deviation))
    for name in ("characters", "truth", "words"):
        accepted, _, corrected, deviation = np.mean(told[name], axis=0)
        assert abs(corrected - accepted) < 0.05 * deviation
    accepted, chosen, corrected, _ = np.mean(told["truth"], axis=0)
    assert abs(chosen - accepted) > 5 * abs(corrected - accepted)  # there was a bias to take off
    assert "region=part 1" in told


def test_new_answers_that_are_wrong_are_said_to_be_where_truth_is_logged():
    _, found = select(read(rows()), share=0.35)
    assert any("are right where labelled" in note for note in found.notes)
    _, blind = select(read(rows().drop("truth")), share=0.35)
    assert any("where a verdict errs most" in note for note in blind.notes)


def test_prompts_that_hardly_pass_can_be_left_out():
    log = pl.concat([rows(), rows(1).with_columns(prompt=pl.format("hard {}", "prompt"), reward=pl.lit(0.0))])
    hard = pl.col("prompt").str.starts_with("hard")
    first = pl.int_range(pl.len()).over("prompt") == 0
    log = log.with_columns(reward=pl.when(hard & first).then(1.0).otherwise("reward"))
    assert select(read(log), share=0.5)[0]["prompt"].str.starts_with("hard").any()
    kept, _ = select(read(log), share=0.5, least_pass=0.2)
    assert not kept["prompt"].str.starts_with("hard").any()


def test_a_score_accepts_what_lies_above_the_mean_of_its_prompt_and_unscored_rows_are_out():
    scores = [0.1, 0.5, 0.9, None] * 20
    log = pl.DataFrame(
        {
            "prompt": [f"q{n // 4}" for n in range(80)],
            "completion": [f"text number {n}" for n in range(80)],
            "s": scores,
        }
    )
    kept, found = select(read(log, ReadOptions(signals=("s",), map={})), 50)
    assert set(kept["signal.s"]) == {0.9}
    assert found.rows.log == 60


def test_the_whole_text_is_the_answer_where_none_is_stated_and_near_duplicates_are_one():
    base = "The river rises in the hills beyond the town and runs past the old mill before it reaches the sea"
    texts = [base + ".", base.upper() + ".", base + " .", "Nobody knows where the river comes from, or why it matters."]
    log = pl.DataFrame({"prompt": ["p"] * 4, "completion": texts, "reward": [1.0] * 3 + [1.0]})
    log = pl.concat([log, log.with_columns(reward=pl.lit(0.0), completion=pl.lit("no"))])
    kept, found = select(read(log), 2)
    assert found.answers.accepted == 2
    assert texts[3] in kept["completion"].to_list()


def test_tokens_are_counted_where_they_are_the_budget():
    log = rows().with_columns(tokens=pl.col("completion").str.len_chars() // 4)
    kept, found = select(read(log), share=0.3, per_token=True)
    assert found.unit == "tokens"
    assert kept["tokens"].sum() == found.cost.kept <= 0.3 * found.cost.accepted
    assert kept["tokens"].mean() < log.filter(pl.col("reward") == 1)["tokens"].mean()
    assert found.weights == "post-stratified"
    assert kept["weight"].sum() == pytest.approx(found.rows.accepted)


def test_a_cap_holds_for_every_prompt():
    kept, _ = select(read(rows()), 10**6, cap=2)
    assert kept.group_by("prompt").len()["len"].max() == 2


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"number": 5, "share": 0.5}, "once"),
        ({}, "once"),
        ({"share": 1.5}, "is none"),
        ({"number": 0}, "are none"),
        ({"number": 5, "cap": 0}, "keeps nothing"),
        ({"number": 5, "signal": "rewrad"}, "no signal 'rewrad'"),
        ({"number": 5, "least_pass": 2.0}, "is no share"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(asked, words):
    with pytest.raises(InputError, match=words):
        select(read(rows()), **asked)


def test_a_log_of_which_nothing_is_accepted_is_refused():
    with pytest.raises(InputError, match="accepts no rollout"):
        select(read(rows().with_columns(reward=pl.lit(0.0))), 5)


def test_the_command_writes_rows_a_page_and_json(tmp_path):
    rows().write_parquet(tmp_path / "log.parquet")
    out, told = tmp_path / "kept.jsonl", tmp_path / "told.json"
    arguments = ["select", str(tmp_path / "log.parquet"), "--share", ".25", "-o", str(out), "--json", str(told)]
    ran = CLI.invoke(app, arguments)
    assert ran.exit_code == 0, ran.output
    assert "first of its prompt" in ran.output
    assert "the bias it brings" in ran.output
    found = Selected.from_json(json.loads(told.read_text()))
    assert found.dumps() == told.read_text()
    assert pl.read_ndjson(out).height == found.rows.kept
    assert select_page(found) in ran.output
    assert CLI.invoke(app, arguments).output == ran.output
