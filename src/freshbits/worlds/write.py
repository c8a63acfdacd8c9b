"""Writes drawn frames in the formats of trainers and as plain tables.

Every writer takes a canonical frame and a place, writes under a temporary name and renames, and returns the
files. What a format does not have (truth, region, who generated) is left out, as the real producer does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.atomic import replacing
from freshbits.errors import InputError
from freshbits.rollouts.schema import EXTRA, SIGNAL, signal_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

GROUP = ("round", "source", "prompt")


def write_trl(
    frame: pl.DataFrame,
    directory: Path,
    weights: Mapping[str, float] | None = None,
    log_extra: Sequence[str] = (),
) -> list[Path]:
    """Writes `completions/completions_{step:05d}.parquet`, one file per round, as TRL's GRPOTrainer does.

    Columns: step (from 1), prompt, completion, one per reward function, the extra columns named, advantage.
    The format has no group and no source: several sources are rows of one step. An unscored row is null.
    Producer: https://github.com/huggingface/trl, `log_completions` in trl/trainer/grpo_trainer.py.
    """
    files = []
    for step, rows in _steps(with_advantage(frame, weights)):
        table = rows.select(
            pl.lit(step, dtype=pl.Int64).alias("step"),
            "prompt",
            "completion",
            *(pl.col(SIGNAL + name).alias(name) for name in signal_columns(rows.columns)),
            *(pl.col(EXTRA + name if EXTRA + name in rows.columns else name).alias(name) for name in log_extra),
            "advantage",
        )
        path = directory / "completions" / f"completions_{step:05d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            table.write_parquet(temporary)
        files.append(path)
    return files


def write_verl_v0(frame: pl.DataFrame, directory: Path, weights: Mapping[str, float] | None = None) -> list[Path]:
    """Writes `{step}.jsonl` as verl's first trainer does: input, output, gts, score, step, every signal.

    The format has no group and knows no unscored rows.
    Producer: https://github.com/volcengine/verl, `rollout_data_dir` in verl/trainer/ppo/ray_trainer.py.
    """
    return [
        write_lines(
            directory / f"{step}.jsonl",
            ({**_verl(row, step), **{name: row[SIGNAL + name] for name in signals}} for row in rows.to_dicts()),
        )
        for step, rows, signals in _scored(frame, weights)
    ]


def write_verl_v1(frame: pl.DataFrame, directory: Path, weights: Mapping[str, float] | None = None) -> list[Path]:
    """Writes `{step}.jsonl` as verl's newer trainer does: input, output, gts, score, step, uid.

    uid = `{prompt uid}_{rollout}_{output}`; the signals are dropped, only their weighted sum is logged.
    """
    files = []
    for step, rows, _ in _scored(frame, weights):
        lines = (
            {**_verl(row, step), "uid": f"{row['prompt_id']}-{row['source']}-{step}_{row['sample']}_0"}
            for row in rows.to_dicts()
        )
        files.append(write_lines(directory / f"{step}.jsonl", lines))
    return files


def write_plain(frame: pl.DataFrame, path: Path) -> Path:
    """Writes one table by the file's ending (.parquet, .jsonl, .csv), names without their prefix."""
    table = frame.rename(lambda name: name.removeprefix(SIGNAL).removeprefix(EXTRA))
    writers: dict[str, Callable[[Path], object]] = {
        ".parquet": table.write_parquet,
        ".jsonl": table.write_ndjson,
        ".csv": table.write_csv,
    }
    if path.suffix not in writers:
        raise InputError("the ending names no table format", file=path, mend=f"use one of {sorted(writers)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        writers[path.suffix](temporary)
    return path


def with_advantage(frame: pl.DataFrame, weights: Mapping[str, float] | None = None) -> pl.DataFrame:
    """Adds `total` (weighted sum of scored signals) and the group-relative `advantage` (0 where unscored).

    advantage = (total - group mean) / (group standard deviation + 1e-4), as group-relative trainers do.
    """
    names = signal_columns(frame.columns)
    given = dict.fromkeys(names, 1.0) if weights is None else weights
    if unknown := sorted(set(given) - set(names)):
        raise InputError(f"weights name {unknown}, the frame has {names}")
    parts = [pl.col(SIGNAL + name) * given.get(name, 0.0) for name in names]
    scored = pl.any_horizontal([pl.col(SIGNAL + name).is_not_null() for name in names])
    total = pl.when(scored).then(pl.sum_horizontal(parts))
    spread = pl.col("total").std().over(GROUP).fill_null(0.0) + 1e-4
    advantage = (pl.col("total") - pl.col("total").mean().over(GROUP)) / spread
    return frame.with_columns(total.alias("total")).with_columns(advantage.fill_null(0.0).alias("advantage"))


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Writes one JSON object per line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return path


def _steps(frame: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    for round in frame["round"].unique().sort():
        yield int(round) + 1, frame.filter(pl.col("round") == round)


def _scored(frame: pl.DataFrame, weights: Mapping[str, float] | None) -> Iterator[tuple[int, pl.DataFrame, list[str]]]:
    frame = with_advantage(frame, weights)
    signals = signal_columns(frame.columns)
    if any(frame[SIGNAL + name].null_count() for name in signals):
        raise InputError("the frame has unscored rows, which verl cannot log", mend="draw with scored=1")
    for step, rows in _steps(frame):
        yield step, rows, signals


def _verl(row: Mapping[str, Any], step: int) -> dict[str, Any]:
    return {
        "input": row["prompt"],
        "output": row["completion"],
        "gts": row["answer"],
        "score": row["total"],
        "step": step,
    }
