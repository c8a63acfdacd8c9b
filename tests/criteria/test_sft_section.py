"""Sets that were made to be trained on, judged: drawn sets with known repeats, filters and precision."""

import numpy as np
import polars as pl
import pytest

import freshbits as fb
from freshbits.worlds.made import Made


def table(seed=0, **rates):
    return Made(**rates).rows(seed)


@pytest.fixture(scope="module")
def lured():
    """A set whose judge is its writer and whose filter likes long answers; 20 % of the rows repeat an instruction."""
    world = Made(instructions=1_600, again=0.1, normalised=0.05, near=0.05, lured=0.75, judge="writer/small")
    return world, fb.audit(world.rows(0))


def test_repeats_are_counted_as_they_were_planted(lured):
    _, audit = lured
    found = audit.sft.duplicates["instructions"]
    assert found["rows"] == 2_000
    assert found["exact"] == pytest.approx(0.10, abs=0.003)  # two that repeat in other case may repeat each other
    assert found["normalised"] == pytest.approx(0.15, abs=0.001)
    assert found["near"] == pytest.approx(0.20, abs=0.004)
    said = audit.sft.duplicates["responses"]
    assert (said["exact"], said["normalised"]) == (0.0, 0.0)
    assert said["near"] < 0.003  # answers to one instruction may differ in their number only


def test_a_judge_that_is_the_writer_is_closed_and_so_is_its_threshold(lured):
    _, audit = lured
    for signal in ("score", "kept"):
        assert (audit.openness[signal].verdict, audit.openness[signal].origin) == ("closed", "own_state")
    assert "writer/small, which also wrote" in audit.openness["score"].reason
    assert audit.openness["kept"].reason.startswith("it is score of 4 or more")
    first = fb.page(audit).split("\n\n")[1]
    assert first.startswith("kept is closed")


def test_another_judge_is_not_judged_and_a_person_may_declare_it():
    audit = fb.audit(table(instructions=300))
    assert (audit.openness["score"].status, audit.openness["score"].code) == ("not_judged", "OPEN_NO_BELIEF")
    assert audit.sft.judges[0]["same"] == 0.0
    told = fb.audit(table(instructions=300, judge="writer/small"), fb.ReadOptions(origins={"score": "external"}))
    assert told.openness["score"].origin == "external"
    assert told.openness["score"].verdict is None
    assert "which also wrote" in fb.page(told)  # the page says so all the same


def test_questions_about_groups_do_not_apply(lured):
    _, audit = lured
    for section in (audit.budget["kept"], audit.components["kept"], audit.efficiency["kept"], audit.coverage):
        assert (section.status, section.code) == ("not_applicable", "NO_GROUPS")
    assert audit.forecast["kept"].code == "NO_GROUPS"
    assert audit.channel["kept"].bits is None
    assert audit.budget["kept"].mean.value == pytest.approx(0.69, abs=0.03)


def test_what_the_filter_follows_meets_the_world(lured):
    world, audit = lured
    words = next(c for c in audit.hacking["kept"].features if c.name == "words")
    assert words.q_value < 1e-6
    assert words.direction == "more is accepted"
    # Three standard deviations over draws of this size; how often the interval covers stands in benchmarks/sft_sets.
    assert words.signal_bits.value == pytest.approx(world.length_bits, abs=0.018)
    assert words.spurious_bits.value == pytest.approx(world.length_bits_beyond, abs=0.025)


def test_a_filter_that_does_not_look_at_length_is_not_said_to(lured):
    audit = fb.audit(table(seed=5, instructions=1_500))
    words = next(c for c in audit.hacking["kept"].features if c.name == "words")
    assert words.q_value > 0.05
    assert words.signal_bits.low == 0.0


def test_source_that_marks_the_score_is_held_fixed():
    one = table(seed=1, instructions=800, tpr=0.9, fpr=0.6, lured=0.6, long=0.8)
    other = table(seed=2, instructions=800, tpr=0.3, fpr=0.1, lured=0.1, long=0.2).with_columns(
        model=pl.lit("writer/b")
    )
    audit = fb.audit(pl.concat([one, other]).drop("judge", "score", "truth"))
    words = next(c for c in audit.hacking["kept"].features if c.name == "words")
    assert words.signal_bits.value > 0.05
    assert words.source_fixed.signal_bits.value < 0.005
    assert words.q_value > 0.01  # the larger of both p-values: who wrote explains it


def test_precision_and_expected_gain_meet_the_world(lured):
    world, audit = lured
    found = audit.sft.filter["kept"]
    for told, truth in (
        (found["precision"]["before"], world.base),
        (found["precision"]["after"], world.ppv),
        (found["precision"]["gain"], world.ppv - world.base),
        (found["expected_gain"]["relative"], world.ppv),
        (audit.sft.right, world.base),
    ):
        assert told["low"] - 0.01 < truth < told["high"] + 0.01
    assert len(found["expected_gain"]["assumed"]) == 3
    page = " ".join(fb.page(audit).split())
    assert "a reading:" in page
    assert "one writer" in page


