"""lm-eval's logged samples: `samples_{task}_{date}.jsonl`, one row per document and filter.

https://github.com/EleutherAI/lm-evaluation-harness, `EvaluationTracker.save_results_samples` (`--log_samples`).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import mapped, require_rollouts
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.readers.lm_eval_filters import Filtered, gather, read_results, requests, responses
from freshbits.rollouts.schema import SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.jsonl import Row

CARD = FormatCard(
    name="lm-eval",
    title="lm-eval samples",
    files="OUTPUT_PATH/MODEL/samples_TASK_DATE.jsonl with results_DATE.json (--log_samples)",
    tells="task, model, document, every response, every metric under every filter, the target; strict and lenient "
    "filters side by side show what the strict one misses",
    cannot_tell="log-probabilities, truncation; of several responses most filters judge only the first, the others are "
    "unscored; multiple choice has no completions and is not read",
    traps=(
        "A document stands once per filter (strict-match, flexible-extract): one row here, each metric under each "
        "filter a signal of its own, which shows what the strict filter misses.",
        "Of several responses a filter with take_first judges the first: the others are unscored, not wrong.",
        "A majority over responses judges none of them, and a metric where lower is better is no reward: no signals.",
        "A directory holds several dates of one task: the newest is read, unless files are named.",
        "Multiple choice and perplexity ask for log-probabilities of given text: there are no completions to read.",
    ),
)
FILE = re.compile(r"samples_(.+)_(\d{4}-\d\d-\d\dT[\d.-]+?)\.jsonl?(\.gz)?$")
COLUMNS = {
    "run": Kind.TEXT,
    "prompt": Kind.TEXT,
    "prompt_id": Kind.TEXT,
    "group": Kind.TEXT,
    "source": Kind.TEXT,
    "sample": Kind.INTEGER,
    "completion": Kind.SAMPLED,
    "answer": Kind.TEXT,
    "extracted": Kind.TEXT,
    "reference": Kind.TEXT,
    "region": Kind.TEXT,
}


def recognise(family: Family) -> bool:
    """Returns whether rows have what lm-eval writes of every document."""
    return family.kind == "json" and {"doc_id", "arguments", "resps", "filtered_resps"} <= set(family.columns)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns one row per document and response, with the metrics of all filters as signals side by side."""
    files, notes = _newest(source)
    about: dict[Path, tuple[Filtered, dict[str, str | None]]] = {}
    silent = []
    for file in files:
        task, date = _named(file)
        results = read_results(file, date)
        found = gather(file, task, results)
        if not found.first:
            silent.append(task)
            continue
        known = {"run": date if len(files) > len({_kin(f) for f in files}) else None}
        about[file] = found, known | {"source": results.model or file.parent.name, "region": task}
    if silent:
        names = ", ".join(sorted(silent))
        notes.append(f"left out: {names}, which asked for log-probabilities of given text, not for completions")
    _must_hold(about, silent, source)

    def unfold(row: Row, file: Path) -> Iterable[Row]:
        found, known = about[file]
        return _rows(row, found, known)

    table = source.table(unfold, tuple(about))
    plan: Plan = {name: Want(name, kind) for name, kind in COLUMNS.items() if name in table.columns}
    signals = list(dict.fromkeys(signal for found, _ in about.values() for signal in found.signals))
    plan |= {SIGNAL + name: Want(SIGNAL + name, Kind.SCORE) for name in signals}
    plan |= mapped(options, table.columns)
    require_rollouts(plan, table.columns, source.first_file, unscored=options.unscored)
    opened = Opened(stream(table, plan), [*table.notes, *notes, *_said(about)], files=tuple(about))
    for signal in signals:
        seen = [found for found, _ in about.values() if signal in found.signals]
        opened.origins[signal] = "external"  # lm-eval's metrics compare with the task's targets
        opened.judges[signal] = seen[0].signals[signal]  # verdicts on the same text, no parts of one reward
        lists = [values[signal] for found in seen for values in found.verdicts.values() if signal in values]
        opened.unread[signal] = sum(value is None for values in lists for value in values)
    return opened


