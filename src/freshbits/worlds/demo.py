"""Draws the log of a believable loop with verifiable rewards, in the format that TRL writes.

The model does sums: an exact checker gives `accuracy_reward`, a parser of boxed answers `format_reward`.
Format saturates within a few steps, accuracy rises slowly, some prompts are never solved, some completions
are cut short, and accepted completions are a little longer than rejected ones.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from freshbits.worlds.channels import Channel, Format
from freshbits.worlds.marks import Follows, Habit, Mark
from freshbits.worlds.rates import Atoms, Beta, Mixture
from freshbits.worlds.state import Answers, Replicator
from freshbits.worlds.varying import Trend
from freshbits.worlds.world import World
from freshbits.worlds.write import write_trl

STEPS = 12
SEED = 20260


def demo_world() -> World:
    """Returns the world of the demo: 120 prompts, 40 of them asked in every step, 8 completions each."""
    return World(
        prompts=120,
        per_round=40,
        base=Mixture([(0.2, Atoms([(0.0, 1.0)])), (0.8, Beta(0.9, 1.6))]),
        answers=Answers(wrong=4, skew=Atoms([(0.15, 1.0), (0.6, 2.0)])),
        signals={
            "accuracy_reward": Channel(tpr=1.0, fpr=0.0),
            "format_reward": Trend(Format(0.55), ratio=2.4),
        },
        features={
            "boxed": Follows("format_reward", 1.0, 0.0, Mark(close="The final answer is \\boxed{{{answer}}}.")),
            "check": Follows(
                "accuracy_reward",
                0.6,
                0.42,
                Mark("Let me check this once more: taking one number away from the result leaves the other.\n"),
            ),
            "bullets": Habit(0.3, 0.3, Mark("- add the ones\n- carry\n- add the tens\n")),
        },
        drift=Replicator(1.13),
        cut=0.04,
        close="So the result should be {answer}.",
    )


def main(arguments: list[str] | None = None) -> int:
    """Writes the demo log under the directory named on the command line; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 1 or given[0].startswith("-"):
        sys.stderr.write("usage: python -m freshbits.worlds.demo DIR\n")
        return 2
    frame = demo_world().log(SEED, STEPS)
    files = write_trl(frame, Path(given[0]))
    prompts = frame.select(pl.col("prompt").n_unique()).item()
    sys.stdout.write(
        f"wrote {frame.height:,} rollouts of {prompts} prompts over {len(files)} steps to {files[0].parent}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
