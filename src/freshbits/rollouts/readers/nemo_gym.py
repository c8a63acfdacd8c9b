"""NeMo Gym's rollouts: one line per rollout with its reward, the request and the response in the form of Responses.

https://github.com/NVIDIA-NeMo/Gym, `nemo_gym/rollout_collection.py` and `nemo_gym/openai_utils.py`. Beside `X.jsonl`
stand `X_materialized_inputs.jsonl`, `X_failures.jsonl`, `X_reward_profiling.jsonl` and `X_aggregate_metrics.json`: no
rollouts, or attempts that were tried again.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.messages import message_text
from freshbits.rollouts.names import asked, extras, is_reward, mapped
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream
from freshbits.rollouts.tables.tolerant import tolerant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row

CARD = FormatCard(
    name="nemo-gym",
    title="NeMo Gym rollouts",
    files="OUTPUT.jsonl (+output_jsonl_fpath); its _materialized_inputs, _failures, _reward_profiling and "
    "_aggregate_metrics are left out",
    tells="group (task index), attempt, model, prompt, completion with reasoning and tool calls, reward, what the "
    "verifier scored beside it, expected answer, tokens, truncation, log-probabilities where they were kept",
    cannot_tell="truth, steps of training; rollouts that failed are not in the file, and masked ones are unscored",
    traps=(
        "Lines stand in the order in which rollouts ended: groups come from _ng_task_index, not from row order.",
        "A masked rollout (mask_sample: the harness or the judge failed) has reward 0.0: read as unscored.",
        "Failed attempts stand in X_failures.jsonl and are tried again: left out, as are inputs and summaries.",
        "Shards beside the file they were merged into hold the same rollouts: equal ones are read once.",
        "Output of tools stands between the model's turns: it is not part of the completion.",
    ),
)
COMPANION = re.compile(
    r"_(materialized_inputs|failures|reward_profiling|aggregate_metrics|agent_metrics)\.jsonl?(\.gz)?$"
)
SAMPLED = {"message", "reasoning", "function_call"}
COLUMNS = {
    "prompt": Kind.TEXT,
    "group": Kind.TEXT,
    "source": Kind.TEXT,
    "sample": Kind.INTEGER,
    "completion": Kind.TEXT,
    "answer": Kind.TEXT,
    "extracted": Kind.TEXT,
    "logprob": Kind.NUMBER,
    "tokens": Kind.INTEGER,
    "turns": Kind.INTEGER,
    "truncated": Kind.FLAG,
    "region": Kind.TEXT,
}
ANSWERS = ("expected_answer", "ground_truth", "answer")
EXTRACTED = ("extracted_answer", "extracted_model_answer")
FIXED = {
    "reward",
    "response",
    "responses_create_params",
    "agent_ref",
    "skills_ref",
    "mask_sample",
    *ANSWERS,
    *EXTRACTED,
}


def recognise(family: Family) -> bool:
    """Returns whether rows are rollouts of NeMo Gym, or what it writes beside them."""
    columns = set(family.columns)
    if family.kind != "json":
        return False
    beside = bool(family.files) and COMPANION.search(family.files[0].name) is not None
    known = {"_ng_task_index", "responses_create_params", "agent_metrics"} & columns
    return {"responses_create_params", "reward", "response"} <= columns or (beside and bool(known))


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns the rollouts with the task index as their group; masked and failed ones are unscored."""
    files = tuple(file for file in source.files if not COMPANION.search(file.name))
    if not files:
        raise InputError(
            "stands beside rollouts and holds none", file=source.first_file,
            mend="point at the rollouts, the file of this name without its ending after the last part",
        )  # fmt: skip
    notes = []
    beside = [file.name for file in source.files if file not in files]
    if beside:
        notes.append(f"left out, because they hold no rollouts to judge: {', '.join(beside[:4])}")
    table = tolerant(source, unfold, files)
    plan: Plan = {name: Want(name, kind) for name, kind in COLUMNS.items() if name in table.columns}
    notes.append("groups from _ng_task_index" if "group" in plan else "no task index: groups are equal prompts")
    plan[SIGNAL + "reward"] = Want("reward", Kind.SCORE)
    scored = [name for name, dtype in table.columns.items() if name not in FIXED | {*plan} and is_reward(name, dtype)]
    plan |= {SIGNAL + name: Want(name, Kind.SCORE) for name in scored}
    plan |= mapped(options, table.columns)
    taken = {want.column for want in plan.values()} | FIXED
    plan |= extras({name: dtype for name, dtype in table.columns.items() if name not in taken})
    if scored:
        notes.append(f"reward, and beside it what the verifier scored: {', '.join(scored)} (weights are not logged)")
    if "masked" in table.columns:
        notes.append("masked rollouts (mask_sample) and failed ones were not judged: unscored, not 0")
    return Opened(stream(table, plan | asked(options, table.columns)), [*table.notes, *notes], files=files)


