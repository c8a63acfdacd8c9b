"""Evaluations of Reasoning Gym: one JSON file per data set, `summary.json` beside their folders.

https://github.com/open-thought/reasoning-gym, `eval/eval.py`: `MODEL_TIME/CATEGORY/DATASET.json`, each item with its
completions and their scores; before March 2025 one completion per item, and the model in the file itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import mapped, require_rollouts
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.schema import EXTRA, SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream
from freshbits.rollouts.tables.documents import document
from freshbits.rollouts.tables.rows import open_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.problems import Problems
    from freshbits.rollouts.tables.rows import Numbered, Row

CARD = FormatCard(
    name="reasoning-gym",
    title="Reasoning Gym evaluation",
    files="OUTPUT_DIR/MODEL_TIME/CATEGORY/DATASET.json with summary.json",
    tells="every completion, its score, the answer read in it, the expected answer, data set, category, model",
    cannot_tell="truncation, tokens, log-probabilities; failed calls are left out by the evaluation, so groups may "
    "be smaller than completions_per_prompt",
    traps=(
        "A completion that the scorer failed on is written with score 0.0 and an error: unscored, not wrong.",
        "An item whose every call failed has best_score 0.0 and no completions: it gives no rows, and is counted.",
        "best_score and mean_score sum up the completions and are not read; best_score is the best of several.",
        "Questions may be drawn anew for every run: the same place in a data set is not always the same question.",
        "The system prompt is the same for all items and is not part of the prompts.",
        "results.json (--full-results) holds the same items once more and is passed over.",
    ),
)
MODEL = re.compile(r"_\d{8}_\d{6}$")  # what follows the model in the folder's name
KINDS = {
    "prompt": Kind.TEXT, "prompt_id": Kind.TEXT, "group": Kind.TEXT, "source": Kind.TEXT, "sample": Kind.INTEGER,
    "completion": Kind.SAMPLED, "answer": Kind.TEXT, "extracted": Kind.TEXT, "region": Kind.TEXT,
    SIGNAL + "score": Kind.SCORE, EXTRA + "category": Kind.TEXT, EXTRA + "error": Kind.TEXT,
}  # fmt: skip


def recognise(family: Family) -> bool:
    """Returns whether a file holds the results of one data set."""
    columns = set(family.columns)
    named = {"name", "average_best_score"} <= columns or {"dataset_name", "average_score"} <= columns
    return family.kind in ("document", "json") and named and {"results", "config"} <= columns


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns one row per completion, items as groups and data sets as regions."""
    models = {file: _model(file) for file in source.files}
    short, empty = _incomplete(source.files)

    def made(problems: Problems) -> Iterator[Numbered]:
        for file in source.files:
            held = document(file)
            number = 0
            for place, item in enumerate(held["results"], start=1):
                for row in _rows(item, place - 1, held, models[file]):
                    number += 1
                    if row[EXTRA + "error"] is not None:
                        problems.add("the scorer failed: unscored, though 0.0 is written", str(file), number)
                    yield str(file), number, row

    try:
        table = open_rows(made, source.problems, source.files)
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(
            f"does not have the shape of Reasoning Gym's results ({error})", file=source.first_file,
            mend="evaluate again, or read it as a plain table",
        ) from None  # fmt: skip
    plan: Plan = {name: Want(name, kind) for name, kind in KINDS.items() if name in table.columns}
    plan |= mapped(options, table.columns)
    require_rollouts(plan, table.columns, source.first_file)
    opened = Opened(stream(table, plan), ["groups from the items, regions from the data sets"])
    opened.origins["score"] = "external"  # the data set's own scorer, which knows the answer
    if empty:
        opened.notes.append(f"{empty:,} item(s) without any completion, because every call failed: no rows")
    if short:
        opened.notes.append(
            f"{short:,} item(s) have fewer completions than were asked for: failed calls are not logged"
        )
    return opened


def _rows(item: Row, place: int, held: Row, model: str | None) -> Iterator[Row]:
    name = held.get("name") or held.get("dataset_name")
    key = f"{name}/{place}"
    shared = {
        "prompt": item["question"], "prompt_id": key, "group": key, "source": held.get("model") or model,
        "answer": item.get("expected_answer"), "region": name, EXTRA + "category": held.get("category"),
    }  # fmt: skip
    for sample, one in enumerate(_completions(item)):
        failed = one.get("error")
        yield shared | {
            "sample": sample,
            "completion": one.get("full_model_response"),
            "extracted": None if failed is not None else one.get("model_answer"),
            SIGNAL + "score": None if failed is not None else one.get("score"),
            EXTRA + "error": failed,
        }


def _completions(item: Row) -> list[Row]:
    """Returns an item's completions; older files hold one, in the item itself."""
    found = item.get("completions")
    if found is None:
        return [item] if item.get("full_model_response") is not None else []
    return list(found)


def _incomplete(files: tuple[Path, ...]) -> tuple[int, int]:
    """Returns how many items have fewer completions than were asked for, and how many have none."""
    short = empty = 0
    for file in files:
        held = document(file)
        wanted = held.get("completions_per_prompt") or 1
        for item in held["results"] if isinstance(held.get("results"), list) else ():
            count = len(_completions(item)) if isinstance(item, dict) else wanted
            empty += count == 0
            short += 0 < count < wanted
    return short, empty


def _model(file: Path) -> str | None:
    """Returns the model: as `summary.json` names it, else from the folder's name."""
    beside = file.parent.parent / "summary.json"
    try:
        held: Any = document(beside)
    except (InputError, OSError):
        held = {}
    if isinstance(held.get("model"), str):
        return str(held["model"])
    folder = file.absolute().parent.parent.name
    return MODEL.sub("", folder).removesuffix(f"_{file.absolute().parent.name}") if MODEL.search(folder) else None
