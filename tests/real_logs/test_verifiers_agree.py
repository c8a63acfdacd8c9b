"""Verifiers on public logs agree with the verdicts that were published beside the completions."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from freshbits.signals.exact import Exact
from freshbits.signals.math import Math
from freshbits.signals.numeric import Numeric
from freshbits.signals.reasoning_gym import ReasoningGym
from freshbits.signals.signal import Item

FOLDER = os.environ.get("FRESHBITS_DATA")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="FRESHBITS_DATA names no folder of public logs")


def agreement(signal, log: pl.DataFrame) -> float:
    rows = zip(log["prompt"], log["completion"], log["answer"], strict=True)
    names = log["dataset"] if "dataset" in log.columns else [None] * log.height
    items = [Item(p, c, a, fields={"dataset": n}) for (p, c, a), n in zip(rows, names, strict=True)]
    scores = [verdict.score for verdict in signal.score(items)]
    assert None not in scores
    return sum(abs(s - r) < 0.0051 for s, r in zip(scores, log["reward"], strict=True)) / log.height


@pytest.mark.parametrize(
    ("signal", "least"),
    [(Numeric("last_number"), 1.0), (Math(), 1.0), (Exact(r"regex:(?m)^A:\s*(.*\S)\s*$"), 0.999)],
    ids=lambda each: getattr(each, "name", ""),
)
def test_answers_of_gsm8k_are_read_as_the_log_says(signal, least):
    log = pl.read_parquet(Path(FOLDER or "") / "gsm8k_example_model_solutions.parquet").gather_every(4)
    assert least <= agreement(signal, log)


def test_scorers_of_reasoning_gym_give_what_the_log_says():
    log = pl.read_parquet(Path(FOLDER or "") / "reasoning_gym_easy_dev.parquet")
    names = ("gcd", "zebra_puzzles", "knights_knaves", "spiral_matrix", "letter_jumble", "caesar_cipher", "codeio")
    log = log.filter(pl.col("dataset").is_in(names)).gather_every(5)
    signal = ReasoningGym(read="tag")
    assert agreement(signal, log) == 1.0
    signal.worker.close()
