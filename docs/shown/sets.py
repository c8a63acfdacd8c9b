"""Makes training sets as their tools leave them, drawn from a world: for pages that speak of sets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path


def drawn(judge: str = "judge/large") -> pl.DataFrame:
    """Draws instructions with responses, scored and filtered by a judge; some repeat."""
    from freshbits.worlds.made import Made

    return Made(instructions=400, again=0.1, lured=0.75, judge=judge).rows(seed=1).drop("truth")


def write(rows: pl.DataFrame, place: Path) -> None:
    """Writes a table by its ending."""
    if place.suffix == ".parquet":
        rows.write_parquet(place)
    elif place.suffix == ".csv":
        rows.write_csv(place)
    else:
        rows.write_ndjson(place)


def made(place: Path) -> None:
    """A set with its judge's score and what the filter kept."""
    write(drawn().rename({"score": "quality"}), place)


def everything(place: Path) -> None:
    """The same before the filter, without its flag."""
    write(drawn().drop("kept"), place)


def kept(place: Path) -> None:
    """What the filter kept of it."""
    write(drawn().filter("kept").drop("kept"), place)


def pairs(place: Path) -> None:
    """Chosen and rejected responses."""
    rows = drawn().unique("instruction", maintain_order=True)
    chosen, rejected = rows.filter("kept"), rows.filter(~pl.col("kept"))
    count = min(chosen.height, rejected.height)
    table = {
        "prompt": chosen["instruction"][:count],
        "chosen": chosen["response"][:count],
        "rejected": rejected["response"][:count],
    }
    write(pl.DataFrame(table), place)


def designer(place: Path) -> None:
    """An artifact folder of NeMo Data Designer: https://github.com/NVIDIA-NeMo/DataDesigner."""
    rows = drawn().select(
        topic="domain",
        task_text="instruction",
        solution="response",
        quality_judge=pl.struct(Correctness=pl.struct(score="score", reasoning=pl.lit("as asked"))),
    )
    (place / "parquet-files").mkdir(parents=True)
    rows.write_parquet(place / "parquet-files" / "batch_00000.parquet")
    columns = [
        {"name": "task_text", "column_type": "llm-text", "model_alias": "writer", "prompt": "{{ topic }}"},
        {"name": "solution", "column_type": "llm-text", "model_alias": "writer", "prompt": "{{ task_text }}"},
        {
            "name": "quality_judge",
            "column_type": "llm-judge",
            "model_alias": "judge",
            "prompt": "Task: {{ task_text }} Solution: {{ solution }}",
        },
    ]
    models = [{"alias": "writer", "model": "writer/small"}, {"alias": "judge", "model": "judge/large"}]
    config = {"data_designer": {"model_configs": models, "columns": columns}}
    (place / "builder_config.json").write_text(json.dumps(config), encoding="utf-8")
    (place / "metadata.json").write_text(json.dumps({"target_num_records": rows.height}), encoding="utf-8")
