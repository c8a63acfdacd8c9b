"""How long selecting takes: drawn rows of about 100 words, 16 per prompt, half of them accepted."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from freshbits.remedies.select import select
from freshbits.rollouts.read import read

EACH, WORDS, TEXTS = 16, 100, 5000


def measured(rows: int) -> dict[str, Any]:
    """Draws a log, writes it, and selects a quarter of its accepted rows, by rows and by tokens."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{number}" for number in range(5000)])
    texts = np.array([" ".join(words[rng.integers(0, words.size, WORDS)]) for _ in range(TEXTS)])
    prompt = np.arange(rows) // EACH
    body = np.where(rng.random(rows) < 0.3, prompt % TEXTS, rng.integers(0, TEXTS, rows))
    table = pl.DataFrame({"prompt": prompt, "body": texts[body], "answer": rng.integers(0, 3, rows)}).select(
        pl.format("question {} about numbers", "prompt").alias("prompt"),
        pl.format("{} so the answer is \\boxed{}{}{}", "body", pl.lit("{"), "answer", pl.lit("}")).alias("completion"),
        pl.Series("reward", (rng.random(rows) < rng.random(prompt.max() + 1)[prompt]).astype(np.float64)),
    )
    found: dict[str, Any] = {
        "rows": rows,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "polars": pl.__version__,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        table.write_parquet(path)
        found["file_mb"] = round(path.stat().st_size / 1e6)
        del table
        for name, per_token in (("rows", False), ("tokens", True)):
            wall, cpu = time.perf_counter(), time.process_time()
            kept, told = select(read(path), share=0.25, per_token=per_token)
            found[name] = {
                "accepted": told.rows.accepted,
                "kept": kept.height,
                "wall_s": round(time.perf_counter() - wall, 1),
                "cpu_s": round(time.process_time() - cpu, 1),
            }
    found["peak_mb_with_drawing"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return found
