"""Results of verifiers' older evaluations: results.jsonl with one rollout per line, metadata.json beside it.

https://github.com/PrimeIntellect-ai/verifiers, `verifiers/utils/eval_utils.py` and `save_utils.py` before v1.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import extras, is_number, mapped
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row

CARD = FormatCard(
    name="verifiers",
    title="verifiers results",
    files="outputs/evals/ENV--MODEL/RUN/results.jsonl with metadata.json",
    tells="group (example_id), reward, every metric, answer, truncation, failed rollouts",
    cannot_tell="the weights of the metrics in the reward, log-probabilities; a failed rollout is written as "
    "0.0 beside an error and is read as unscored",
    traps=(
        "A failed rollout is written with reward 0.0 beside an error: unscored.",
        "Metrics stand in `metrics` and again at the top of the row: each is one signal.",
        "Metrics are logged with weight or without: which of them the reward sums up is not in the file.",
        "Token counts and times are numbers beside the metrics and are no signals.",
    ),
)
FIXED = {"example_id", "prompt", "completion", "reward", "error", "answer", "task", "info", "is_truncated",
         "stop_condition", "generation_ms", "scoring_ms", "total_ms", "is_completed"}  # fmt: skip
NOT_METRICS = {"num_turns", "id", "timing", "avg_reward"}


def recognise(family: Family) -> bool:
    """Returns whether rows have example_id, prompt, completion, reward, and what only verifiers writes."""
    columns = set(family.columns)
    named = bool(family.files) and family.files[0].name == "results.jsonl"
    known = {"example_id", "prompt", "completion", "reward"} <= columns
    return family.kind == "json" and known and (named or "metrics" in columns or "generation_ms" in columns)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns the rows; the model and the environment come from metadata.json."""
    about = {file: _metadata(file) for file in source.files}

    def unfold(row: Row, file: Path) -> Iterable[Row]:
        return (_flat(row, about[file]),)

    table = source.table(unfold)
    plan: Plan = {
        "prompt": Want("prompt", Kind.TEXT),
        "prompt_id": Want("example_id", Kind.TEXT),
        "group": Want("__group__", Kind.TEXT),
        "completion": Want("completion", Kind.SAMPLED),
        SIGNAL + "reward": Want("reward", Kind.SCORE),
    }
    optional = {
        "run": Want("__run__", Kind.TEXT),
        "source": Want("__model__", Kind.TEXT),
        "answer": Want("answer", Kind.TEXT),
        "truncated": Want("__truncated__", Kind.FLAG),
        "region": Want("task", Kind.TEXT) if "task" in table.columns else Want("__env__", Kind.TEXT),
        "turns": Want("num_turns", Kind.INTEGER),
        "extra.error": Want("__error__", Kind.TEXT, strict=False),
    }
    plan |= {name: want for name, want in optional.items() if want.column in table.columns}
    metrics = [
        name
        for name, dtype in table.columns.items()
        if is_number(dtype) and name not in FIXED | NOT_METRICS and not name.startswith("__")
    ]
    plan |= {SIGNAL + name: Want(name, Kind.SCORE) for name in metrics}
    plan |= mapped(options, table.columns)
    taken = {want.column for want in plan.values()}
    plan |= extras({n: d for n, d in table.columns.items() if n not in taken | FIXED and not n.startswith("__")})
    notes = [*table.notes, "groups from example_id"]
    if metrics:
        notes.append(f"reward, and the metrics beside it: {', '.join(metrics)} (weights are not logged)")
    return Opened(stream(table, plan), notes)


def _flat(row: Row, about: dict[str, Any]) -> Row:
    """Returns one result with its metrics at the top; nothing of a failed rollout is scored."""
    metrics = row.get("metrics")
    flat = {**row, **metrics} if isinstance(metrics, dict) else dict(row)
    flat.pop("metrics", None)
    failed = row.get("error") not in (None, "", False)
    if failed:
        scored = set(metrics) if isinstance(metrics, dict) else set()
        flat |= dict.fromkeys({"reward", *scored} | {n for n in row if isinstance(row[n], float) and n not in FIXED})
        flat["__error__"] = row["error"].get("error") if isinstance(row["error"], dict) else str(row["error"])
    truncated = row.get("is_truncated")
    if truncated is None and "stop_condition" in row:
        truncated = row["stop_condition"] in ("max_turns_reached", "prompt_too_long", "length", "max_tokens")
    flat["__truncated__"] = truncated
    flat["__group__"] = str(row.get("example_id"))
    flat |= {f"__{name}__": about[name] for name in ("run", "model", "env") if about.get(name) is not None}
    return flat


def _metadata(file: Path) -> dict[str, Any]:
    """Returns run, model and environment from the metadata beside a results file, if there is one."""
    beside = file.with_name("metadata.json")
    try:
        held = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(held, dict):
        return {}
    return {"run": file.parent.name, "model": held.get("model"), "env": held.get("env_id") or held.get("env")}
