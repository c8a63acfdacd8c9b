"""TRL's GRPO completions: one Parquet file per logging step, one float column per reward function.

https://github.com/huggingface/trl, `GRPOTrainer.log` with `log_completions=True`.
"""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from freshbits.rollouts.cards import FormatCard
from freshbits.rollouts.discover import Family, natural
from freshbits.rollouts.groups import num_generations, number_generations
from freshbits.rollouts.kinds import Kind
from freshbits.rollouts.names import NAMES, asked, extras, is_number, mapped, require_rollouts
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.readers.trl_evaluations import FILE, evaluated
from freshbits.rollouts.schema import EXTRA, SIGNAL
from freshbits.rollouts.stream import Chunk, Plan, Stream, Want, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from freshbits.rollouts.options import ReadOptions

CARD = FormatCard(
    name="trl",
    title="TRL completions",
    files="OUTPUT_DIR/completions/completions_00010.parquet (log_completions=True)",
    tells="step, prompt, completion, every reward function by itself, unscored rewards (null)",
    cannot_tell="the total and its weights, log-probabilities, truth; evaluation rows in a training file are "
    "not marked; groups are told apart by row order; with sparse logging_steps batches are lost",
    traps=(
        "A reward function's None is NaN or null: unscored, not 0.",
        "The buffer of a batch is written at every logging step: a file that repeats an earlier one is left out.",
        "With logging_steps above 1 a file holds the last batch before it; what lay between is lost, and that is said.",
        "An evaluation overwrites the file of its step: such files are left out where trainer_state.json names them.",
        "A prompt drawn twice in a step is two groups, told apart by row order.",
        "Chat roles are blurred: texts are decoded without special tokens.",
    ),
)
FIXED = {"step", "prompt", "completion", "advantage", "advantages"}
NOT_REWARDS = re.compile(
    r"advantage|_std$|^(entropy|kl|length|tokens|num_tokens|completion_length|logprobs?|index|idx|id)$"
)
LOOKED_AT = 16  # files that show num_generations


def recognise(family: Family) -> bool:
    """Returns whether the columns are TRL's: step, prompt, completion, advantage or a hub log's rewards."""
    columns = set(family.columns)
    if not {"prompt", "completion"} <= columns or family.kind not in ("parquet", "frame"):
        return False
    hub = "reward" in columns and any(name.startswith("reward_") for name in columns)
    named = bool(family.files) and FILE.search(family.files[0].name) is not None
    return "step" in columns and ("advantage" in columns or named or hub)


def open_log(source: Source, options: ReadOptions) -> Opened:
    """Returns the rows with `group` = "step:chunk of num_generations" and whole repeated batches left out."""
    table = source.table()
    plan = _plan(table.columns, options)
    rewards = [name for name in plan if name.startswith(SIGNAL)]
    require_rollouts(plan, table.columns, source.first_file, unscored=options.unscored)
    notes = [*table.notes, _said(rewards, options)]
    runs = sorted({file.parent for file in source.files}, key=natural)
    notes += _lost(source.files)
    generations = _generations(source, plan)
    rows = stream(table, plan)
    if len(runs) > 1:
        notes.append(f"{len(runs)} runs, told apart by directory")
    if generations > 1:
        notes.append(f"{generations} per prompt by equal text and row order")
    else:
        notes.append("no run of equal prompts shows num_generations: groups are equal prompts of one step")
    rows = number_generations(rows, generations, {str(run): _run_name(run, source.root) for run in runs})
    opened = Opened(rows, notes)
    repeated = _repeated(source, plan)
    mixed = evaluated(source.files)
    if len(mixed) == len(source.files):
        notes.append("the trainer evaluated at every step of these files: they may hold the evaluations' rows")
        mixed = set()
    if repeated:
        notes.append(f"{len(repeated):,} files hold a batch that an earlier file holds already: left out")
    if mixed:
        notes.append(
            f"{len(mixed):,} file(s) of steps at which the trainer evaluated (trainer_state.json) hold the "
            f"evaluation's rows: left out ({', '.join(file.name for file in sorted(mixed, key=natural)[:3])})"
        )
    if repeated or mixed:
        opened.rows = _without(rows, {str(file) for file in mixed}, repeated, opened.duplicates)
    return opened


