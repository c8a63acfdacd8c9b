"""Judged pairs: one row per pair and order, the evaluated output being the first one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import WINNER, plan_columns
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Plan, Want

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from freshbits.rollouts.options import ReadOptions

SWAPPED = ("swapped", "order", "is_swapped")


def is_pair_table(columns: set[str]) -> bool:
    """Returns whether a table holds verdicts about pairs: a winner, and an order or two outputs.

    >>> is_pair_table({"prompt_id", "winner", "swapped"}), is_pair_table({"prompt", "winner", "completion"})
    (True, False)
    """
    return bool(set(WINNER) & columns) and bool(
        set(SWAPPED) & columns or {"output_1", "output_2"} <= columns or {"chars_1", "chars_2"} <= columns
    )


def plan_pairs(columns: Mapping[str, pl.DataType], options: ReadOptions) -> tuple[Plan, list[str]]:
    """Returns the plan of a pair table: the winner is a signal for the first output, the order a repeat."""
    winner = next(name for name in WINNER if name in columns)
    order = next((name for name in SWAPPED if name in columns), None)
    plan, notes = plan_columns({name: dtype for name, dtype in columns.items() if name not in (winner, order)}, options)
    plan[SIGNAL + winner] = Want(winner, Kind.FIRST)
    if "truth" in plan and options.truth_is is None:
        plan["truth"] = Want(plan["truth"].column, Kind.FIRST)
    if order is not None:
        plan["repeat"] = Want(order, Kind.INTEGER)
    notes = [f"{winner}: 1 where the first output won, 0 where the second did, in the order the pair is stored"]
    if order is not None:
        notes.append(f"both orders of a pair are repeats of one judgement ({order})")
    if "completion" not in plan and options.join is None:
        notes.append("no texts: --join FILE adds them from a file with the same ids, prompt, output_1 and output_2")
    return plan, notes
