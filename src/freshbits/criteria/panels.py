"""From the tally to counts of the same prompts over rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.dynamics.panel import Panel

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence
    from freshbits.tally.tally import Tally

MOST_ROUNDS = 20
ENOUGH_REPEATED = 200
WHOLE = 0.95  # share of rows that must be labelled, or scored, to stand for all


def panel_of(evidence: Evidence, signal: str) -> tuple[Panel, str]:
    """Returns the counts of one signal by prompts and rounds, and what they count: "truth" or the signal's name.

    Where nearly every row is labelled the counts are of truth. Of several sources the largest is followed. Rounds
    that ask other prompts each (an epoch cut into steps) are joined into blocks, the first group of a prompt in a
    block standing for it; at most 20.
    """
    tally = evidence.tally
    groups, counted = _groups(tally, signal)
    if "source" in groups.columns and groups["source"].n_unique() > 1:
        main = groups.group_by("source").agg(pl.col("n").sum()).sort("n", "source", descending=True)["source"][0]
        groups = groups.filter(pl.col("source") == main)
    rounds = np.sort(groups["round"].unique().to_numpy())
    best: Panel | None = None
    for blocks in _cuts(rounds):
        found = _pivot(groups, rounds, blocks)
        if found.repeated >= ENOUGH_REPEATED:
            return found, counted
        if best is None or found.repeated > best.repeated:
            best = found
    assert best is not None
    return best, counted


def _cuts(rounds: np.ndarray) -> list[int]:
    """Returns into how many blocks to cut, the finest first."""
    most = min(rounds.size, MOST_ROUNDS)
    return [most, *[number for number in (16, 12, 10, 8, 6, 5, 4, 3, 2) if number < most]]


def _groups(tally: Tally, signal: str) -> tuple[pl.DataFrame, str]:
    """Returns one row per group: prompt, round, n, x, unlike (null where not every row was scored)."""
    name = [column for column in ("source",) if column in tally.groups.columns]
    frame = tally.groups.filter(pl.col(f"n.{signal}") > 0).select(
        "group", "prompt", "round", *name, "rows", "equal_pairs",
        n=pl.col(f"n.{signal}"), x=pl.col(f"k.{signal}"),
    )  # fmt: skip
    counted = signal
    if tally.labelled.height >= WHOLE * tally.rows and "truth" in tally.labelled.columns:
        right = (
            tally.labelled.filter(pl.col("truth").is_not_null())
            .group_by("group")
            .agg(n=pl.len().cast(pl.Int64), x=(pl.col("truth") >= 1.0).sum().cast(pl.Int64))
        )
        frame = frame.drop("n", "x").join(right, on="group", how="inner")
        counted = "truth"
    whole = pl.col("n") == pl.col("rows")
    unlike = pl.when(whole).then(pl.col("rows") * (pl.col("rows") - 1) - pl.col("equal_pairs"))
    return frame.with_columns(unlike=unlike).sort("prompt", "round", "group"), counted


def _pivot(groups: pl.DataFrame, rounds: np.ndarray, blocks: int) -> Panel:
    parts = np.array_split(rounds, blocks)
    edges = np.array([part[0] for part in parts])
    block = np.searchsorted(edges, groups["round"].to_numpy(), side="right") - 1
    first = groups.with_columns(block=pl.Series(block)).unique(["prompt", "block"], keep="first", maintain_order=True)
    keys, row = np.unique(first["prompt"].to_numpy(), return_inverse=True)
    column = first["block"].to_numpy()
    n, x, unlike = (np.zeros((keys.size, blocks), dtype=np.int64) for _ in range(3))
    n[row, column], x[row, column] = first["n"].to_numpy(), first["x"].to_numpy()
    known = None
    if first["unlike"].null_count() <= (1 - WHOLE) * first.height:
        unlike[row, column] = first["unlike"].fill_null(0).to_numpy()
        lost = first["unlike"].is_null().to_numpy()
        n[row[lost], column[lost]] = 0
        x[row[lost], column[lost]] = 0
        known = unlike
    if blocks < rounds.size:
        edges = np.arange(blocks)  # blocks are the rounds of the fit
    return Panel(edges.astype(np.int64), n, x, known)
