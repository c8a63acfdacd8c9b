"""Killed at any moment and run again, a command ends in the same bytes, and no verdict on disk is asked for twice."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.signals.counting import Counting

from freshbits.signals.journal import journal_of
from freshbits.signals.scoring import score

ROOT = Path(__file__).parents[2]
ROWS, KILLS, SECONDS = 2000, 10, 0.001


def start(*arguments):
    return subprocess.Popen([sys.executable, "-m", "tests.signals.counting", *map(str, arguments)], cwd=ROOT)


def journaled(out: Path) -> int:
    journal = journal_of(out)
    if not journal.exists():
        return 0
    whole = [line for line in journal.read_bytes().split(b"\n")[:-1] if line]
    return sum(len(json.loads(line)["keys"]) for line in whole[1:])


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    path = tmp_path_factory.mktemp("kill") / "log.parquet"
    rng = np.random.default_rng(5)
    digits = rng.integers(0, 10, ROWS)
    pl.DataFrame(
        {
            "prompt": [f"prompt {row // 8}" for row in range(ROWS)],
            "completion": [f"completion {row}, {digit}" for row, digit in enumerate(digits)],
        }
    ).write_parquet(path)
    return path


def test_ten_kills_and_the_same_bytes(log, tmp_path):
    whole = tmp_path / "whole.parquet"
    score(str(log), Counting(), out=whole)
    out, asked = tmp_path / "out.parquet", tmp_path / "asked.txt"
    rng = np.random.default_rng(6)
    kept = []
    # Each run is killed at a random moment after it has written something: before a batch, in one, or between two.
    for _ in range(KILLS):
        run = start(log, out, asked, SECONDS)
        before = journaled(out)
        while journaled(out) == before and run.poll() is None:
            time.sleep(0.005)
        time.sleep(rng.random() * 0.1)
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL, "it ended before it was killed"
        kept.append((journaled(out), len(asked.read_text().splitlines())))
    assert not out.exists()
    assert start(log, out, asked, SECONDS).wait() == 0
    assert out.read_bytes() == whole.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    # Asked twice is only what had no verdict on disk when its run was killed.
    lines = asked.read_text().splitlines()
    lost = kept[-1][1] - kept[-1][0]  # asked less kept, over all runs that were killed
    assert len(set(lines)) == ROWS
    assert len(lines) == ROWS + lost
