"""Inspect's evaluation logs, `.eval` or `.json`: one row per sample and epoch, every scorer a signal.

https://github.com/UKGovernmentBEIS/inspect_ai, read by Inspect's own functions (`inspect_ai.log`), as its documentation
asks: the layout inside a `.eval` file is its own and changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import mapped, require_rollouts
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.readers.inspect_samples import flat_scores, sample_row
from freshbits.rollouts.schema import EXTRA, SIGNAL
from freshbits.rollouts.stream import Plan, Want, stream
from freshbits.rollouts.tables.rows import dtype_of, open_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from freshbits.rollouts.discover import Family
    from freshbits.rollouts.options import ReadOptions
    from freshbits.rollouts.tables.rows import Numbered

CARD = FormatCard(
    name="inspect",
    title="Inspect log",
    files="LOG_DIR/DATE_TASK_ID.eval or .json (needs pip install 'freshbits[inspect]')",
    tells="task, model, every sample and epoch, every scorer's value, target, the answer it read, tokens, limits, "
    "failed samples",
    cannot_tell="weights of scorers in a reward (they are verdicts side by side); log-probabilities; what reducers made"
    " of several epochs (the single ones are read)",
    traps=(
        "Scorers answer in letters: C 1, P 0.5, I and N 0, as Inspect's value_to_float. Another word is no verdict: "
        "unscored and counted, though Inspect's metrics count it as 0.",
        "A sample with an error was not judged: unscored, whatever stands there. One that was stopped by a limit is "
        "scored by Inspect all the same: its score stays, and it is marked truncated, as is one cut at max_tokens.",
        "An epoch is another attempt at the same sample: a rollout of its group, no second verdict on the first one.",
        "A retried run copies its finished samples into a new log: of the logs of one task id only the newest is read, "
        "unless files are named.",
        "A scorer that gives a dictionary gives one signal per entry (SCORER.KEY).",
        "Scores that a person changed afterwards are read as changed; invalidated samples are unscored.",
        "A .json log is held in memory whole; a .eval log is not (inspect log convert --to eval).",
    ),
)
COLUMNS = {
    "run": Kind.TEXT, "prompt": Kind.TEXT, "prompt_id": Kind.TEXT, "group": Kind.TEXT, "source": Kind.TEXT,
    "sample": Kind.INTEGER, "completion": Kind.TEXT, "answer": Kind.TEXT, "extracted": Kind.TEXT,
    "tokens": Kind.INTEGER, "turns": Kind.INTEGER, "truncated": Kind.FLAG, "region": Kind.TEXT,
    EXTRA + "error": Kind.TEXT, EXTRA + "limit": Kind.TEXT,
}  # fmt: skip
# Inspect's scorers that compare with the target and ask no model.
EXTERNAL = {"match", "includes", "exact", "f1", "pattern", "answer", "choice", "math"}
HEAD = {"eval", "plan", "status"}
AT_ONCE = 64_000_000  # bytes of samples, unpacked, that are asked for together
UNPACKED = 12  # about how much a log grows when it is unpacked
UNUSED = {"store", "events", "timelines", "events_data"}


@dataclass(frozen=True)
class Looked:
    """Holds what a log says before its samples are read: their ids and epochs, its header, its scores by sample."""

    header: Any
    samples: tuple[tuple[int | str, int], ...]
    signals: dict[str, int]  # signal -> samples without a value
    failed: int = 0
    stopped: int = 0


def recognise(family: Family) -> bool:
    """Returns whether files are Inspect's: `.eval`, or an object that opens as its logs do."""
    return family.kind == "eval" or (family.kind in ("document", "json") and set(family.columns) >= HEAD)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns one row per sample and epoch, read by Inspect itself.

    Raises:
        InputError: if Inspect is not installed, or cannot read a file.
    """
    inspect = _inspect(source.first_file)
    looked = {file: _look(inspect, file) for file in source.files}
    files, notes = _newest(looked, source)
    looked = {file: looked[file] for file in files}
    several = len({_kin(held.header) for held in looked.values()}) < len(files)

    def made(problems: Problems) -> Iterator[Numbered]:
        for file, held in looked.items():
            for number, sample in enumerate(_samples(inspect, file, held), start=1):
                yield str(file), number, sample_row(sample, held.header, problems, str(file), number, apart=several)

    known = {SIGNAL + name: dtype_of([0.5]) for held in looked.values() for name in held.signals}
    table = open_rows(made, source.problems, files, known)
    plan: Plan = {name: Want(name, kind) for name, kind in COLUMNS.items() if name in table.columns}
    signals = [name for name in table.columns if name.startswith(SIGNAL)]
    plan |= {name: Want(name, Kind.SCORE) for name in signals}
    plan |= mapped(options, table.columns)
    require_rollouts(plan, table.columns, source.first_file, unscored=options.unscored)
    opened = Opened(stream(table, plan), notes, files=tuple(files))
    opened.notes += ["groups from the samples, their epochs as attempts; regions from the tasks"]
    opened.notes += _unfinished(looked)
    for name in (signal.removeprefix(SIGNAL) for signal in signals):
        scorer = name.split(".")[0]
        if scorer in EXTERNAL:
            opened.origins[name] = "external"
        if len(signals) > 1:
            opened.judges[name] = scorer  # verdicts on the same text, no parts of one reward
            opened.unread[name] = sum(held.signals.get(name, 0) for held in looked.values())
    return opened


def _inspect(file: Path | None) -> ModuleType:
    try:
        from inspect_ai import log
    except ImportError:
        raise InputError(
            "Inspect's logs are read by Inspect itself, which is not installed", file=file,
            mend="pip install 'freshbits[inspect]'",
        ) from None  # fmt: skip
    return log


def _look(inspect: ModuleType, file: Path) -> Looked:
    """Reads a log's header and its samples' summaries; what fails there is named as Inspect names it."""
    try:
        header = inspect.read_eval_log(str(file), header_only=True)
        summaries = inspect.read_eval_log_sample_summaries(str(file))
    except Exception as error:  # whatever Inspect raises over a broken file
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"Inspect cannot read it ({reason})", file=file, mend="copy it again") from None
    rows = [flat_scores(each, Problems(), "", 0) for each in summaries]
    names = dict.fromkeys(name for row in rows for name in row)
    missing = {name: sum(row.get(name) is None for row in rows) for name in names}
    failed = sum(each.error is not None for each in summaries)
    stopped = sum(each.limit is not None for each in summaries)
    return Looked(header, tuple((each.id, each.epoch) for each in summaries), missing, failed, stopped)


def _samples(inspect: ModuleType, file: Path, held: Looked) -> Iterator[Any]:
    """Yields the samples of a log: of `.eval` some at a time, `.json` can only be read whole."""
    if file.suffix != ".eval":
        yield from inspect.read_eval_log(str(file), resolve_attachments="core").samples or []
        return
    each = UNPACKED * file.stat().st_size / max(1, len(held.samples))
    size = max(16, min(2_000, int(AT_ONCE / max(1.0, each))))
    for start in range(0, len(held.samples), size):
        yield from inspect.read_eval_log_samples_by_id(
            str(file), held.samples[start : start + size], resolve_attachments="core", exclude_fields=UNUSED
        )


def _kin(header: Any) -> tuple[str, str]:
    return header.eval.task, header.eval.model


def _newest(looked: dict[Path, Looked], source: Source) -> tuple[list[Path], list[str]]:
    """Returns one log of each task id of a directory, the newest; files that were named are all read."""
    newest: dict[str, Path] = {}
    for file, held in looked.items():
        key = held.header.eval.task_id or str(file)
        if key not in newest or held.header.eval.created >= looked[newest[key]].header.eval.created:
            newest[key] = file
    if source.root is None or len(newest) == len(looked):
        return list(looked), []
    older = len(looked) - len(newest)
    note = f"{older} earlier log(s) of retried tasks left out: the newest holds their samples (name files to read all)"
    return [file for file in looked if file in set(newest.values())], [note]


def _unfinished(looked: dict[Path, Looked]) -> list[str]:
    failed, stopped = (sum(getattr(held, what) for held in looked.values()) for what in ("failed", "stopped"))
    notes = []
    if failed:
        notes.append(f"{failed:,} sample(s) ended with an error: unscored")
    if stopped:
        notes.append(
            f"{stopped:,} sample(s) were stopped by a limit: marked truncated, scored where Inspect scored them"
        )
    broken = [file.name for file, held in looked.items() if held.header.status != "success"]
    if broken:
        notes.append(
            f"{len(broken)} log(s) of runs that did not end: the samples that are there are read (first: {broken[0]})"
        )
    return notes
