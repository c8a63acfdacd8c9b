"""Logs of evaluations, judged pairs, sets to train on and plain tables of the world."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl
from benchmarks.readers.world import GROUP, Rollout, Written, known, lines, rollouts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAIRS = 805  # of one file, as AlpacaEval has them


def _batched(rows: int, size: int) -> Iterator[list[Rollout]]:
    held = rollouts(rows)
    while batch := list(islice(held, size)):
        yield batch


def lm_eval(place: Path, rows: int) -> Written:
    """One document per attempt, each under two filters."""
    date = "2026-01-03T03-04-05.678901"
    config = {"filter_list": [{"name": name, "filter": [{"function": "regex"}, {"function": "take_first"}]}
                              for name in ("strict", "flexible")]}  # fmt: skip
    results = {"results": {}, "configs": {"sums": config}, "model_name": "m", "higher_is_better": {}}
    (place / f"results_{date}.json").write_text(json.dumps(results))
    lines(place / f"samples_sums_{date}.jsonl", (
        {"doc_id": one.index, "doc": {"question": one.prompt}, "target": "7",
         "arguments": {"gen_args_0": {"arg_0": one.prompt, "arg_1": {"until": []}}}, "resps": [[one.completion]],
         "filtered_resps": ["7"], "filter": name, "metrics": ["exact"], "exact": one.right,
         "doc_hash": "a" * 64, "prompt_hash": "b" * 64, "target_hash": "c" * 64}
        for name in ("strict", "flexible") for one in rollouts(rows)
    ))  # fmt: skip
    return known(rows)


def alpaca(place: Path, rows: int) -> Written:
    for number, held in enumerate(_batched(rows, PAIRS)):
        folder = place / f"model_{number}" / "judge"
        folder.mkdir(parents=True)
        made = [
            {"instruction": one.prompt, "output_1": one.completion[::-1], "generator_1": "base", "dataset": "d",
             "output_2": one.completion, "generator_2": f"model_{number}", "annotator": "judge",
             "preference": 1 + one.right, "raw_completion": None}
            for one in held
        ]  # fmt: skip
        (folder / "annotations.json").write_text(json.dumps(made, indent=2))
    return known(rows)


def arena(place: Path, rows: int) -> Written:
    """Two games per pair, so half as many pairs; the answers in files of their own."""
    for number, held in enumerate(_batched(rows // 2, 500)):
        model = f"model_{number}"
        lines(place / "model_judgment" / "judge" / f"{model}.jsonl", (
            {"uid": f"u{one.index}", "category": "hard", "judge": "judge", "model": model, "baseline": "base",
             "games": [{"score": "B>>A" if one.right else "A>>B", "judgment": {"answer": "x"}, "prompt": []},
                       {"score": "A>>B" if one.right else "B>>A", "judgment": {"answer": "x"}, "prompt": []}]}
            for one in held
        ))  # fmt: skip
        lines(place / "model_answer" / f"{model}.jsonl", (
            {"uid": f"u{one.index}", "ans_id": "a", "model": model, "messages": [
                {"role": "user", "content": one.prompt},
                {"role": "assistant", "content": {"answer": one.completion}}], "metadata": {}}
            for one in held
        ))  # fmt: skip
    pairs = known(rows // 2)
    return Written(2 * pairs.rows, 2 * pairs.total)


def reasoning_gym(place: Path, rows: int) -> Written:
    """Fifty items of eight completions to a data set."""
    run = place / "m_20260101_010101"
    (run / "sums").mkdir(parents=True)
    (run / "summary.json").write_text('{\n  "model": "m"\n}')
    for number, held in enumerate(_batched(rows, 50 * GROUP)):
        results = []
        for start in range(0, len(held), GROUP):
            group = held[start : start + GROUP]
            completions = [
                {"model_answer": "7", "full_model_response": one.completion, "score": one.right} for one in group
            ]
            results.append({"question": group[0].prompt, "expected_answer": "7", "best_score": 1.0, "mean_score": 0.5,
                            "best_full_model_response": group[0].completion, "completions": completions})  # fmt: skip
        document = {"name": f"sums_{number}", "category": "sums", "average_best_score": 1.0, "config": {"size": 50},
                    "completions_per_prompt": GROUP, "results": results}  # fmt: skip
        (run / "sums" / f"sums_{number}.json").write_text(json.dumps(document, indent=2))
    return known(rows)


def reward_bench(place: Path, rows: int) -> Written:
    """One object for all pairs: half as many as rows; the chosen answer scored by its verdict, the other 0."""
    held = list(rollouts(rows // 2))
    document = {
        "id": [one.index for one in held], "subset": ["s"] * len(held), "results": [1] * len(held), "model": "rm",
        "scores_chosen": [one.right for one in held], "scores_rejected": [0.0] * len(held),
        "text_chosen": [f"<user>\n{one.prompt}\n<model>\n{one.completion}" for one in held],
        "text_rejected": [f"<user>\n{one.prompt}\n<model>\n{one.completion[::-1]}" for one in held],
    }  # fmt: skip
    (place / "rm.json").write_text(json.dumps(document, indent=4, sort_keys=True))
    pairs = known(rows // 2)
    return Written(2 * pairs.rows, pairs.total)


def inspect_eval(place: Path, rows: int) -> Written:
    return _inspect(place / "log.eval", rows)


def inspect_json(place: Path, rows: int) -> Written:
    return _inspect(place / "log.json", rows)


def _inspect(file: Path, rows: int) -> Written:
    """Written by Inspect's own writer: samples with two messages and one scorer, no events."""
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalSample, EvalSpec, write_eval_log
    from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, ModelOutput
    from inspect_ai.scorer import Score

    samples = [
        EvalSample(
            id=one.task, epoch=one.sample + 1, input=one.prompt, target="7",
            messages=[ChatMessageUser(content=one.prompt),
                      ChatMessageAssistant(content=one.completion, source="generate")],
            output=ModelOutput.from_content("m", one.completion),
            scores={"match": Score(value="C" if one.right else "I", answer="7")},
        )
        for one in rollouts(rows)
    ]  # fmt: skip
    spec = EvalSpec(
        created="2026-01-01T00:00:00+00:00", task="sums", model="m", config=EvalConfig(epochs=GROUP),
        dataset=EvalDataset(samples=rows // GROUP, sample_ids=list(range(rows // GROUP))), task_id=file.suffix,
    )  # fmt: skip
    write_eval_log(EvalLog(eval=spec, status="success", samples=samples), str(file))
    return known(rows)


def distilabel(place: Path, rows: int) -> Written:
    """Eight generations to a row, with their ratings."""
    made = [
        {"instruction": held[0].prompt, "generations": [one.completion for one in held],
         "ratings": [one.right for one in held], "generation_models": ["m"] * len(held), "model_name": "judge"}
        for held in _batched(rows, GROUP)
    ]  # fmt: skip
    (place / "default" / "train").mkdir(parents=True)
    pl.DataFrame(made).write_parquet(place / "default" / "train" / "train.parquet", row_group_size=4_000)
    return known(rows)


def designer(place: Path, rows: int) -> Written:
    (place / "parquet-files").mkdir()
    for number, held in enumerate(_batched(rows, 1_000)):
        judged = [{"Right": {"reasoning": "as asked", "score": one.right}} for one in held]
        pl.DataFrame(
            {"instruction": [one.prompt for one in held], "response": [one.completion for one in held],
             "quality_judge": judged}
        ).write_parquet(place / "parquet-files" / f"batch_{number:05d}.parquet")  # fmt: skip
    return known(rows)


def preferences(place: Path, rows: int) -> Written:
    lines(place / "pairs.jsonl", (
        {"prompt": one.prompt, "chosen": one.completion, "rejected": one.completion[::-1]}
        for one in rollouts(rows // 2)
    ))  # fmt: skip
    return Written(2 * (rows // 2), float(rows // 2))


def sft(place: Path, rows: int) -> Written:
    lines(place / "set.jsonl", (
        {"instruction": one.prompt, "output": one.completion, "quality": one.right} for one in rollouts(rows)
    ))  # fmt: skip
    return known(rows)


def _plain(one: Rollout) -> dict[str, Any]:
    return {"step": one.step, "prompt": one.prompt, "completion": one.completion, "model": "m", "reward": one.right}


def plain_parquet(place: Path, rows: int) -> Written:
    pl.DataFrame([_plain(one) for one in rollouts(rows)]).write_parquet(place / "log.parquet", row_group_size=20_000)
    return known(rows)


def plain_jsonl(place: Path, rows: int) -> Written:
    lines(place / "log.jsonl", (_plain(one) for one in rollouts(rows)))
    return known(rows)


def plain_array(place: Path, rows: int) -> Written:
    (place / "log.json").write_text(json.dumps([_plain(one) for one in rollouts(rows)]))
    return known(rows)


def plain_csv(place: Path, rows: int) -> Written:
    pl.DataFrame([_plain(one) for one in rollouts(rows)]).write_csv(place / "log.csv")
    return known(rows)


def plain_arrow(place: Path, rows: int) -> Written:
    """Shards of 25,000 rows in the stream format, as save_to_disk writes them."""
    shards = list(_batched(rows, 25_000))
    for number, held in enumerate(shards):
        file = place / f"data-{number:05d}-of-{len(shards):05d}.arrow"
        pl.DataFrame([_plain(one) for one in held]).write_ipc_stream(file)
    return known(rows)


def own(place: Path, rows: int) -> Written:
    """A reader of one's own over JSON lines."""
    reader = (
        "import json\n\n\ndef rows(path):\n    with open(path) as held:\n        yield from map(json.loads, held)\n"
    )
    (place / "reader.py").write_text(reader)
    return plain_jsonl(place, rows)
