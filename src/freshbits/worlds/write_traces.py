"""Writes drawn frames as verifiers and prime-rl do: episodes with message graphs, or one result per line.

Formats: https://github.com/PrimeIntellect-ai/verifiers (verifiers/v1/episode.py, trace.py;
verifiers/utils/save_utils.py) and https://github.com/PrimeIntellect-ai/prime-rl.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.atomic import replacing
from freshbits.rollouts.schema import SIGNAL, signal_columns
from freshbits.worlds.write import GROUP, with_advantage, write_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENVIRONMENT = "sums"
_FAILED = {"type": "SandboxError", "message": "the environment did not answer"}


def write_prime(frame: pl.DataFrame, directory: Path, weights: Mapping[str, float] | None = None) -> list[Path]:
    """Writes `rollouts/step_{N}/train/{all,effective}/traces.jsonl`; `effective` lacks dead groups.

    A row that any signal left unscored is a failed episode: its rewards are null.
    """
    frame = with_advantage(frame, weights)
    alive = pl.col("total").n_unique().over(GROUP) > 1
    files = []
    for round in frame["round"].unique().sort().to_list():
        here = frame.filter(pl.col("round") == round)
        run = {"type": "train", "id": "demo-run", "work": {"type": "train", "step": round}}
        for kind, rows in (("all", here), ("effective", here.filter(alive))):
            path = directory / "rollouts" / f"step_{round}" / "train" / kind / "traces.jsonl"
            lines = (
                _episode(row, weights, run, {"id": f"{round}-{row['source']}-{row['prompt_id']}"})
                for row in rows.to_dicts()
            )
            files.append(write_lines(path, lines))
    return files


def write_verifiers(frame: pl.DataFrame, directory: Path, weights: Mapping[str, float] | None = None) -> list[Path]:
    """Writes `{env}--{model}--{harness}/{id}/traces.jsonl` and `configs/eval.json` per source and round.

    Episodes of an evaluation have no group: the task's key names the prompt.
    """
    files = []
    for (round, source), rows in (
        with_advantage(frame, weights).partition_by(["round", "source"], as_dict=True, maintain_order=True).items()
    ):
        place = directory / f"{ENVIRONMENT}--{source}--single" / f"run-{round}"
        run = {"type": "eval", "id": f"run-{round}"}
        files.append(
            write_lines(place / "traces.jsonl", (_episode(row, weights, run, None) for row in rows.to_dicts()))
        )
        config = {"env": {"id": ENVIRONMENT}, "model": source, "num_rollouts": int(rows["sample"].max()) + 1}  # type: ignore[arg-type]
        files.append(_document(place / "configs" / "eval.json", config))
    return files


def write_verifiers_legacy(
    frame: pl.DataFrame, directory: Path, weights: Mapping[str, float] | None = None
) -> list[Path]:
    """Writes `evals/{env_id}--{model}/{run_id}/results.jsonl` and `metadata.json`, one per source and round.

    A row that any signal left unscored has an `error` and, as the producer writes it, a reward of 0.0.
    """
    signals = signal_columns(frame.columns)
    files = []
    for (round, source), rows in (
        with_advantage(frame, weights).partition_by(["round", "source"], as_dict=True, maintain_order=True).items()
    ):
        place = directory / "evals" / f"{ENVIRONMENT}--{source}" / f"run-{round}"
        results = [_result(row, signals) for row in rows.to_dicts()]
        files.append(write_lines(place / "results.jsonl", results))
        metadata = {
            "env_id": ENVIRONMENT,
            "env_args": {},
            "model": source,
            "base_url": "http://localhost:8000/v1",
            "num_examples": rows["prompt_id"].n_unique(),
            "rollouts_per_example": max(rows.group_by("prompt_id").len()["len"].to_list()),
            "sampling_args": {"temperature": 1.0},
            "avg_reward": sum(result["reward"] for result in results) / len(results),
            "avg_metrics": {
                name: sum(result["metrics"][name] for result in results) / len(results) for name in signals
            },
            "avg_error": sum("error_chain" in result for result in results) / len(results),
            "state_columns": [],
        }
        files.append(_document(place / "metadata.json", metadata))
    return files


def _episode(
    row: Mapping[str, Any],
    weights: Mapping[str, float] | None,
    run: Mapping[str, Any],
    group: Mapping[str, str] | None,
) -> dict[str, Any]:
    key = str(row["prompt_id"])
    place = f"{row['round']}-{row['source']}-{key}-{row['sample']}"
    signals = signal_columns(list(row))
    failed = any(row[SIGNAL + name] is None for name in signals)
    task = {"type": "SumTask", "data": {"prompt": row["prompt"], "answer": row["answer"]}, "key": key}
    rewards = {
        name: None
        if row[SIGNAL + name] is None
        else {"score": row[SIGNAL + name], "weight": 1.0 if weights is None else weights.get(name, 0.0)}
        for name in signals
    }
    asked, said = _tokens(row["prompt"]), _tokens(row["completion"])
    logprob = row.get("logprob")
    nodes = [
        _node(None, "user", row["prompt"], asked),
        {
            **_node(0, "assistant", row["completion"], said),
            "sampled": True,
            "mask": [True] * len(said),
            "logprobs": [] if logprob is None else [logprob / len(said)] * len(said),
            "advantages": None if failed else [row["advantage"]] * len(said),
        },
    ]
    ending = "length" if row["truncated"] else "stop"
    trace = {
        "version": 1,
        "id": f"trace-{place}",
        "verifiers": {"version": "1.0.0"},
        "task": task,
        "agent": {"config": {"model": row["source"]}, "name": "agent", "trainable": True},
        "tools": [],
        "nodes": nodes,
        "calls": [{"node": 1, "model": row["source"], "finish_reason": ending}],
        "rewards": rewards,
        "metrics": {},
        "info": {},
        "is_completed": True,
        "ok": not failed,
        "stop_condition": "error" if failed else "agent_completed",
        "errors": [_FAILED] if failed else [],
        "timing": {"start": 0.0},
    }
    return {
        "id": f"episode-{place}",
        "env": {"id": ENVIRONMENT, "name": ENVIRONMENT},
        "task": task,
        **({"group": group} if group else {}),
        "run": run,
        "ok": not failed,
        "errors": [_FAILED] if failed else [],
        "traces": [trace],
    }


def _node(parent: int | None, role: str, content: str, tokens: list[int]) -> dict[str, Any]:
    return {
        "parent": parent,
        "message": {"role": role, "content": content},
        "sampled": False,
        "token_ids": tokens,
        "mask": [False] * len(tokens),
        "is_content": [True] * len(tokens),
        "logprobs": [],
        "advantages": None,
        "reference_logprobs": None,
        "loss_weights": None,
    }


def _tokens(text: str) -> list[int]:
    """Returns one made-up token id per word: equal words, equal ids."""
    return [zlib.crc32(word.encode()) % 50_000 for word in text.split()]


def _result(row: Mapping[str, Any], signals: list[str]) -> dict[str, Any]:
    failed = any(row[SIGNAL + name] is None for name in signals)
    metrics = {name: row[SIGNAL + name] or 0.0 for name in signals}
    result: dict[str, Any] = {
        "example_id": int(str(row["prompt_id"]).removeprefix("sum-")),
        "prompt": [{"role": "user", "content": row["prompt"]}],
        "completion": [{"role": "assistant", "content": row["completion"]}],
        "answer": row["answer"],
        "reward": 0.0 if failed else row["total"],
        "error": None,
        "timing": {"generation_ms": 0.0, "scoring_ms": 0.0, "total_ms": 0.0},
        "is_completed": not failed,
        "is_truncated": bool(row["truncated"]),
        "stop_condition": "error" if failed else "max_turns_reached",
        "metrics": metrics,
        "tool_defs": None,
        "token_usage": {"input_tokens": len(row["prompt"].split()), "output_tokens": row["tokens"]},
    }
    if failed:
        chain = f"{_FAILED['type']}('{_FAILED['message']}')"
        result["error"] = {
            "error": _FAILED["type"],
            "error_chain_repr": chain,
            "error_chain_str": _FAILED["message"],
        }
        result |= {"error_chain": chain, "long_error_chain": _FAILED["message"]}
    return result | metrics


def _document(path: Path, content: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path
