"""Reasoning Gym's evaluations, scored by its own data sets and written as its eval.py writes them."""

import json

import polars as pl
import pytest
import reasoning_gym

from freshbits.errors import InputError
from freshbits.rollouts.read import read


def item(dataset, entry, texts, broken=()):
    """Returns one result as `process_entry` makes it."""
    completions = []
    for place, text in enumerate(texts):
        if place in broken:
            completions.append(
                {"model_answer": "ERROR", "full_model_response": text, "score": 0.0, "error": "the scorer failed"}
            )
        else:
            score = dataset.score_answer(answer=text, entry=entry)
            completions.append({"model_answer": text, "full_model_response": f"I say {text}", "score": score})
    scores = [one["score"] for one in completions]
    return {
        "question": entry["question"], "expected_answer": str(entry["answer"]),
        "best_model_answer": texts[0] if texts else None, "best_full_model_response": None,
        "best_score": max(scores, default=0.0), "mean_score": sum(scores) / len(scores) if scores else 0.0,
        "completions": completions,
    }  # fmt: skip


@pytest.fixture
def evaluated(tmp_path):
    run = tmp_path / "org_small_20250601_101112"
    means = {}
    for category, name in [("arithmetic", "basic_arithmetic"), ("algorithmic", "word_sorting")]:
        dataset = reasoning_gym.create_dataset(name, seed=3, size=5)
        results = [item(dataset, entry, [entry["answer"], "no idea", entry["answer"]]) for entry in dataset]
        if name == "word_sorting":
            results[1] = item(dataset, dataset[1], [dataset[1]["answer"]] * 2)  # one call failed
            results[2] = item(dataset, dataset[2], []) | {"error": "All completion attempts failed"}
            results[3] = item(dataset, dataset[3], [dataset[3]["answer"]] * 3, broken=(0,))
        means[name] = sum(result["mean_score"] for result in results) / 5
        held = {
            "name": name, "category": category, "average_best_score": 1.0, "average_mean_score": means[name],
            "total_examples": 5, "config": {"size": 5, "seed": 3}, "system_prompt": "Answer.",
            "completions_per_prompt": 3, "results": results,
        }  # fmt: skip
        (run / category).mkdir(parents=True)
        (run / category / f"{name}.json").write_text(json.dumps(held, indent=2))
    summary = {"total_datasets": 2, "dataset_mean_scores": means, "model": "org/small", "partial": False}
    (run / "summary.json").write_text(json.dumps(summary, indent=2))
    (run / "checkpoint.json").write_text(json.dumps({"completed_datasets": []}, indent=2))
    return run


def rows(source):
    log = read(source)
    return log, pl.concat(log.batches())


def test_completions_are_rows_and_items_groups(evaluated):
    log, frame = rows(evaluated)
    assert log.format == "Reasoning Gym evaluation"
    assert log.signals == ("score",)
    assert log.origins == {"score": "external"}
    assert set(frame["source"]) == {"org/small"}
    assert set(frame["region"]) == {"basic_arithmetic", "word_sorting"}
    first = frame.filter(pl.col("group") == "basic_arithmetic/0")
    assert first["sample"].to_list() == [0, 1, 2]
    assert first["signal.score"][0] == 1.0
    assert first["extracted"][0] == first["answer"][0]
    assert first["completion"][0] == f"I say {first['answer'][0]}"


def test_means_are_the_summary_s_where_nothing_failed(evaluated):
    frame = rows(evaluated)[1].filter(pl.col("region") == "basic_arithmetic")
    means = json.loads((evaluated / "summary.json").read_text())["dataset_mean_scores"]
    mine = frame.group_by("group").agg(pl.col("signal.score").mean())["signal.score"].mean()
    assert mine == pytest.approx(means["basic_arithmetic"], abs=1e-12)


def test_a_failed_scorer_a_failed_call_and_an_empty_item_are_named(evaluated):
    log, frame = rows(evaluated)
    failed = frame.filter(pl.col("extra.error").is_not_null())
    assert failed["group"].to_list() == ["word_sorting/3"]
    assert failed["signal.score"].to_list() == failed["extracted"].to_list() == [None]  # 0.0 and ERROR are written
    assert frame.filter(pl.col("group") == "word_sorting/2").is_empty()
    assert any(note.startswith("1 item(s) without any completion") for note in log.notes)
    assert any(note.startswith("1 item(s) have fewer completions than were asked for") for note in log.notes)
    assert "the scorer failed: unscored, though 0.0 is written" in log.problems.sentences()[0]


def test_without_a_summary_the_folder_names_the_model(evaluated):
    (evaluated / "summary.json").unlink()
    assert set(rows(evaluated)[1]["source"]) == {"org_small"}


def test_one_completion_per_item_as_older_evaluations_wrote_it(tmp_path):
    held = {
        "dataset_name": "knights_knaves", "model": "r1", "size": 1, "average_score": 1.0, "config": {},
        "results": [{"question": "Who lies?", "expected_answer": "Zoey", "model_answer": "Zoey",
                     "full_model_response": "<answer>Zoey</answer>", "score": 1.0}],
    }  # fmt: skip
    (tmp_path / "knights_knaves.json").write_text(json.dumps(held, indent=2))
    frame = rows(tmp_path)[1]
    assert frame.select("source", "completion", "signal.score").row(0) == ("r1", "<answer>Zoey</answer>", 1.0)


def test_results_of_another_shape_are_refused_in_a_sentence(tmp_path):
    held = {"name": "x", "average_best_score": 1.0, "config": {}, "results": [3]}
    (tmp_path / "x.json").write_text(json.dumps(held, indent=2))
    with pytest.raises(InputError, match="does not have the shape of Reasoning Gym's results"):
        read(tmp_path)
