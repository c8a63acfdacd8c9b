"""Writes drawn frames in the formats of real trainers and evaluators.

Every writer takes a canonical frame and a place, writes under a temporary name and renames, and returns the
files. What a format does not have (truth, region, who generated) is left out, as the real producer does.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.schema import EXTRA, SIGNAL, signal_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

GROUP = ("round", "source", "prompt")


def write_trl(
    frame: pl.DataFrame,
    directory: Path,
    weights: Mapping[str, float] | None = None,
    log_extra: Sequence[str] = (),
) -> list[Path]:
    """Writes `completions/completions_{step:05d}.parquet`, one file per round, as TRL's GRPOTrainer does.

    Columns: step, prompt, completion, one per reward function, the extra columns named, advantage.
    Steps count from 1. Several sources become rows of one step, as the format has no column for them.
    Format: https://github.com/huggingface/trl, trl/trainer/grpo_trainer.py, `log_completions`.
    """
    frame = with_advantage(frame, weights)
    files = []
    for (round,), rows in frame.group_by(["round"], maintain_order=True):
        table = rows.select(
            pl.lit(int(str(round)) + 1, dtype=pl.Int64).alias("step"),
            "prompt",
            "completion",
            *(pl.col(SIGNAL + name).alias(name) for name in signal_columns(rows.columns)),
            *(
                pl.col(EXTRA + name if EXTRA + name in rows.columns else name).alias(name)
                for name in log_extra
            ),
            "advantage",
        )
        path = Path(directory) / "completions" / f"completions_{int(str(round)) + 1:05d}.parquet"
        with replacing(path) as temporary:
            table.write_parquet(temporary)
        files.append(path)
    return files


def with_advantage(frame: pl.DataFrame, weights: Mapping[str, float] | None = None) -> pl.DataFrame:
    """Adds `total` (weighted sum of scored signals) and the group-relative `advantage` (0 where unscored).

    advantage = (total - group mean) / (group standard deviation + 1e-4), as group-relative trainers do.
    """
    names = signal_columns(frame.columns)
    given = weights or dict.fromkeys(names, 1.0)
    if unknown := set(given) - set(names):
        raise InputError(f"weights name {sorted(unknown)}, the frame has {names}")
    parts = [pl.col(SIGNAL + name) * given.get(name, 0.0) for name in names]
    scored = pl.any_horizontal([pl.col(SIGNAL + name).is_not_null() for name in names])
    total = pl.when(scored).then(pl.sum_horizontal(parts))
    spread = (pl.col("total") - pl.col("total").mean().over(GROUP)) / (
        pl.col("total").std().over(GROUP).fill_null(0.0) + 1e-4
    )
    return frame.with_columns(total.alias("total")).with_columns(spread.fill_null(0.0).alias("advantage"))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary name beside `path` and renames it when the block succeeds; else removes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_lines(path: Path, rows: Iterator[Mapping[str, Any]]) -> Path:
    """Writes one JSON object per line."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return path
