"""Plain Parquet, JSONL, JSON arrays, CSV and frames: one row per completion under well-known column names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.groups import group_sizes
from freshbits.rollouts.judges import split_by_judge
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import (
    JUDGE,
    JUDGED_BY,
    NAMES,
    REWARD,
    is_number,
    plan_columns,
    require_rollouts,
)
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.pairs import is_pair_table, plan_pairs
from freshbits.rollouts.schema import EXTRA, SIGNAL
from freshbits.rollouts.scored import add_known, is_scored, plan_scored
from freshbits.rollouts.stream import Want, stream
from freshbits.rollouts.tables.nested import TALKS, laid_flat, listed, nested, one_by_one
from freshbits.rollouts.tables.unfolded import open_unfolded

if TYPE_CHECKING:
    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions

CARD = FormatCard(
    name="plain",
    title="plain table",
    files="Parquet, JSONL, JSON array or CSV, one row per completion (or per judged pair)",
    tells="whatever its columns hold; they are recognised by name, or named with --map",
    cannot_tell="the group of a completion beyond equal prompt text, model and step",
    traps=(
        "Columns are recognised by name; the page says which was taken for what, and --map overrules it.",
        "Numbers under unknown names are no signals until --signal NAME takes them.",
        "A reward of NaN, null or empty text is unscored, not 0.",
        "With a judge column several verdicts on one completion become signals of their own (NAME@JUDGE).",
        "Without a group column a group is the equal prompts of one step and model: a prompt asked again later in the "
        "same step joins it.",
    ),
)


def recognise(family: Family) -> bool:
    """Returns whether the columns hold a reward and a completion, or judged pairs."""
    columns = set(family.columns)
    has_text = any(name in columns for name in (*NAMES["completion"], "answer", *TALKS))
    has_reward = any(REWARD.search(name.lower()) or name == "label" or name.startswith(SIGNAL) for name in columns)
    return is_pair_table(columns) or (has_text and has_reward)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns the rows under canonical names, judges split into signals of their own."""
    table = source.table()
    if is_scored(table.columns):
        opened = Opened(stream(table, plan_scored(table.columns, options)), notes=[*table.notes])
        add_known(opened, source, table.columns)
        opened.notes += group_sizes(opened.rows)
        return opened
    talk, rewards = nested(table.columns, (*NAMES["completion"], "answer"))
    talk = None if talk in options.map.values() else talk
    responses = listed(table.columns, (*NAMES["completion"], "answer"))
    if responses is not None:
        table = open_unfolded(source, one_by_one(responses))
    elif talk is not None or rewards is not None:
        table = open_unfolded(source, laid_flat(talk, rewards))
    if is_pair_table(set(table.columns)):
        plan, notes = plan_pairs(table.columns, options)
    else:
        plan, notes = plan_columns(table.columns, options)
        require_rollouts(plan, table.columns, source.first_file, unscored=options.unscored)
    judge = next((name for name in JUDGE if name in table.columns and not is_number(table.columns[name])), None)
    parts = [judge, *(name for name in JUDGED_BY if name in table.columns)] if judge is not None else []
    for name in parts:
        plan.pop(EXTRA + name, None)
    if responses is not None:
        notes.append(f"{responses}: a row of each, with the lists beside it that are as long")
    if talk is not None:
        notes.append(f"{talk}: the prompt is what stands before the first answer, the completion all answers")
    opened = Opened(stream(table, plan), notes=[*table.notes, *notes])
    if parts:
        labelled = plan | {f"judge.{name}": Want(name, Kind.TEXT) for name in parts}
        opened = split_by_judge(opened, stream(table, labelled), [f"judge.{name}" for name in parts])
    opened.notes += group_sizes(opened.rows)
    return opened
