"""Makes tables with names of somebody's own, drawn from worlds: for pages that speak of plain files."""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING

import polars as pl

from shown.sets import write

if TYPE_CHECKING:
    from pathlib import Path


@functools.cache
def demo() -> pl.DataFrame:
    """The demo's rows: sums, an exact checker and a parser of boxed answers."""
    from freshbits.worlds.demo import SEED, STEPS, demo_world

    return demo_world().log(SEED, STEPS)


@functools.cache
def evaluated() -> pl.DataFrame:
    """An evaluation of two models, eight attempts at each of 80 questions, by a checker that errs."""
    from freshbits.worlds.channels import Channel
    from freshbits.worlds.rates import Beta
    from freshbits.worlds.state import Answers
    from freshbits.worlds.world import World

    world = World(prompts=80, base=Beta(0.9, 1.2), answers=Answers(wrong=3), signals={"correct": Channel(0.9, 0.1)})
    parts = [world.log(seed, 1).with_columns(model=pl.lit(name)) for seed, name in ((1, "small"), (2, "large"))]
    return pl.concat(parts)


def table(place: Path) -> None:
    """It as a table of somebody's own: question, response, correct, model, epoch."""
    rows = evaluated().select(
        "model",
        question="prompt",
        response="completion",
        correct=pl.col("signal.correct") == 1,
        epoch=pl.col("sample") + 1,
    )
    write(rows, place)


def scores(place: Path) -> None:
    """It with a score between 0 and 1 under names that are not recognised."""
    rows = evaluated().select("model", "prompt", answer_text="completion", score=pl.col("signal.correct") * 0.8 + 0.1)
    write(rows, place)


def judgments(place: Path) -> None:
    """A judge's scores of it, with ids in the place of prompts."""
    rows = evaluated().select("prompt_id", "model", "completion", judge=pl.lit("judge"), reward="signal.correct")
    write(rows, place)


def prompts(place: Path) -> None:
    """The prompts that belong to the ids."""
    write(evaluated().select("prompt_id", "prompt").unique("prompt_id", maintain_order=True), place)


def truthful(place: Path) -> None:
    """It with a column that says yes or no beside the reward, in a folder."""
    place.mkdir()
    verdict = pl.when(pl.col("truth") == 1).then(pl.lit("yes")).otherwise(pl.lit("no"))
    rows = evaluated().select("model", "prompt", "completion", reward="signal.correct", is_correct=verdict)
    write(rows, place / "rollouts.parquet")


def messages(place: Path) -> None:
    """Conversations with several rewards in a field of their own."""
    lines = [
        {
            "messages": [
                {"role": "system", "content": "Do the sum."},
                {"role": "user", "content": row["prompt"]},
                {"role": "assistant", "content": row["completion"]},
            ],
            "rewards": {"correct": row["signal.accuracy_reward"], "boxed": row["signal.format_reward"]},
            "step": row["round"],
        }
        for row in demo().filter(pl.col("round") < 3).iter_rows(named=True)
    ]
    place.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def fill(place: Path) -> None:
    """Fills in the labels that `freshbits label` drew of the demo's log, by doing the sums."""
    rows = pl.read_csv(place)
    truth = [right(prompt, completion) for prompt, completion in rows.select("prompt", "completion").iter_rows()]
    write(rows.with_columns(truth=pl.Series(truth)), place)


def right(prompt: str, completion: str) -> float:
    """Does the sum of a prompt and looks for it at the end of the completion.

    >>> right("What is 2 + 3?", "So it is 5.")
    1.0
    """
    first, second = (int(number) for number in re.findall(r"\d+", prompt))
    found = re.findall(r"\d+", completion)
    return float(bool(found) and int(found[-1]) == first + second)


def pool(place: Path) -> None:
    """Prompts that were never asked."""
    from freshbits.worlds.demo import demo_world

    write(demo_world().log(7, 1).select("prompt").unique(maintain_order=True), place)
