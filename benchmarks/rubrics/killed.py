"""Kills `freshbits score --signal rubric` at random moments and lets it go on: the same bytes, nothing scored twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from benchmarks.rubrics.bad_server import BadServer, serving

from freshbits.signals.journal import journal_of

if TYPE_CHECKING:
    from pathlib import Path

RUBRIC = """name: help
written_by: people
criteria:
- {name: helpful, text: 'Does it answer the task?', weight: 2}
- {name: clear, text: 'How clear is it?', scale: 1..5}
- {name: rude, text: 'Is it rude?', weight: -1}
"""
WORKERS = 8


def study(folder: Path, rows: int, kills: int, seed: int, bad: float = 0.3) -> dict[str, Any]:
    """Scores a log undisturbed, and again with so many kills, behind a server that misbehaves.

    Args:
        folder: where files go; it must be empty.
        rows: of the log, every tenth of them a copy of another.
        kills: how often the second run is killed (SIGKILL), each time after it has written something more.
        seed: of the log and of the moments.
        bad: share of the questions that meet a fault.

    Returns:
        How many verdicts were delivered, kept and lost, and whether the bytes are the same.
    """
    rng = np.random.default_rng(seed)
    log, rubric = folder / "log.parquet", folder / "rubric.yaml"
    texts = [f"completion {row if row % 10 else row // 10} of {seed}" for row in range(rows)]
    pl.DataFrame({"prompt": ["one prompt"] * rows, "completion": texts}).write_parquet(log)
    rubric.write_text(RUBRIC)
    contents = len(set(texts))
    whole, out = folder / "whole.parquet", folder / "out.parquet"
    server = BadServer(bad)
    with serving(server):
        assert _start(log, rubric, whole, server.url).wait() == 0
        undisturbed = dict(server.seen.good)
    server = BadServer(bad, delay=0.01)
    kept, delivered = [], []
    with serving(server):
        for _ in range(kills):
            run = _start(log, rubric, out, server.url)
            before = journaled(out)
            while journaled(out) == before and run.poll() is None:
                time.sleep(0.005)
            time.sleep(float(rng.random()) * 0.05)
            run.send_signal(signal.SIGKILL)
            assert run.wait() == -signal.SIGKILL, "it ended before it was killed"
            time.sleep(0.1)  # answers that are on their way
            kept.append(journaled(out))
            delivered.append(sum(server.seen.good.values()))
        assert not out.exists()
        said = _start(log, rubric, out, server.url, stdout=subprocess.PIPE)
        told, _ = said.communicate()
        assert said.returncode == 0
    lost = delivered[-1] - kept[-1] if kills else 0
    asked_again = sum(count - 1 for count in server.seen.good.values())
    return {
        "rows": rows,
        "contents": contents,
        "kills": kills,
        "workers": WORKERS,
        "faults": dict(sorted(server.seen.faults.items())),
        "scored_undisturbed": len(undisturbed),
        "asked_twice_undisturbed": sum(count > 1 for count in undisturbed.values()),
        "scored": pl.read_parquet(out)["rubric"].count(),
        "delivered": sum(server.seen.good.values()),
        "delivered_and_not_yet_written_when_killed": lost,
        "delivered_again": asked_again,
        "delivered_again_although_written": asked_again - lost,
        "same_bytes": out.read_bytes() == whole.read_bytes(),
        "journal_left": journal_of(out).exists(),
        "says": next((line.strip(" ·") for line in told.splitlines() if "taken over" in line), ""),
    }


def journaled(out: Path) -> int:
    """Counts the verdicts that are on disk."""
    journal = journal_of(out)
    if not journal.exists():
        return 0
    lines = [line for line in journal.read_bytes().split(b"\n")[:-1] if line]
    return sum(len(json.loads(line)["keys"]) for line in lines[1:])


def _start(log: Path, rubric: Path, out: Path, url: str, stdout: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    options = {"rubric": str(rubric), "url": url, "seconds": "0.3", "tries": "8", "trained_on": "people"}
    command = [sys.executable, "-m", "freshbits", "score", str(log), "--signal", "rubric", "--model", "judge"]
    command += [part for name, value in options.items() for part in ("--option", f"{name}={value}")]
    command += ["--workers", str(WORKERS), "-o", str(out)]
    return subprocess.Popen(command, stdout=stdout, text=True, env=os.environ | {"OPENAI_API_KEY": "none"})
