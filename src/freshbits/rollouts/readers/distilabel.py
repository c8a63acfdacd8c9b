"""distilabel's sets: instructions with one or several generations and the ratings that a judge gave them.

https://github.com/argilla-io/distilabel, `Distiset.save_to_disk` (a folder per leaf step, `distiset_configs/
pipeline.yaml`), `UltraFeedback.format_output` (null ratings where the judge's answer could not be parsed),
`GroupColumns` (generations and generation_models as lists), `FormatTextGenerationDPO`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.readers import preferences
from freshbits.rollouts.readers.made import JUDGES, open_set
from freshbits.rollouts.tables.unfolded import open_unfolded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.opened import Opened, Source
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row

CARD = FormatCard(
    name="distilabel",
    title="distilabel set",
    files="DISTISET/LEAF_STEP/SPLIT/data-*.arrow (save_to_disk), or its Parquet; pipeline.yaml beside it",
    tells="generations, ratings, who wrote and who rated where the names are kept, chosen and rejected",
    cannot_tell="who wrote where a later task overwrote model_name (output_mappings keeps both); a rating that could "
    "not be parsed is null: unscored; rows that a step dropped",
    traps=(
        "A later task overwrites model_name: where a rating stands beside it, it is the judge's, not the writer's.",
        "A rating that could not be parsed is null: unscored, not 0.",
        "chosen and rejected beside generations follow from the ratings and are not read as verdicts of their own.",
    ),
)
METADATA = "distilabel_metadata"
WRITERS = ("generation_models", "generation_model", "generator_model")
LISTS = {"ratings": "rating", "scores": "score"}
PIPELINE = "distiset_configs/pipeline.yaml"
LARGEST = 5_000_000  # bytes; a longer file is no pipeline
NAMED = ("model", "model_name", "model_id")


def recognise(family: Family) -> bool:
    """Returns whether rows are what distilabel's tasks give: its metadata, or generations in a list."""
    columns = set(family.columns)
    asked = bool({"instruction", "prompt"} & columns)
    lists = "generations" in columns and bool({*LISTS, *WRITERS} & columns)
    return asked and (METADATA in columns or lists)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns one row per generation; the judge is the model of the task that rated, the last to write model_name."""
    models = _pipeline_models(source)
    columns = source.table().columns
    pairs = {"chosen", "rejected"} <= set(columns) and not {"generations", "generation"} & set(columns)
    needed = [name for name in columns if name not in (METADATA, "rationales", "types", "rationales-for-ratings")]
    table = open_unfolded(source, preferences.unfold if pairs else _unfolding(columns, models), needed)
    opened = open_set(source, table, options, made="pairs" if pairs else "set")
    if "ratings" in columns:
        opened.notes.append("a rating that could not be parsed is null: unscored")
    if not pairs and "generations" in columns:
        opened.notes.append("one row per generation")
    if {"chosen", "rejected"} <= set(columns) and not pairs:
        opened.notes.append("chosen and rejected follow from the ratings and are not read")
    if _rated(columns) and not _written(columns) and "model_name" in columns:
        known = f"; {PIPELINE} names one model only" if len(models) == 1 else ""
        opened.notes.append(f"model_name is the judge's: it overwrote the writer's (output_mappings keeps both){known}")
    return opened


def _rated(columns: Iterable[str]) -> bool:
    return bool({*LISTS, *LISTS.values()} & set(columns))


def _written(columns: Iterable[str]) -> bool:
    return bool(set(WRITERS) & set(columns))


def _unfolding(columns: Iterable[str], models: Sequence[str]) -> Any:
    """Returns what makes one row per generation of a row."""
    names = set(columns)
    rated, written = _rated(names), _written(names)
    judge = next((name for name in JUDGES if name in names), "model_name" if rated and "model_name" in names else None)
    alone = models[0] if len(models) == 1 else None

    def unfold(row: Row, _file: Path) -> Iterable[Row]:
        texts = row.get("generations") if "generations" in names else [row.get("generation")]
        flat = {
            name: value
            for name, value in row.items()
            if not isinstance(value, (list, dict)) and name not in (judge, "model_name", "generation", *WRITERS)
            and not name.startswith(("chosen", "rejected"))
        }  # fmt: skip
        flat["prompt"] = _with_system(flat.pop("instruction", flat.get("prompt")), flat.pop("system_prompt", None))
        for place, text in enumerate(texts or []):
            made = flat | {"completion": text, "generation_index": place, "model": _writer(row, place, alone)}
            if not rated and not written:
                made["model"] = row.get("model_name") or alone
            if judge is not None:
                made["judge"] = row.get(judge)
            for many, one in LISTS.items():
                if many in names:
                    made[one] = _at(row.get(many), place)
            yield made

    return unfold


def _with_system(prompt: Any, system: Any) -> Any:
    return f"system: {system}\n\nuser: {prompt}" if isinstance(system, str) and system else prompt


def _writer(row: Row, place: int, alone: str | None) -> str | None:
    for name in WRITERS:
        found = row.get(name)
        if found is not None:
            return _at(found, place) if isinstance(found, list) else str(found)
    return alone


def _at(values: Any, place: int) -> Any:
    if not isinstance(values, list):
        return values
    return values[place] if place < len(values) else None


def _pipeline_models(source: Source) -> list[str]:
    """Returns the names of the models that the pipeline beside the set used; empty where there is none to read."""
    import yaml

    folders = dict.fromkeys(place for file in source.files[:1] for place in list(file.absolute().parents)[:4])
    for folder in folders:
        place = folder / PIPELINE
        try:
            if place.stat().st_size > LARGEST:
                return []
            data = yaml.load(place.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            continue
        found: list[str] = []
        _gather(data, found)
        return list(dict.fromkeys(found))
    return []


def _gather(data: Any, found: list[str]) -> None:
    if isinstance(data, list):
        for part in data:
            _gather(part, found)
    elif isinstance(data, dict):
        for name, part in data.items():
            if name == "llm" and isinstance(part, dict):
                found += [str(part[key]) for key in NAMED if isinstance(part.get(key), str)][:1]
            else:
                _gather(part, found)