def test_without_truth_what_the_filter_buys_is_not_judged_and_labels_let_it_be(tmp_path):
    rows = table(instructions=600, again=0.1)
    rows.drop("truth").write_parquet(tmp_path / "set.parquet")
    audit = fb.audit(tmp_path / "set.parquet")
    assert audit.sft.filter["kept"]["precision"] is None
    assert audit.channel["kept"].needs.startswith("freshbits label")
    drawn, words = fb.label(fb.read(tmp_path / "set.parquet"), "kept", 300)
    assert any("expected gain" in line for line in words)
    truth = dict(rows.select("response", "truth").iter_rows())
    drawn.with_columns(truth=pl.col("completion").replace_strict(truth)).write_csv(tmp_path / "labels.csv")
    audit = fb.audit(tmp_path / "set.parquet", fb.ReadOptions(labels=tmp_path / "labels.csv"))
    after = audit.sft.filter["kept"]["precision"]["after"]
    assert after["low"] < rows.filter("kept")["truth"].mean() < after["high"]


def test_a_set_nobody_scored_is_described_and_can_be_labelled(tmp_path):
    rows = table(instructions=400, again=0.25).select("instruction", "response")
    audit = fb.audit(rows)
    assert audit.log.signals == []
    assert audit.sft.duplicates["instructions"]["exact"] == pytest.approx(0.25, abs=0.01)
    assert "25 % of the instructions stood there before" in fb.page(audit)
    drawn, words = fb.label(fb.read(rows), None, 100)
    assert drawn.columns == ["row", "key", "prompt", "completion", "truth", "inclusion_probability"]
    assert words[1].startswith("share of the set that is right")


def test_what_a_filter_costs_in_variety_is_told_against_a_filter_by_lot():
    rows = table(instructions=1_200).drop("judge", "score", "truth")
    picky = rows.with_columns(kept=pl.col("instruction").str.starts_with("write"))
    found = fb.audit(picky).sft.filter["kept"]["coverage"]["openings"]
    assert (found["all"], found["kept"], round(found["at_random"])) == (8, 1, 8)
    assert found["effective_left"]["value"] == pytest.approx(1 / 8, abs=0.02)


def test_templates_are_instructions_that_differ_in_numbers_only():
    rows = [{"instruction": f"How much is {n} and {m}?", "output": str(n + m)} for n in range(10) for m in range(3)]
    found = fb.audit(pl.DataFrame(rows)).sft.variety
    assert (found["instructions"], found["templates"]["masks"]) == (30, 1)
    assert found["openings"]["commonest"][0] == {"name": "how much is", "share": 1.0}


def test_pairs_are_compared_inside_pairs():
    rows = [
        {"prompt": f"q{n}", "chosen": f"yes {n} " + "so " * (30 + n % 7), "rejected": f"no {n} " + "so " * (n % 5)}
        for n in range(120)
    ]
    audit = fb.audit(pl.DataFrame(rows))
    assert (audit.budget["chosen"].code, audit.sft.made) == ("NO_GROUPS", "pairs")
    assert "by construction" in audit.budget["chosen"].reason
    words = next(c for c in audit.hacking["chosen"].features if c.name == "words")
    assert words.direction == "more is accepted"
    assert "inside a pair" in fb.page(audit)
    assert audit.coverage.code == "NO_GROUPS"


def test_several_generations_of_one_model_are_groups():
    rows = [
        {"instruction": f"q{n}", "generations": [f"a{k} {n}" for k in range(8)], "generation_models": ["m"] * 8,
         "ratings": [float((n + k) % 3 == 0) for k in range(8)]}
        for n in range(60)
    ]  # fmt: skip
    audit = fb.audit(pl.DataFrame(rows))
    assert audit.budget["rating"].status == "judged"
    assert audit.budget["rating"].contrast_bits.value > 0.5
    assert audit.sft.instructions == 60
    assert audit.sft.duplicates["instructions"]["exact"] == 0.0


def test_compare_and_forecast_refuse_in_one_sentence():
    rows = table(instructions=300)
    assert {each.code for each in fb.compare(rows).compare} == {"NO_GROUPS"}
    assert {each.code for each in fb.forecast(rows).values()} == {"NO_GROUPS"}


def test_the_section_survives_json_and_stands_on_both_pages(lured):
    _, audit = lured
    again = fb.Audit.from_json(audit.to_json())
    assert again.to_json() == audit.to_json()
    assert fb.page(again) == fb.page(audit)
    assert "sft" in audit.to_json()
    log = fb.audit(pl.DataFrame({"prompt": ["p"] * 40, "completion": ["a", "b"] * 20, "reward": [1.0, 0.0] * 20}))
    assert "sft" not in log.to_json()


def test_the_same_set_gives_the_same_bytes():
    rows = table(instructions=400, again=0.2)
    assert fb.audit(rows).dumps() == fb.audit(rows).dumps()


def test_code_length_is_that_of_the_writer_in_bits():
    rng = np.random.default_rng(0)
    held = []
    for seed in range(20):
        tokens = rng.integers(5, 60, 300)
        bits = tokens * 1.5 + rng.normal(0, 3, 300)  # 1.5 bits a token, 48 a response of 32 tokens
        rows = table(seed, instructions=300).with_columns(
            logprob=pl.Series(-bits * np.log(2)), tokens=pl.Series(tokens)
        )
        found = fb.audit(rows, texts=False).sft.code_length
        assert (found["response"]["unit"], found["token"]["unit"]) == ("bits/response", "bits/token")
        held += [each["low"] <= true <= each["high"] for each, true in ((found["response"], 48), (found["token"], 1.5))]
    assert np.mean(held) >= 0.85
    assert fb.audit(table(0, instructions=50), texts=False).sft.code_length is None