def _rows(row: Row, found: Filtered, known: dict[str, str | None]) -> Iterable[Row]:
    """Yields a document's responses, once: from the row of its first filter."""
    doc = str(row.get("doc_id"))
    if str(row.get("filter", "none")) != found.first.get(doc):
        return
    verdicts = found.verdicts.get(doc, {})
    extracted = found.extracted(doc)
    shared = {name: value for name, value in known.items() if value is not None}
    key = f"{known['region']}/{doc}"
    shared |= {"prompt": _prompt(requests(row)[0][0]), "prompt_id": key, "group": key}
    if row.get("target") is not None:
        shared |= {"answer": str(row["target"]).strip(), "reference": str(row["target"])}
    for sample, text in enumerate(responses(row)):
        made = shared | {"sample": sample, "completion": text}
        if extracted is not None:
            made["extracted"] = extracted[sample]
        yield made | {SIGNAL + name: values[sample] for name, values in verdicts.items()}


def _prompt(argument: Any) -> Any:
    """Returns the prompt: text, or the messages that chat servers are sent as JSON text in a list of one."""
    if not (isinstance(argument, list) and len(argument) == 1 and isinstance(argument[0], str)):
        return argument
    try:
        return json.loads(argument[0])
    except ValueError:
        return argument[0]


def _newest(source: Source) -> tuple[tuple[Path, ...], list[str]]:
    """Returns the newest samples per model and task of a directory; files that were named are all read."""
    if source.root is None:
        return source.files, []
    newest: dict[tuple[Path, str], Path] = {}
    for file in source.files:
        kin = _kin(file)
        if kin not in newest or _named(file)[1] > _named(newest[kin])[1]:
            newest[kin] = file
    older = len(source.files) - len(newest)
    notes = [f"{older} older file(s) of the same model and task left out (name files to read several)"] if older else []
    return tuple(file for file in source.files if file in set(newest.values())), notes


def _kin(file: Path) -> tuple[Path, str]:
    return file.parent, _named(file)[0]


def _named(file: Path) -> tuple[str, str]:
    """Returns task and date from a file's name; the whole name where it is another one."""
    match = FILE.search(file.name)
    return (match[1], match[2]) if match else (file.name.split(".")[0].removeprefix("samples_"), "")


def _must_hold(about: dict[Path, tuple[Filtered, Any]], silent: list[str], source: Source) -> None:
    """Raises where no file has completions, or no metric is about single ones."""
    if not about:
        raise InputError(
            f"the model wrote no completions: {', '.join(sorted(silent))} asks for log-probabilities of given text",
            file=source.first_file, mend="point at a task of the kind generate_until",
        )  # fmt: skip
    if not any(found.signals for found, _ in about.values()):
        name, why = next(iter(next(iter(about.values()))[0].apart.items()))
        raise InputError(
            f"no metric is about single completions; {name}: {why}", file=next(iter(about)),
            mend="copy results_*.json beside the samples, or log with a filter that keeps each response",
        )  # fmt: skip


def _said(about: dict[Path, tuple[Filtered, Any]]) -> list[str]:
    notes = ["groups from doc_id, regions from the tasks"]
    signals = {signal: name for found, _ in about.values() for signal, name in found.signals.items()}
    if len(set(signals.values())) > 1:
        notes.append("every metric under every filter is a signal of its own")
    first = sum(any(v is None for v in values) for found, _ in about.values()
                for verdicts in found.verdicts.values() for values in verdicts.values())  # fmt: skip
    if first:
        notes.append("some filters judge only the first of a document's responses: the others are unscored")
    apart: dict[str, list[str]] = {}
    for found, _ in about.values():
        for name, why in found.apart.items():
            if name not in signals:
                apart.setdefault(why, []).append(name)
    notes += [f"no signal: {', '.join(sorted(set(names)))} ({why})" for why, names in apart.items()]
    return notes
