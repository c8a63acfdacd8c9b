"""AlpacaEval's annotations, Arena-Hard's games and RewardBench's scores, as their own code writes and counts them."""

import json

import polars as pl
import pytest

from freshbits.auditing import audit
from freshbits.errors import InputError
from freshbits.rollouts.options import ReadOptions
from freshbits.rollouts.read import read


def rows(source, options=None):
    log = read(source, options)
    return log, pl.concat(log.batches())


def annotation(number, preference, **changed):
    """Returns what `utils.convert_to_dataframe(annotations).to_json(orient="records")` leaves of one pair."""
    return {
        "instruction": f"Task {number}?", "output_1": f"baseline {number}", "generator_1": "gpt4_turbo",
        "dataset": "helpful_base", "output_2": f"ours {number}", "generator_2": "mine", "annotator": "weighted_judge",
        "preference": preference, "raw_completion": None, "time_per_example": 0.1,
    } | changed  # fmt: skip


PREFERENCES = [1, 2, 2.0, 1.5, 0, None, 1.25, 3]


@pytest.fixture
def alpaca(tmp_path):
    place = tmp_path / "results" / "mine" / "weighted_judge"
    place.mkdir(parents=True)
    made = [annotation(number, preference) for number, preference in enumerate(PREFERENCES)]
    (place / "annotations.json").write_text(json.dumps(made, indent=2))
    outputs = [{"dataset": "d", "instruction": "Task 0?", "output": "ours 0", "generator": "mine"}]
    (place.parent / "model_outputs.json").write_text(json.dumps(outputs, indent=2))
    return tmp_path


def test_a_preference_speaks_for_the_second_output(alpaca):
    log, frame = rows(alpaca)
    assert log.format == "AlpacaEval annotations"
    assert log.signals == ("preference@weighted_judge",)
    assert frame["signal.preference@weighted_judge"].to_list() == [0, 1, 1, 0.5, 0.5, None, 0.25, None]
    assert frame["completion"][1] == "ours 1"
    assert frame["opponent"][1] == "baseline 1"
    assert set(frame["source"]) == {"mine"}
    assert set(frame["extra.baseline"]) == {"gpt4_turbo"}
    assert log.unread == {"preference@weighted_judge": 2}
    assert any("1 where the evaluated model (output_2) was preferred" in note for note in log.notes)
    assert any("model_outputs.json is not read" in note for note in log.notes)
    assert log.problems.sentences()[0].startswith("1 row: preference is no number from 1 to 2: unscored")


def test_the_win_rate_is_alpaca_eval_s(alpaca):
    # metrics/helpers.py: 0 becomes 1.5, what is no preference is dropped, then the mean of preference - 1.
    known = [1.5 if value == 0 else value for value in PREFERENCES if value is not None and value <= 2]
    frame = rows(alpaca)[1]
    expected = sum(value - 1 for value in known) / len(known)
    assert frame["signal.preference@weighted_judge"].mean() == pytest.approx(expected, abs=1e-12)


def test_outputs_alone_are_a_set_without_scores(alpaca):
    log, frame = rows(alpaca / "results" / "mine" / "model_outputs.json")
    assert log.signals == ()
    assert frame["completion"].to_list() == ["ours 0"]


def test_two_judges_of_one_pair_are_two_signals(alpaca):
    other = alpaca / "results" / "mine" / "strict"
    other.mkdir()
    made = [annotation(number, 1, annotator="strict") for number in range(8)]
    (other / "annotations.json").write_text(json.dumps(made))
    log, frame = rows(alpaca)
    assert set(log.signals) == {"preference@weighted_judge", "preference@strict"}
    assert frame.height == 8


def test_an_audit_of_annotations_takes_them_for_pairs(tmp_path):
    made = [annotation(number, 1 + number % 2) for number in range(60)]
    (tmp_path / "annotations.json").write_text(json.dumps(made))
    found = audit(tmp_path)
    assert found.log.rollouts == 60
    assert any("0 the baseline" in note for note in found.log.notes)


