"""Samples of a code model: a byte model trained on chosen accepted samples, read on held-out right ones.

The learner is an n-gram model over bytes with Witten-Bell interpolation: contexts of up to five bytes over all
problems, then contexts of two, four and six bytes within the problem. It counts, once through; it is no network.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from benchmarks.selection.choices import SHARES, WAYS, chosen

from freshbits.outputs.answers import class_texts
from freshbits.outputs.partition import CODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ALL, OWN = (0, 1, 2, 3, 4, 5), (2, 4, 6)
READ = 8  # held-out samples of a problem that are read
ACCEPT = ("hidden tests", "own tests")


class Bytes:
    """Counts what follows a context, and says how many bits a text takes given what was counted."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        self.after: dict[tuple[int, str, bytes], dict[int, int]] = defaultdict(dict)
        for problem, text in rows:
            raw = b"\0" * 6 + text.encode()[:1500] + b"\0"
            for at in range(6, len(raw)):
                byte = raw[at]
                for key in _contexts(problem, raw, at):
                    seen = self.after[key]
                    seen[byte] = seen.get(byte, 0) + 1

    def bits(self, problem: str, text: str) -> float:
        """Returns bits per byte of a text; p = (count + distinct · p of the shorter context) / (all + distinct)."""
        raw = b"\0" * 6 + text.encode()[:1500] + b"\0"
        total = 0.0
        for at in range(6, len(raw)):
            p = 1 / 256
            for key in _contexts(problem, raw, at):
                seen = self.after.get(key)
                if seen:
                    number = sum(seen.values())
                    p = (seen.get(raw[at], 0) + len(seen) * p) / (number + len(seen))
            total -= math.log2(p)
        return total / (len(raw) - 6)


def _contexts(problem: str, raw: bytes, at: int) -> list[tuple[int, str, bytes]]:
    return [(order, "", raw[at - order : at]) for order in ALL] + [
        (order, problem, raw[at - order : at]) for order in OWN
    ]


def samples(folder: Path) -> pl.DataFrame:
    """Reads the samples: accepted by the hidden tests (truth), or by passing every test that the model wrote."""
    rows = pl.read_parquet(folder / "codet_humaneval_samples_dev.parquet")
    return rows.filter(pl.col("proxy_reward").is_not_null()).select(
        "prompt",
        "completion",
        pl.col("truth").cast(pl.Float64).alias("hidden tests"),
        (pl.col("proxy_reward") >= pl.col("proxy_reward").max().over("prompt")).cast(pl.Float64).alias("own tests"),
    )


def halves(rows: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Splits the samples of every problem: those that may be chosen, and those that are held out."""
    lot = np.random.default_rng([seed, 3]).random(rows.height)
    rank = rows.select("prompt", lot=lot).select(pl.col("lot").rank("ordinal").over("prompt") % 2 == 0).to_series()
    return rows.filter(rank), rows.filter(~rank)


def cells() -> Iterator[tuple[str, float, str]]:
    """Names the trainings of a seed: what accepts, share, way."""
    for accept in ACCEPT:
        yield accept, 1.0, "all"
        yield from ((accept, share, way) for share in SHARES for way in WAYS)


def trained(rows: pl.DataFrame, seed: int, accept: str, share: float, way: str) -> dict[str, Any]:
    """Trains on chosen samples; reads held-out samples that pass the hidden tests, and counts what is covered."""
    pool, held = halves(rows, seed)
    found = None
    if way == "all":
        places = np.flatnonzero(pool[accept].to_numpy() == 1.0)
    else:
        places, found = chosen(pool, way, share, seed, accept)
    taken = pool[places]
    model = Bytes(taken.select("prompt", "completion").iter_rows())
    right = held.filter(pl.col("hidden tests") == 1.0)
    read = right.with_columns(at=pl.int_range(pl.len()).over("prompt")).filter(pl.col("at") < READ)
    bits = read.with_columns(
        bits=pl.Series([model.bits(p, c) for p, c in read.select("prompt", "completion").iter_rows()])
    )
    known = set(_classes(taken.filter(pl.col("hidden tests") == 1.0)))
    wanted = _classes(right)
    return {
        "rows": taken.height,
        "right": float(taken["hidden tests"].mean()),  # type: ignore[arg-type]
        "characters": float(taken["completion"].str.len_chars().mean()),  # type: ignore[arg-type]
        "bits": float(bits["bits"].mean()),  # type: ignore[arg-type]
        "bits_by_problem": float(bits.group_by("prompt").agg(pl.col("bits").mean())["bits"].mean()),  # type: ignore[arg-type]
        "covered": sum(each in known for each in wanted) / len(wanted),
        "covered_classes": sum(each in known for each in set(wanted)) / len(set(wanted)),
        "right_classes": len(known),
        "problems": taken.filter(pl.col("hidden tests") == 1.0)["prompt"].n_unique(),
        "shifts": [] if found is None else [_shift(each) for each in found.shifts if each.feature == "characters"],
    }


def planned(rows: pl.DataFrame) -> list[str]:
    """Says what `freshbits plan` says of filtering by the tests that the model wrote: the projection, or why none."""
    from freshbits.planning import plan
    from freshbits.rollouts.options import ReadOptions

    table = rows.select("prompt", "completion", "own tests", pl.col("hidden tests").alias("truth"))
    found = plan(table, ReadOptions(signals=("own tests",), origins={"own tests": "external"}))
    return [f"{way.method} on {way.signal}: {way.unprojected}" for way in found.plan if way.signal and way.unprojected]


def _classes(rows: pl.DataFrame) -> list[tuple[str, str | None]]:
    return list(zip(rows["prompt"], class_texts(rows, CODE), strict=True))


def _shift(each: Any) -> dict[str, float]:
    return {"accepted": each.accepted, "selected": each.selected, "corrected": each.corrected}
