"""open-instruct's rollouts: `{run}_rollouts_{shard}.jsonl`, token ids without text, and the groups it filtered away.

https://github.com/allenai/open-instruct, `RolloutRecord`, `FilteredRolloutRecord` and `RolloutMetadata` in
`open_instruct/rl_utils.py` (`--save_traces`), called from `open_instruct/data_loader.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import asked, extras, mapped
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Plan, Stream, Want, stream
from freshbits.rollouts.tables.tolerant import tolerant
from freshbits.rollouts.token_text import reading, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row
    from freshbits.rollouts.token_text import Reading

CARD = FormatCard(
    name="open-instruct",
    title="open-instruct rollouts",
    files="ROLLOUTS_SAVE_PATH/RUN_rollouts_000000.jsonl with RUN_metadata.jsonl and RUN_filtered_rollouts_000000.jsonl "
    "(--save_traces)",
    tells="step, group, reward, tokens, log-probabilities, truncation, reference answer, data set; the text, where the "
    "model's tokenizer.json stands beside the log or in the Hugging Face cache",
    cannot_tell="text without a tokenizer (completions are then told apart by their token ids, spelled as letters); "
    "groups without contrast, which are dropped before writing unless --no_filter_zero_std_samples, where no "
    "_filtered_rollouts_ file holds them; reward components, truth",
    traps=(
        "Groups without contrast are dropped before writing unless the run said otherwise: where the log holds none, "
        "the share of dead groups is unknown, not 0.",
        "Only token ids are written. Without a tokenizer they are spelled as letters: no number is read in them.",
        "A run that was started again counts its steps from where it stood: the prompt is part of the group's key.",
        "Output of tools is inside response_tokens and cannot be told from what the model wrote.",
        "_metadata and _trainer_logprobs files hold no rollouts.",
    ),
)
FILE = re.compile(r"^(.+?)_(filtered_)?rollouts_\d+\.jsonl")
DROPPED = (
    "open-instruct drops groups without contrast before it writes (filter_zero_std_samples, on by default), and this "
    "log holds none"
)
COLUMNS = {
    "run": Kind.TEXT,
    "step": Kind.INTEGER,
    "prompt": Kind.TEXT,
    "group": Kind.TEXT,
    "source": Kind.TEXT,
    "sample": Kind.INTEGER,
    "completion": Kind.TEXT,
    "answer": Kind.TEXT,
    "logprob": Kind.NUMBER,
    "tokens": Kind.INTEGER,
    "turns": Kind.INTEGER,
    "truncated": Kind.STOP,
    "region": Kind.TEXT,
}


def recognise(family: Family) -> bool:
    """Returns whether rows hold token ids of prompts and responses, a reward and open-instruct's indices."""
    return family.kind == "json" and {"prompt_tokens", "response_tokens", "prompt_idx", "reward"} <= set(family.columns)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns kept and filtered rollouts, as text where a tokenizer is at hand."""
    models = {file: _model(file) for file in source.files}
    readings = {file: reading(models[file], file.parent) for file in source.files}
    several = len({(file.parent, _run(file)) for file in source.files}) > 1

    def unfold(row: Row, file: Path) -> Iterable[Row]:
        return (_flat(row, file, models[file], readings[file], several=several),)

    table = tolerant(source, unfold)
    plan: Plan = {name: Want(name, kind) for name, kind in COLUMNS.items() if name in table.columns}
    plan[SIGNAL + "reward"] = Want("reward", Kind.SCORE)
    plan |= mapped(options, table.columns)
    taken = {want.column for want in plan.values()}
    plan |= extras({name: dtype for name, dtype in table.columns.items() if name not in taken})
    rows = stream(table, plan | asked(options, table.columns))
    notes = [*table.notes, "groups from step and prompt_idx", _about_text(source.files, models, readings)]
    filtered: str | None = DROPPED
    if any((match := FILE.match(file.name)) and match.group(2) for file in source.files):
        filtered = None
        notes.append("groups that were filtered away are read from their own files: the whole sample")
    elif _has_dead(rows):
        filtered = None
        notes.append("groups without contrast are in the log: it was written unfiltered")
    if filtered is not None:
        notes.append(f"{DROPPED}: the share of dead groups is unknown, and bits per rollout may be too high")
    if several:
        notes.append("several runs, told apart by the names of their files")
    return Opened(rows, notes, filtered=filtered)


def _flat(row: Row, file: Path, model: str | None, read: Reading | None, *, several: bool) -> Row:
    prompt, response = row.get("prompt_tokens") or [], row.get("response_tokens") or []
    as_text = read or spelled
    info = row.get("request_info")
    info = info if isinstance(info, dict) else {}
    digest = hashlib.blake2b(repr(prompt).encode(), digest_size=4).hexdigest()
    flat: Row = {
        "step": row.get("step"),
        # The prompt is part of the key: a restarted run counts its steps, and so its groups, again.
        "group": f"{row.get('step')}:{row.get('prompt_id') or row.get('prompt_idx')}:{digest}",
        "source": model,
        "sample": row.get("sample_idx"),
        "prompt": as_text(prompt),
        "completion": row["decoded_response"] if row.get("decoded_response") and read else as_text(response),
        "answer": _answer(row.get("ground_truth"), as_text),
        "reward": row.get("reward"),
        "tokens": len(response),
        "logprob": _logprob(row.get("logprobs"), len(response)),
        "truncated": row.get("finish_reason"),
        "region": row.get("dataset"),
        "advantage": row.get("advantage"),
    }
    if several:
        flat["run"] = _run(file)
    if info.get("num_calls"):
        flat["turns"] = info["num_calls"] + 1
    for name in ("timeouts", "tool_errors"):
        if info.get(name):
            flat[name] = info[name]
    return {name: value for name, value in flat.items() if value is not None}


def _logprob(values: Any, tokens: int) -> float | None:
    if not isinstance(values, list) or len(values) != tokens or any(value is None for value in values):
        return None
    return float(sum(values))


def _answer(value: Any, as_text: Reading) -> str | None:
    if isinstance(value, list) and value and all(isinstance(item, int) for item in value):
        return as_text(value)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _run(file: Path) -> str:
    match = FILE.match(file.name)
    return match.group(1) if match else file.parent.name


def _model(file: Path) -> str | None:
    """Returns the model that the metadata beside a shard names."""
    try:
        held = json.loads((file.parent / f"{_run(file)}_metadata.jsonl").read_text(encoding="utf-8").splitlines()[0])
        name = held.get("model_name")
    except (OSError, ValueError, IndexError, AttributeError):
        return None
    return name if isinstance(name, str) and name != "unknown" else None


def _about_text(files: Sequence[Path], models: dict[Path, str | None], readings: dict[Path, Reading | None]) -> str:
    missing = next((file for file in files if readings[file] is None), None)
    if missing is None:
        return "token ids as text by the model's own tokenizer"
    model = models[missing] or "the model"
    return (
        "token ids only: completions are told apart by their ids, spelled as letters, so what is said of answers, "
        f"features of the text and quotes is of the ids; for text copy tokenizer.json of {model} beside the log "
        "(pip install tokenizers)"
    )


def _has_dead(rows: Stream) -> bool:
    """Tells whether a whole group among the first rows has one reward; the last group there may be cut."""
    chunk = next(iter(rows.read(["group", SIGNAL + "reward"])), None)
    if chunk is None:
        return False
    whole = chunk.rows.filter(pl.col("group") != pl.col("group").last())
    sizes = whole.group_by("group").agg(n=pl.len(), values=pl.col(SIGNAL + "reward").n_unique())
    return bool(((sizes["n"] > 1) & (sizes["values"] == 1)).any())