def asked(first, second, question):
    return (
        f"<|User Prompt|>\n{question}\n\n<|The Start of Assistant A's Answer|>\n{first}\n<|The End of Assistant A's "
        f"Answer|>\n\n<|The Start of Assistant B's Answer|>\n{second}\n<|The End of Assistant B's Answer|>"
    )


GAMES = [("B>>A", "A>B"), ("A=B", "B>A"), (None, "A>>B"), ("A>>B", "B<<A"), ("maybe", "A=B")]
EXPECTED = [(1.0, 0.75), (0.5, 0.25), (None, 1.0), (0.0, 1.0), (None, 0.5)]


@pytest.fixture
def arena(tmp_path):
    """Writes judgments and answers as gen_judgment.py and gen_answer.py of version 2 do."""
    bench = tmp_path / "data" / "arena-hard-v2.0"
    judged = bench / "model_judgment" / "gpt-4.1"
    judged.mkdir(parents=True)
    lines = []
    for number, labels in enumerate(GAMES):
        texts = [(f"base {number}", f"ours {number}"), (f"ours {number}", f"base {number}")]
        lines.append({
            "uid": f"u{number}", "category": "hard_prompt", "judge": "gpt-4.1", "model": "mine", "baseline": "o3-mini",
            "games": [
                {"score": label, "judgment": {"answer": "..."}, "prompt": [
                    {"role": "system", "content": "Judge."},
                    {"role": "user", "content": asked(*pair, f"Question {number}?")},
                ]} for label, pair in zip(labels, texts, strict=True)
            ],
        })  # fmt: skip
    (judged / "mine.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (bench / "question.jsonl").write_text('{"uid": "u0", "category": "hard_prompt", "prompt": "Question 0?"}\n')
    return bench


def answers(bench):
    place = bench / "model_answer"
    place.mkdir()
    for model, word in (("mine", "ours"), ("o3-mini", "base")):
        lines = [
            {"uid": f"u{n}", "ans_id": "x", "model": model, "tstamp": 1.0, "metadata": {"token_len": 2},
             "messages": [{"role": "user", "content": f"Question {n}?"},
                          {"role": "assistant", "content": {"answer": f"{word} {n} of the file"}}]}
            for n in range(len(GAMES))
        ]  # fmt: skip
        (place / f"{model}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_both_orders_speak_for_the_model_and_are_repeats(arena):
    log, frame = rows(arena)
    assert log.format == "Arena-Hard judgments"
    assert log.signals == ("score@gpt-4.1",)
    got = frame.sort("prompt_id", "repeat")["signal.score@gpt-4.1"].to_list()
    assert list(zip(got[::2], got[1::2], strict=True)) == EXPECTED
    assert log.unread == {"score@gpt-4.1": 2}
    assert any("orders swapped" in note for note in log.notes)
    assert "is no label of Arena-Hard: unscored" in log.problems.sentences()[0]
    assert set(frame["completion"]) == {f"ours {number}" for number in range(5)}  # out of the judge's prompt
    assert frame["prompt"][0] == "Question 0?"


def test_arena_hard_s_own_score_follows_from_the_levels(arena):
    # show_result.py: label_to_score of the second game, 1 - that of the first; strong labels three times.
    weight = {"A>B": [1], "A>>B": [1] * 3, "A=B": [0.5], "A<<B": [0] * 3, "A<B": [0], "B>A": [0], "B>>A": [0] * 3,
              "B=A": [0.5], "B<<A": [1] * 3, "B<A": [1]}  # fmt: skip
    whole = [labels for labels in GAMES if labels[0] in weight and labels[1] in weight]
    theirs = [s for one, two in whole for s in [*weight[two], *(1 - s for s in weight[one])]]
    frame = rows(arena)[1].rename({"signal.score@gpt-4.1": "s"})
    both = frame.filter(pl.col("s").is_not_null().all().over("prompt_id"))
    strong = pl.when(pl.col("s").is_in([0.0, 1.0])).then(3).otherwise(1)
    won = pl.when(pl.col("s") > 0.5).then(1.0).when(pl.col("s") < 0.5).then(0.0).otherwise(0.5)
    mine = both.select((won * strong).sum() / strong.sum()).item()
    assert mine == pytest.approx(sum(theirs) / len(theirs), abs=1e-12)


def test_answers_are_joined_by_uid(arena):
    answers(arena)
    log, frame = rows(arena)
    assert frame["completion"][0] == "ours 0 of the file"
    assert frame["opponent"][0] == "base 0 of the file"
    assert log.format == "Arena-Hard judgments"
    assert [file.name for file in log.files] == ["mine.jsonl"]
    assert log.files[0].parent.name == "gpt-4.1"
    with pytest.raises(InputError, match="answers without judgments"):
        read(arena / "model_answer")


def test_the_older_layout_is_read_too(arena):
    file = arena / "model_judgment" / "gpt-4.1" / "mine.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines:
        line["question_id"] = line.pop("uid")
        del line["category"], line["baseline"]
        for game in line["games"]:
            game["user_prompt"] = game.pop("prompt")[1]["content"]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    frame = rows(file)[1]
    assert frame["prompt_id"][0] == "u0"
    assert frame["opponent"][0] == "base 0"


def bench(**changed):
    """Returns what run_rm.py's save_to_hub writes: columns as lists, keys sorted."""
    held = {
        "id": [1, 2, 3], "subset": ["math-prm", "math-prm", "xstest"], "results": [1, 0, 0], "model": "org/rm",
        "model_type": "Seq. Classifier", "chat_template": "tulu", "scores_chosen": [2.5, -1.0, 0.5],
        "scores_rejected": [[0.5], [0.0], [0.5]],
        "text_chosen": [f"<|user|>\nWhat is {n}?\n<|assistant|>\nIt is right {n}" for n in range(3)],
        "text_rejected": [f"<|user|>\nWhat is {n}?\n<|assistant|>\nIt is wrong {n}" for n in range(3)],
    }  # fmt: skip
    return json.dumps(held | changed, indent=4, sort_keys=True)


def test_reward_bench_gives_two_rows_per_pair_with_truth(tmp_path):
    (tmp_path / "rm.json").write_text(bench())
    log, frame = rows(tmp_path)
    assert log.format == "RewardBench scores"
    assert frame["truth"].to_list() == [1, 0] * 3
    assert frame["signal.score"].to_list() == [2.5, 0.5, -1.0, 0.0, 0.5, 0.5]
    assert frame["completion"][:2].to_list() == ["It is right 0", "It is wrong 0"]
    assert frame["prompt"][0] == "<|user|>\nWhat is 0?\n<|assistant|>\n"
    assert frame.group_by("group").len()["len"].to_list() == [2] * 3
    assert log.judged_by == {"score": "org/rm"}
    assert any("begin to differ" in note for note in log.notes)


def test_reward_bench_without_texts_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "rm.json").write_text(bench(text_chosen=None))
    with pytest.raises(InputError, match="does not have the shape of RewardBench's scores"):
        read(tmp_path)


def test_a_json_object_of_no_format_is_no_log(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"seed": 1, "model": "m"}, indent=2))
    with pytest.raises(InputError, match="give a log, not a settings file"):
        read(tmp_path / "config.json")
    (tmp_path / "rm.json").write_text(bench())
    assert read(tmp_path).format == "RewardBench scores"
    with pytest.raises(InputError, match="give a log, not a settings file"):
        read([tmp_path / "config.json", tmp_path / "rm.json"])


def test_a_verdict_can_be_made_of_levels(arena):
    frame = rows(arena, ReadOptions(accept={"score": (">", 0.5)}))[1]
    values = frame.sort("prompt_id", "repeat").to_series(frame.columns.index("signal.score@gpt-4.1")).to_list()
    assert values[:4] == [1.0, 1.0, 0.0, 0.0]
