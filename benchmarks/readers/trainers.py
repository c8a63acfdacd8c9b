"""Trainers' logs of the world, in the shapes that their sources write (the readers name the sources)."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl
from benchmarks.readers.world import GROUP, Rollout, Written, by_step, known, lines, rollouts

if TYPE_CHECKING:
    from pathlib import Path

TOKENS = 60


def trl(place: Path, rows: int) -> Written:
    for step, held in by_step(rows):
        table = {"step": [step] * len(held), "prompt": [one.prompt for one in held],
                 "completion": [one.completion for one in held], "accuracy_reward": [one.right for one in held],
                 "advantage": [one.right - 0.5 for one in held]}  # fmt: skip
        (place / "completions").mkdir(exist_ok=True)
        pl.DataFrame(table).write_parquet(place / "completions" / f"completions_{step:05d}.parquet")
    return known(rows)


def verl(place: Path, rows: int) -> Written:
    for step, held in by_step(rows):
        lines(place / f"{step}.jsonl", (_verl(one) | {"acc": bool(one.right)} for one in held))
    return known(rows)


def verl_v1(place: Path, rows: int) -> Written:
    for step, held in by_step(rows):
        lines(place / f"{step}.jsonl", (_verl(one) | {"uid": f"p{one.task}_{one.sample}_0"} for one in held))
    return known(rows)


def _verl(one: Rollout) -> dict[str, Any]:
    return {"input": one.prompt, "output": one.completion, "gts": "7", "score": one.right, "step": one.step}


def prime(place: Path, rows: int) -> Written:
    for step, held in by_step(rows):
        lines(place / "rollouts" / f"step_{step}" / "train" / "all" / "traces.jsonl", (_episode(one) for one in held))
    return known(rows)


def _episode(one: Rollout) -> dict[str, Any]:
    task = {"type": "Add", "data": {"idx": one.task, "prompt": one.prompt, "answer": "7"}, "key": f"k{one.task}"}
    nodes = [
        {"message": {"role": "user", "content": one.prompt}, "sampled": False, "token_ids": [], "logprobs": []},
        {"parent": 0, "message": {"role": "assistant", "content": one.completion}, "sampled": True,
         "token_ids": list(range(TOKENS)), "mask": [True] * TOKENS, "logprobs": [-0.25] * TOKENS},
    ]  # fmt: skip
    trace = {
        "version": 1, "id": f"t{one.index}", "task": task, "agent": {"config": {"model": "m"}, "trainable": True},
        "nodes": nodes, "calls": [{"node": 1, "model": "m", "finish_reason": "stop"}],
        "rewards": {"exact": {"score": one.right, "weight": 1.0}, "brief": {"score": 0.5, "weight": 0.2}},
        "metrics": {"num_turns": 1.0}, "is_completed": True, "ok": True, "stop_condition": "done", "errors": [],
    }  # fmt: skip
    run = {"type": "train", "id": "r", "work": {"type": "train", "step": one.step}}
    return {"id": f"e{one.index}", "env": {"id": "sums"}, "task": task, "group": {"id": f"g{one.task}"}, "run": run,
            "ok": True, "errors": [], "traces": [trace]}  # fmt: skip


def verifiers(place: Path, rows: int) -> Written:
    (place / "metadata.json").write_text('{"env_id": "sums", "model": "m"}')
    lines(place / "results.jsonl", (
        {"example_id": one.task, "prompt": [{"role": "user", "content": one.prompt}],
         "completion": [{"role": "assistant", "content": one.completion}], "task": "default", "reward": one.right,
         "metrics": {"exact": one.right, "format": 1.0}, "exact": one.right, "format": 1.0, "error": None,
         "answer": "7", "generation_ms": 1.0, "is_truncated": False}
        for one in rollouts(rows)
    ))  # fmt: skip
    return known(rows)


def nemo_rl(place: Path, rows: int) -> Written:
    mask = [[0] * 10 + [1] * (TOKENS - 10)]
    for step, held in by_step(rows):
        lines(place / f"train_data_step{step}.jsonl", (
            {"content": [[one.prompt, one.completion]], "rewards": [one.right], "input_lengths": [TOKENS],
             "token_ids": [list(range(TOKENS))], "token_loss_mask": mask, "sample_loss_mask": [1.0],
             "advantages": [[0.5] * TOKENS], "generation_logprobs": [[-0.25] * TOKENS],
             "prev_logprobs": [[-0.25] * TOKENS], "idx": number}
            for number, one in enumerate(held)
        ))  # fmt: skip
    return known(rows)


def nemo_gym(place: Path, rows: int) -> Written:
    lines(place / "rollouts.jsonl", (
        {"responses_create_params": {"input": [{"role": "user", "content": one.prompt}]},
         "response": {"id": "r", "object": "response", "model": "m", "output": [
             {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": one.completion}]}],
             "incomplete_details": None, "usage": {"output_tokens": TOKENS}},
         "reward": one.right, "mask_sample": False, "expected_answer": "7", "_ng_task_index": one.task,
         "_ng_rollout_index": one.sample}
        for one in rollouts(rows)
    ))  # fmt: skip
    return known(rows)


def open_instruct(place: Path, rows: int) -> Written:
    (place / "run_metadata.jsonl").write_text('{"run_name": "run", "model_name": "m"}\n')
    held = rollouts(rows)
    for shard in range(-(-rows // 10_000)):
        lines(place / f"run_rollouts_{shard:06d}.jsonl", (
            {"step": one.step, "sample_idx": one.sample, "prompt_idx": one.task, "prompt_tokens": list(range(20)),
             "response_tokens": [one.index % 90, *range(TOKENS)], "reward": one.right, "finish_reason": "stop",
             "dataset": "sums", "ground_truth": "7", "logprobs": [-0.25] * TOKENS, "request_info": {},
             "advantage": 0.5}
            for one in islice(held, 10_000)
        ))  # fmt: skip
    return known(rows)


def swift(place: Path, rows: int) -> Written:
    (place / "args.json").write_text(json.dumps({"num_generations": GROUP, "reward_weights": [1.0, 0.2]}))
    lines(place / "completions.jsonl", (
        {"step": [str(step)] * len(held), "prompt": [one.prompt for one in held],
         "completion": [one.completion for one in held], "Accuracy": [one.right for one in held],
         "Format": [1.0] * len(held), "advantages": [0.5] * len(held)}
        for step, held in by_step(rows)
    ))  # fmt: skip
    return known(rows)


def wandb(place: Path, rows: int) -> Written:
    names = ["step", "prompt", "completion", "reward", "reward_accuracy"]
    for step, held in by_step(rows):
        data = [[str(step), one.prompt, one.completion, one.right, one.right] for one in held]
        file = place / "media" / "table" / f"completions_{step}_{step:04x}.table.json"
        lines(file, [{"columns": names, "data": data, "ncols": 5, "nrows": len(data)}])
    return known(rows)


def skyrl(place: Path, rows: int) -> Written:
    lines(place / "dumped_evals" / "global_step_5_evals" / "sums.jsonl", (
        {"input_prompt": one.prompt, "output_response": one.completion, "score": [0.0, one.right],
         "stop_reason": "stop", "env_class": "sums", "env_extras": {"reward_spec": {"ground_truth": "7"}},
         "data_source": "sums"}
        for one in rollouts(rows)
    ))  # fmt: skip
    return known(rows)


def slime(place: Path, rows: int) -> Written:
    for step, held in by_step(rows):
        lines(place / f"rollout_{step}.jsonl", (
            {"group_index": one.task, "index": one.index, "rollout_id": step, "prompt": one.prompt,
             "tokens": list(range(TOKENS + 20)), "response": one.completion, "response_length": TOKENS, "label": "7",
             "reward": one.right, "loss_mask": [1] * TOKENS, "rollout_log_probs": [-0.25] * TOKENS,
             "status": "completed", "metadata": {}}
            for one in held
        ))  # fmt: skip
    return known(rows)
