"""NeMo Data Designer's sets: columns that samplers and models filled, judge columns with a score and its reasoning.

https://github.com/NVIDIA-NeMo/DataDesigner: `create_judge_structured_output_model` (a judge column is an object of
{SCORE: {reasoning, score}}), `ArtifactStorage` (DATASET/parquet-files/batch_00000.parquet, builder_config.json,
metadata.json; the folders beside it hold partial and dropped columns), `ValidationColumnConfig` ({is_valid}).
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from freshbits.errors import InputError
from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.kinds import BadValueError, number
from freshbits.rollouts.names import NAMES
from freshbits.rollouts.readers.made import open_set
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.tables.unfolded import open_unfolded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.opened import Opened, Source
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row, Unfold

CARD = FormatCard(
    name="data-designer",
    title="Data Designer set",
    files="ARTIFACTS/DATASET/parquet-files/batch_00000.parquet, builder_config.json beside the folder; or its JSONL",
    tells="every score of every judge column (COLUMN.SCORE), validators (COLUMN.is_valid), and from "
    "builder_config.json which model wrote and which judged",
    cannot_tell="records that failed while they were made (they are not written); scores that are words, not numbers; "
    "the order of custom column names: --map says which is prompt and completion",
    traps=(
        "Judge columns are structs of structs: every score inside is a signal of its own (COLUMN.SCORE).",
        "Scores may be words or numbers written as text: numbers are read, words are no signal, and that is said.",
        "tmp-partial-parquet-files holds the same records again, dropped-columns-parquet-files other columns of them: "
        "only parquet-files is read.",
        "Records that failed are not written; metadata.json tells how many were asked for.",
        "A code validator only lints: is_valid says that code parses, not that it is right.",
    ),
)
FINAL = "parquet-files"
CONFIG, METADATA = "builder_config.json", "metadata.json"
LARGEST = 20_000_000
WRITERS = ("llm-text", "llm-code", "llm-structured")
MORE = {"prompt": ("natural_language_instruction", "sql_prompt", "user_message", "user_query"),
        "completion": ("code_implementation", "code", "sql", "assistant_message", "assistant_response")}  # fmt: skip
USED = re.compile(r"\{\{[-\s]*([A-Za-z_]\w*)")


def recognise(family: Family) -> bool:
    """Returns whether some column holds judges' scores with their reasoning."""
    if family.kind == "json":
        return any(_is_judged(value) for value in family.first.values())
    return any(_fields(dtype) for dtype in family.columns.values())


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns one row per record, with every judge's score and every validator's verdict as a signal.

    Raises:
        InputError: if neither well-known names nor the configuration say which column is prompt or completion.
    """
    final = tuple(file for file in source.files if FINAL in file.parts)
    inside = replace(source, files=final) if final else source
    config = _config(inside.files)
    columns = inside.table().columns
    named = _named(columns, config, options)
    told = named.get("completion") or options.map.get("completion") or _first(columns, "completion")
    writer = _model(config, told) if told is not None and "model" not in columns else None
    table = open_unfolded(inside, _unfolding(writer))
    given = {name: dtype for name, dtype in table.columns.items() if "." in name and name not in columns}
    words = [name for name, dtype in given.items() if dtype == pl.String]
    signals = {SIGNAL + name: name for name in given if name not in words}
    opened = open_set(inside, table, options, given=signals | named)
    opened.files = inside.files
    opened.judged_by = {
        name.removeprefix(SIGNAL): judge
        for name in signals
        if (judge := _model(config, name.removeprefix(SIGNAL).split(".")[0], only="llm-judge")) is not None
    }
    opened.notes += [f"{name} is given in words: no signal" for name in words]
    opened.notes += [f"{what} is {column}" for what, column in named.items()]
    opened.notes += [f"written by {writer} ({CONFIG})"] if writer is not None else []
    opened.notes += _missing(inside.files)
    return opened


def _unfolding(writer: str | None) -> Unfold:
    def unfold(row: Row, _file: Path) -> Iterable[Row]:
        return (flat(row) | ({"model": writer} if writer is not None else {}),)

    return unfold


def flat(row: Row) -> Row:
    """Returns a record with its scores laid flat; numbers in text are numbers.

    >>> flat({"quality": {"Fluency": {"reasoning": "fine", "score": "4"}}})
    {'quality.Fluency': 4.0}
    """
    found: Row = {}
    for name, value in row.items():
        if _is_judged(value):
            found |= {f"{name}.{part}": _number(given["score"]) for part, given in value.items() if given is not None}
        elif isinstance(value, dict) and "is_valid" in value:
            found[f"{name}.is_valid"] = value["is_valid"]
        else:
            found[name] = value
    return found


def _number(value: Any) -> Any:
    try:
        return number(value) if isinstance(value, str) else value
    except BadValueError:
        return value


def _is_judged(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and any(part is not None for part in value.values())
        and all(part is None or _is_score(part) for part in value.values())
    )


def _is_score(part: Any) -> bool:
    return isinstance(part, dict) and {"score", "reasoning"} <= set(part)


def _fields(dtype: pl.DataType) -> bool:
    """Returns whether a type is an object of {score, reasoning} objects."""
    if not isinstance(dtype, pl.Struct) or not dtype.fields:
        return False
    inner = [field.dtype for field in dtype.fields]
    return all(
        isinstance(part, pl.Struct) and {"score", "reasoning"} <= {f.name for f in part.fields} for part in inner
    )


def _config(files: Iterable[Path]) -> dict[str, Any]:
    """Returns the configuration beside the data: {columns, model_configs}; empty where there is none to read."""
    for file in list(files)[:1]:
        for folder in list(file.absolute().parents)[:2]:
            data = _json(folder / CONFIG)
            inner = data.get("data_designer", data)
            if isinstance(inner, dict) and isinstance(inner.get("columns"), list):
                return inner
    return {}


def _json(place: Path) -> dict[str, Any]:
    try:
        if place.stat().st_size > LARGEST:
            return {}
        data = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _columns(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    made = (part for part in config.get("columns", []) if isinstance(part, dict))
    return {str(part.get("name")): part for part in made}


def _named(columns: Mapping[str, pl.DataType], config: Mapping[str, Any], options: ReadOptions) -> dict[str, str]:
    """Returns which column is completion and prompt where no well-known name says so: what the judge was shown."""
    found: dict[str, str] = {}
    made = _columns(config)
    shown = [
        name
        for part in made.values()
        if part.get("column_type") == "llm-judge"
        for name in USED.findall(str(part.get("prompt", "")))
        if name in columns
    ]
    written = [name for name in shown if made.get(name, {}).get("column_type") in WRITERS]
    for what in ("completion", "prompt"):
        if what in options.map or _first(columns, what) is not None:
            continue
        by_name = next((name for name in MORE[what] if name in columns), None)
        among = [name for name in (written[::-1] if what == "completion" else shown) if name not in found.values()]
        if by_name is None and not among:
            raise InputError(
                f"no {what} among {', '.join(columns)}", mend=f"say which column it is with --map {what}=COLUMN"
            )
        found[what] = by_name or among[0]
    return found


def _first(columns: Iterable[str], what: str) -> str | None:
    held = set(columns)
    return next((name for name in (*NAMES[what], "answer") if name in held), None)


def _model(config: Mapping[str, Any], column: str, only: str | None = None) -> str | None:
    """Returns the model that filled a column; its alias where the models are not named."""
    part = _columns(config).get(column, {})
    given = part.get("model_alias")
    if given is None or (only is not None and part.get("column_type") != only):
        return None
    known = (each for each in config.get("model_configs") or [] if isinstance(each, dict))
    alias = {str(each.get("alias")): str(each.get("model")) for each in known}
    return alias.get(str(given), str(given))


def _missing(files: Iterable[Path]) -> list[str]:
    """Says how many records were asked for, where metadata.json tells."""
    for file in list(files)[:1]:
        for folder in list(file.absolute().parents)[:2]:
            asked = _json(folder / METADATA).get("target_num_records")
            if isinstance(asked, int):
                return [f"{asked:,} records were asked for; those that failed while they were made are not written"]
    return []