def unfold(row: Row, _file: Path) -> Iterable[Row]:
    """Returns the rollout with its texts and counts flat; verifier fields stay as they are."""
    response = row.get("response")
    response = response if isinstance(response, dict) else {}
    request = row.get("responses_create_params") or {}
    output = [item for item in response.get("output") or [] if isinstance(item, dict)]
    agent = row.get("agent_ref")
    kept = [name for name in row if name not in FIXED and name not in COLUMNS and not name.startswith("_ng_")]
    flat: Row = {name: row[name] for name in kept}
    flat |= {
        "prompt": _prompt(request),
        "group": str(row["_ng_task_index"]) if row.get("_ng_task_index") is not None else None,
        "sample": row.get("_ng_rollout_index"),
        "source": response.get("model"),
        "completion": _sampled(output),
        "answer": _first(row, ANSWERS),
        "extracted": _first(row, EXTRACTED),
        "truncated": _truncated(response),
        "reward": row.get("reward"),
        "region": agent.get("name") if isinstance(agent, dict) else None,
    }
    flat |= _counts(response, output)
    if row.get("mask_sample") or row.get("_ng_failure_class"):
        flat |= {name: None for name, value in flat.items() if name == "reward" or _scored(name, value)}
        flat["masked"] = True
    return ({name: value for name, value in flat.items() if value is not None or name == "reward"},)


def _scored(name: str, value: Any) -> bool:
    import polars as pl

    return isinstance(value, (bool, int, float)) and is_reward(name, pl.Float64())


def _first(row: Row, names: Sequence[str]) -> str | None:
    found = next((row[name] for name in names if row.get(name) is not None), None)
    return found if found is None or isinstance(found, str) else str(found)


def _prompt(request: Row) -> str | None:
    asked_for = request.get("input")
    messages = [{"role": "user", "content": asked_for}] if isinstance(asked_for, str) else list(asked_for or [])
    if request.get("instructions"):
        messages.insert(0, {"role": "system", "content": request["instructions"]})
    known = [message for message in messages if isinstance(message, dict)]
    return message_text(known) if known else None


def _sampled(output: Sequence[Row]) -> str | None:
    """Returns what the model wrote: reasoning, messages and calls; what tools answered is not part of it."""
    parts = []
    for item in output:
        if item.get("type") == "reasoning":
            parts += [str(part.get("text", "")) for part in item.get("summary") or item.get("content") or []]
        elif item.get("type") == "function_call":
            parts.append(f"{item.get('name', '')}({item.get('arguments', '')})")
        elif item.get("type", "message") == "message" and item.get("role", "assistant") == "assistant":
            content = item.get("content")
            texts = [content] if isinstance(content, str) else [_text(part) for part in content or []]
            parts.append("".join(texts))
    return "\n\n".join(part for part in parts if part) if output else None


def _text(part: Any) -> str:
    return str(part.get("text") or part.get("refusal") or "") if isinstance(part, dict) else str(part)


def _truncated(response: Row) -> bool | None:
    why = response.get("incomplete_details")
    if isinstance(why, dict):
        return why.get("reason") in ("max_output_tokens", "length")
    return False if response.get("status") == "completed" or "incomplete_details" in response else None


def _counts(response: Row, output: Sequence[Row]) -> Row:
    """Returns turns, tokens and the log-probability; the last only where every turn kept its own."""
    turns = sum(sampled for sampled, _ in groupby(item.get("type", "message") in SAMPLED for item in output))
    kept = [item["generation_log_probs"] for item in output if item.get("generation_log_probs")]
    usage = response.get("usage")
    counted = usage.get("output_tokens") if isinstance(usage, dict) else None
    found: Row = {"turns": turns or None, "tokens": counted or sum(map(len, kept)) or None}
    if kept and len(kept) == turns:
        found["logprob"] = float(sum(sum(values) for values in kept))
    return found
