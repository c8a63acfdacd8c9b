"""Two public pools of prompts with the verdicts of several models, as tables that the predictor reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

THIRD = 3  # of 39 models every third is predicted


@dataclass(frozen=True)
class Pool:
    """Holds the prompts of a pool and what every model did with them.

    Attributes:
        name: of the pool.
        prompts: `id`, `cluster` (what is split and resampled), `prompt` where there is a text, then fields.
        verdicts: `id`, `model`, `successes`, `rollouts`.
        label: the field whose mean is the yardstick.
        models: the models that are predicted.
    """

    name: str
    prompts: pl.DataFrame
    verdicts: pl.DataFrame
    label: str
    models: list[str]


def reasoning_gym(folder: Path) -> Pool:
    """Reads Reasoning Gym: 5 models, three completions each; a score of 1 is a pass (easy tasks; 101 generators)."""
    rows = pl.read_parquet(folder / "reasoning_gym_easy_dev.parquet").rename({"prompt_id": "id"})
    prompts = rows.group_by("id", maintain_order=True).agg(pl.col("prompt", "dataset", "category").first())
    verdicts = rows.group_by("id", "model", maintain_order=True).agg(
        successes=(pl.col("reward") >= 1).sum().cast(pl.Float64), rollouts=pl.len().cast(pl.Float64)
    )
    prompts = prompts.select("id", pl.col("id").alias("cluster"), "prompt", "dataset", "category")
    return Pool("Reasoning Gym, easy", prompts, verdicts, "dataset", sorted(verdicts["model"].unique()))


def live_code_bench(folder: Path) -> Pool:
    """Reads LiveCodeBench: 39 models, 10 samples or one; no texts. Items of one problem stay together."""
    rows = pl.read_parquet(folder / "livecodebench_pass_rates_dev.parquet").with_columns(
        id=pl.format("{}/{}/{}", "scenario", "prompt_id", pl.col("item_index").fill_null(-1)), cluster="prompt_id",
        days=(pl.col("problem_date").str.slice(0, 10).str.to_date(strict=False) - pl.date(2023, 1, 1)).dt.total_days(),
    )  # fmt: skip
    fields = [pl.col(name).first() for name in ("scenario", "platform", "difficulty", "days")]
    prompts = rows.group_by("id", maintain_order=True).agg(pl.col("cluster").first(), *fields)
    n = pl.col("n_samples").cast(pl.Float64)
    verdicts = rows.select("id", "model", successes=(pl.col("reward") * n).round(), rollouts=n)
    models = sorted(verdicts["model"].unique())
    return Pool("LiveCodeBench", prompts, verdicts, "difficulty", models[::THIRD])