def _plan(columns: dict[str, pl.DataType], options: ReadOptions) -> Plan:
    plan: Plan = {
        "step": Want("step", Kind.INTEGER),
        "prompt": Want("prompt", Kind.TEXT),
        "completion": Want("completion", Kind.SAMPLED),
    }
    rest = {name: dtype for name, dtype in columns.items() if name not in FIXED}
    numbers = [name for name in rest if is_number(rest[name]) and not NOT_REWARDS.search(name.lower())]
    # TRL writes rewards as floats; whole numbers beside them were logged by log_extra.
    floats = [name for name in numbers if rest[name].is_float()]
    # A reward function's None becomes NaN: that is not worth a word, so the kind is NUMBER, not SCORE.
    plan |= {SIGNAL + name: Want(name, Kind.NUMBER) for name in floats or numbers}
    for canonical in ("answer", "extracted", "region"):
        found = next((name for name in NAMES[canonical] if rest.get(name) == pl.String), None)
        if found is not None:
            plan[canonical] = Want(found, Kind.TEXT)
    plan |= mapped(options, columns)
    taken = {want.column for want in plan.values()}
    plan |= extras({name: dtype for name, dtype in columns.items() if name not in taken})
    return plan | asked(options, columns)


def _said(rewards: list[str], options: ReadOptions) -> str:
    names = ", ".join(name.removeprefix(SIGNAL) for name in rewards)
    plural = "s" if len(rewards) != 1 else ""
    weights = "" if options.weights or len(rewards) == 1 else "; no weights, so no total"
    return f"{len(rewards)} reward function{plural} ({names}){weights}"


def _lost(files: tuple[Path, ...]) -> list[str]:
    """Says that batches between files are missing, where files stand every k > 1 steps."""
    steps = [int(match.group(1)) for file in files if (match := FILE.search(file.name))]
    gaps = {later - earlier for earlier, later in pairwise(steps) if later > earlier}
    if not gaps or min(gaps) == 1:
        return []
    return [
        f"a file every {min(gaps)} steps: each holds the last batch before it, batches between are lost "
        "(logging_steps=1 keeps all)"
    ]


def _generations(source: Source, plan: Plan) -> int:
    """Returns num_generations as a few files, spread over the run, show it."""
    every = max(1, len(source.files) // LOOKED_AT)
    table = source.table(files=source.files[::every])
    return num_generations(table.read({"step": plan["step"], "prompt": plan["prompt"]}))


def _run_name(directory: Path, root: Path | None) -> str:
    inside = directory.parent if directory.name == "completions" else directory
    return str(inside.relative_to(root)) if root is not None and inside.is_relative_to(root) else str(inside)


def _repeated(source: Source, plan: Plan) -> set[str]:
    """Returns the files whose whole batch stands in an earlier file of the same run."""
    if len(source.files) < 2:
        return set()
    numbers = {name: want for name, want in plan.items() if name.startswith((SIGNAL, EXTRA + "advantage"))}
    alike = [file for group in _same(source, source.files, numbers) for file in group]
    # Rewards alone may agree by chance (all zero): those files are compared by text too.
    texts = {name: plan[name] for name in ("prompt", "completion")} | numbers
    ordered = tuple(sorted(alike, key=natural))
    return {str(file) for group in _same(source, ordered, texts) for file in group[1:]} if ordered else set()


def _without(rows: Stream, mixed: set[str], repeated: set[str], dropped: list[int]) -> Stream:
    """Leaves out the rows of some files and counts those of repeated ones."""
    gone = mixed | repeated

    def read(columns: Sequence[str]) -> Iterator[Chunk]:
        for chunk in rows.read(columns):
            if not any(place.file in gone for place in chunk.places):
                yield chunk
                continue
            kept = [chunk.rows[place.at : end] for place, end in chunk.pieces() if place.file not in gone]
            left = pl.concat(kept) if kept else chunk.rows.clear()
            dropped[0] += sum(end - place.at for place, end in chunk.pieces() if place.file in repeated)
            if left.height:
                yield Chunk(left)

    return Stream(rows.schema, read, rows.divisible)


def _same(source: Source, files: tuple[Path, ...], wants: Plan) -> list[list[Path]]:
    """Returns groups of files (of one run) whose wanted columns are equal, row by row."""
    digests: dict[str, hashlib.blake2b] = {}
    for chunk in source.table(files=files).read(wants):
        hashes = chunk.rows.hash_rows(seed=0).to_numpy()
        for place, end in chunk.pieces():
            digest = digests.setdefault(place.file, hashlib.blake2b(digest_size=16))
            digest.update(hashes[place.at : end].tobytes())
    groups: dict[tuple[str, bytes], list[Path]] = {}
    for file, digest in digests.items():
        groups.setdefault((str(Path(file).parent), digest.digest()), []).append(Path(file))
    return [group for group in groups.values() if len(group) > 1]
