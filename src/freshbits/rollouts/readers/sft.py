"""Sets of instructions and responses to be trained on: one row per pair, with or without a score or a flag.

Alpaca's instruction, input, output (https://github.com/tatsu-lab/stanford_alpaca), TRL's prompt and completion or
messages (https://huggingface.co/docs/trl/dataset_formats), ShareGPT's conversations with from and value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.messages import message_text, sampled_text
from freshbits.rollouts.names import NAMES, REWARD
from freshbits.rollouts.readers.made import JUDGES, is_set, open_set
from freshbits.rollouts.stream import Chunk, Stream, Table
from freshbits.rollouts.tables.unfolded import open_unfolded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.opened import Opened, Source
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.stream import Plan
    from freshbits.rollouts.tables.jsonl import Row

CARD = FormatCard(
    name="sft",
    title="SFT set",
    files="Parquet, JSONL, JSON, CSV or a save_to_disk folder: instruction with output | response, or messages",
    tells="what repeats, who wrote, how a score or a kept flag picks; with --raw FILE what a filter dropped",
    cannot_tell="anything that takes several attempts at one prompt; what was dropped before the file was written",
    traps=(
        "A set shows what stayed. What a filter dropped is not in it: --raw FILE reads the set as it was before.",
        "`filtered` may mean either: it is not read as a verdict until --map signal.kept=filtered says which.",
        "Alpaca's input is the second half of the instruction.",
        "One response per instruction makes no groups: what takes several attempts is not judged.",
    ),
)
TALKS = ("messages", "conversations", "conversation", "dialogue")
ROLES = {"human": "user", "gpt": "assistant", "chatgpt": "assistant", "bot": "assistant", "model": "assistant"}
INPUT = "input"  # Alpaca's second half of the instruction


def recognise(family: Family) -> bool:
    """Returns whether the columns hold pairs to train on: an instruction or messages, or a pair that nobody scored."""
    columns = set(family.columns)
    if not is_set(columns):
        return False
    answered = any(name in columns for name in (*NAMES["completion"], "answer", "solution"))
    if not answered:  # a conversation with a reward was rolled out
        return _talk(columns) is not None and not any("reward" in name.lower() for name in columns)
    judged = any(name in columns for name in JUDGES) and "model" not in columns and "generator" not in columns
    scored = any(REWARD.search(name.lower()) or name == "label" for name in columns)
    if "instruction" in columns:
        return not (judged and scored)
    # Rollouts whose reward is missing look like prompt and completion: nobody guesses about those.
    told = any(name in columns for name in NAMES["prompt"]) and not columns & {"completion", "completions"}
    return told and not scored


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns one row per pair; Alpaca's input is part of the prompt, of messages what precedes the first answer."""
    table = source.table()
    talk = _talk(set(table.columns))
    answered = any(name in table.columns for name in (*NAMES["completion"], "answer", "solution"))
    if talk is not None and not answered and "completion" not in options.map:
        table = open_unfolded(source, _taken_apart(talk))
        opened = open_set(source, table, options)
        opened.notes.append(f"{talk}: the prompt is what stands before the first answer, the completion all answers")
        return opened
    if "completion" not in options.map and not any(name in table.columns for name in (*NAMES["completion"], "answer")):
        table = _renamed(table, "solution", "completion")
    opened = open_set(source, table, options)
    if "instruction" in table.columns and _is_text(table, INPUT) and "prompt" not in options.map:
        opened.rows = _with_input(opened.rows)
        opened.notes.append("the prompt is instruction and input together")
    return opened


def _talk(columns: set[str]) -> str | None:
    return next((name for name in TALKS if name in columns), None)


def _is_text(table: Table, name: str) -> bool:
    return name in table.columns and table.columns[name] == pl.String


def _renamed(table: Table, old: str, new: str) -> Table:
    """Returns a table whose column is known under another name."""
    columns = {new if name == old else name: dtype for name, dtype in table.columns.items()}

    def read(plan: Plan) -> Iterator[Chunk]:
        wants = {name: want._replace(column=old) if want.column == new else want for name, want in plan.items()}
        yield from table.read(wants)

    return Table(table.files, columns, read, table.notes, table.divisible)


def _with_input(rows: Stream) -> Stream:
    """Returns the rows with Alpaca's input behind the instruction, where it says anything."""
    extra = f"extra.{INPUT}"
    if extra not in rows.schema:
        return rows

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        names = list(columns)
        if "prompt" not in names:
            yield from rows.read(names)
            return
        for chunk in rows.read(list(dict.fromkeys([*names, extra]))):
            more = pl.col(extra).fill_null("").str.strip_chars()
            joined = pl.when(more == "").then("prompt").otherwise(pl.concat_str("prompt", pl.lit("\n\n"), more))
            yield chunk.with_rows(chunk.rows.with_columns(joined.alias("prompt")).select(names))

    return Stream(rows.schema, read, rows.divisible)


def _taken_apart(talk: str) -> Any:
    def unfold(row: Row, _file: Path) -> Iterable[Row]:
        prompt, completion = apart(row.get(talk) or [], row.get("system"))
        flat = {name: value for name, value in row.items() if name != talk and not isinstance(value, (list, dict))}
        return ({**flat, "prompt": prompt, "completion": completion},)

    return unfold


def apart(messages: Any, system: Any = None) -> tuple[str | None, str | None]:
    """Returns (what stands before the first answer, all answers); Nones where there is no answer.

    >>> apart([{"from": "human", "value": "1+1?"}, {"from": "gpt", "value": "2"}])
    ('1+1?', '2')
    """
    said = [_message(message) for message in messages if isinstance(message, dict)]
    if isinstance(system, str) and system:
        said = [{"role": "system", "content": system}, *said]
    first = next((at for at, message in enumerate(said) if message["role"] == "assistant"), None)
    if first is None or first == 0:
        return None, None
    return message_text(said[:first]), sampled_text(said[first:])


def _message(message: Row) -> Row:
    if "role" in message:
        return message
    role = str(message.get("from", "user"))
    return {"role": ROLES.get(role, role), "content": message.get("value")}
