"""Draws the rows that somebody should look at, fills in what they say, and audits with it.

    python examples/pick_what_to_label.py [FOLDER]

Here the somebody is a machine that does the sums; a person fills in the column `truth` of labels.csv instead.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import polars as pl

import freshbits as fb
from freshbits.worlds.demo import SEED, STEPS, demo_world
from freshbits.worlds.write import write_trl


def right(prompt: str, completion: str) -> float:
    """Does the sum of the prompt and looks for it at the end of the completion."""
    first, second = (int(number) for number in re.findall(r"\d+", prompt))
    found = re.findall(r"\d+", completion)
    return float(bool(found) and int(found[-1]) == first + second)


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    write_trl(demo_world().log(SEED, STEPS), folder / "log")
    rows, expected = fb.label(fb.read(folder / "log"), signal="format_reward", count=300)
    print(*expected, sep="\n")
    truth = [right(prompt, completion) for prompt, completion in rows.select("prompt", "completion").iter_rows()]
    rows.with_columns(truth=pl.Series(truth)).write_csv(folder / "labels.csv")
    report = fb.audit(folder / "log", fb.ReadOptions(labels=folder / "labels.csv"))
    for name, part in report.openness.items():
        print(f"{name}: {part.verdict or part.code}")
    channel = report.channel["format_reward"]
    tpr, fpr = channel.tpr.value, channel.fpr.value
    print(f"format_reward accepts {tpr:.0%} of what is right and {fpr:.0%} of what is wrong")
    return 0


if __name__ == "__main__":
    sys.exit(main())
