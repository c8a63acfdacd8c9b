"""Any log in, the canonical table out: find the files, recognise the format, read lazily, say how."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts import verdicts
from freshbits.rollouts.asked_again import take_repeats
from freshbits.rollouts.declared import take_declared
from freshbits.rollouts.discover import Family, Found, families, find
from freshbits.rollouts.duplicates import drop_duplicates
from freshbits.rollouts.join import join
from freshbits.rollouts.labels import LABEL_COLUMNS, apply_labels
from freshbits.rollouts.log import Log
from freshbits.rollouts.opened import Opened, Source
from freshbits.rollouts.options import ReadOptions, nearest
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.raw import mark_kept
from freshbits.rollouts.readers import (
    alpaca_eval,
    arena_hard,
    data_designer,
    distilabel,
    inspect_log,
    lm_eval,
    nemo_gym,
    nemo_rl,
    open_instruct,
    own,
    plain,
    preferences,
    reasoning_gym,
    reward_bench,
    rewardspy,
    sft,
    skyrl,
    slime,
    swift,
    traces,
    trl,
    verifiers,
    verl,
    wandb_tables,
)
from freshbits.rollouts.schema import CHOSEN, COLUMNS, EXTRA, SIGNAL, conform
from freshbits.rollouts.scored import is_scored
from freshbits.rollouts.splits import splits
from freshbits.rollouts.tables import stores
from freshbits.rollouts.tables.documents import no_rows
from freshbits.rollouts.tables.frames import lazy_frame
from freshbits.rollouts.total import add_total

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    import polars as pl

    from freshbits.rollouts.cards import FormatCard

WERE_CHOSEN = (
    "prompts were chosen by what was believed of their pass rates: all figures are over the prompts that were asked, "
    f"not over the pool they came from ({CHOSEN} says how likely each was to be asked)"
)

# The first reader that recognises a file reads it; plain tables come last because their names are the
# loosest.
READERS: tuple[ModuleType, ...] = (
    trl, verl, traces, verifiers,
    nemo_rl, nemo_gym, open_instruct, swift, wandb_tables, skyrl, slime, rewardspy,
    lm_eval, inspect_log, alpaca_eval, arena_hard, reasoning_gym, reward_bench,
    distilabel, data_designer, preferences, sft, plain,
)  # fmt: skip


def formats() -> tuple[FormatCard, ...]:
    """Returns what is known about every format that can be read.

    >>> formats()[0].name
    'trl'
    """
    return tuple(reader.CARD for reader in READERS)


def read(source: Any, options: ReadOptions | None = None) -> Log:
    """Recognises a log and returns its rows under canonical names, to be read lazily.

    Args:
        source: a file, a directory (searched through), several of them, a pattern such as `runs/*.jsonl`, a frame
            (Polars, pandas, an Arrow table or a Hugging Face data set), a list of dictionaries, or a function that
            yields dictionaries anew at each call.
        options: what to overrule or add; nothing by default.

    Raises:
        InputError: if nothing there is a log, two formats are, or a needed column is missing.

    >>> import polars as pl
    >>> log = read(pl.DataFrame({"prompt": ["1+1?"] * 2, "completion": ["2", "3"], "reward": [1.0, 0.0]}))
    >>> log.format, log.signals
    ('plain table', ('reward',))
    """
    options = options or ReadOptions()
    reader, place, opened = _open(source, options)
    if options.raw is not None:
        reader, place, before = _open(options.raw, options)
        opened = mark_kept(before, opened, options.raw)
    return _finish(reader.CARD, opened, place, options)


def _open(source: Any, options: ReadOptions) -> tuple[ModuleType, Source, Opened]:
    """Recognises a source and opens it with the reader of its format."""
    problems = Problems()
    source = stores.local(source)
    places = stores.addresses(source)
    frame = stores.stored(places) if places else lazy_frame(source)
    notes = [f"read where it lies: {', '.join(places)}"] if places else []
    if frame is not None:
        family = Family("frame", (), dict(frame.collect_schema()))
        reader = _choose([family], options)
        place = Source("frame", (), None, problems, (family,), frame)
    elif own.is_rows(source):
        reader, place = plain, own.rows_source(source, problems)
    elif own.is_own(options.format):
        reader, place = plain, own.own_source(Path(str(options.format)), _paths(source), problems)
        notes.append(f"read by {Path(str(options.format)).name}, a reader of one's own")
    else:
        paths = _paths(source)
        found = find(paths, apart=[path for path in (options.join, options.labels) if path is not None])
        notes += _about_files(found)
        looked = _without_labels(_known_documents(families(found, notes), found), notes)
        reader = _choose(looked, options)
        place = _place(reader, looked, found, problems)
    parts = splits(place.files)
    if len(parts) > 1:
        notes.append(f"{len(parts)} splits are read together: {', '.join(parts)} (point at one to read it alone)")
    opened: Opened = reader.open_log(place, options)
    opened.notes[:0] = notes
    return reader, place, opened


def _paths(source: Any) -> Sequence[str | Path]:
    paths = [source] if isinstance(source, (str, Path)) else source
    if not isinstance(paths, (list, tuple)) or not all(isinstance(path, (str, Path)) for path in paths):
        raise InputError(f"{type(source).__name__} is no log", mend="pass a path or a frame")
    return paths


def _finish(card: FormatCard, opened: Opened, place: Source, options: ReadOptions) -> Log:
    """Applies what holds for every format: join, truth, thresholds, duplicates, labels."""
    if options.join is not None:
        opened = join(opened, options.join, options, place.problems)
    if "truth" in opened.rows.schema:
        if options.truth_is is not None:
            verdicts.truth_is(opened, options.truth_is)
        verdicts.check_truth(opened)
    elif options.truth_is is not None:
        raise InputError(
            f"--truth-is {options.truth_is}: the log has no truth column", mend="name it with --truth COLUMN"
        )
    take_repeats(opened)
    add_total(opened, options.weights)
    if options.accept:
        verdicts.accept(opened, dict(options.accept))
    verdicts.choose_signals(opened, options)
    take_declared(opened, place.files if opened.files is None else opened.files, options.origins)
    drop_duplicates(opened, opened.duplicates)
    if options.labels is not None:
        apply_labels(opened, options.labels)
    if EXTRA + CHOSEN in opened.rows.schema:
        opened.notes.append(WERE_CHOSEN)
    rows = opened.rows
    order = [name for name in COLUMNS if name in rows.schema]
    order += [name for name in rows.schema if name.startswith(SIGNAL)]
    order += [name for name in rows.schema if name not in order]

    def batches(columns: Sequence[str] | None) -> Iterator[pl.DataFrame]:
        names = order if columns is None else [name for name in order if name in set(columns)]
        for chunk in rows.read(names):
            yield conform(chunk.rows.select(names))

    return Log(
        format=card.title,
        files=opened.files if opened.files is not None else place.files,
        schema={name: rows.schema[name] for name in order},
        read=batches,
        notes=tuple(opened.notes),
        weights=opened.weights,
        origins=opened.origins,
        structures=opened.structures,
        judges=opened.judges,
        applied=opened.applied,
        unread=opened.unread,
        filtered=opened.filtered,
        problems=place.problems,
        duplicates=opened.duplicates,
        made=opened.made,
        judged_by=opened.judged_by,
        divisible=rows.divisible,
    )


def _choose(looked: Sequence[Family], options: ReadOptions) -> ModuleType:
    """Returns the one reader that recognises the files; two in one place are an error, not a guess."""
    if options.format is not None:
        for reader in READERS:
            if reader.CARD.name == options.format:
                return reader
        names = [reader.CARD.name for reader in READERS]
        raise InputError(
            f"--format {options.format}: no such format" + nearest(options.format, names),
            mend=f"choose one of {', '.join(names)}",
        )
    recognised: dict[str, tuple[ModuleType, Family]] = {}
    for family in looked:
        found = _recognise(family)
        if found is not None:
            recognised.setdefault(f"{found.CARD.title} ({family.kind})", (found, family))
    if len(recognised) > 1:
        where = "; ".join(f"{name} in {family.files[0]}" for name, (_, family) in recognised.items())
        raise InputError(f"two formats in one place: {where}", mend="point at one of them")
    if recognised:
        return next(iter(recognised.values()))[0]
    # Nothing is recognised: let the plain reader say which column it misses, or use what --map says.
    return plain


def _same_table(families: list[Family]) -> None:
    """Raises where plain files hold different tables: a union of their columns would be no log of anything."""
    for one, other in combinations(families, 2):
        shared, all_ = set(one.columns) & set(other.columns), set(one.columns) | set(other.columns)
        if 2 * len(shared) < len(all_):
            raise InputError(
                f"different tables in one place: {one.files[0].name} and {other.files[0].name} share "
                f"{len(shared)} of {len(all_)} columns",
                mend="point at one of them (--join FILE adds a second one by id)",
            )


def _without_labels(looked: list[Family], notes: list[str]) -> list[Family]:
    """Passes over files that `freshbits label` wrote beside the log, with a note."""
    rest = [family for family in looked if not set(family.columns) >= LABEL_COLUMNS]
    if not rest or len(rest) == len(looked):
        return looked
    passed = [family.files[0].name for family in looked if family not in rest]
    notes += [f"{name} holds labels and is not used: pass it with --labels" for name in passed]
    return rest


def _known_documents(looked: list[Family], found: Found) -> list[Family]:
    """Passes over JSON objects that are no format's; raises where a person named one, or nothing else is there."""
    known = [family for family in looked if family.kind != "document" or _recognise(family) is not None]
    strange = [family for family in looked if family not in known]
    if strange and (found.named or len(looked) == 1):
        raise no_rows(strange[0].files[0])
    return known


def _recognise(family: Family) -> ModuleType | None:
    if is_scored(family.columns):  # freshbits wrote it, whatever its columns look like
        return plain
    return next((reader for reader in READERS if reader.recognise(family)), None)


def _place(reader: ModuleType, looked: list[Family], found: Found, problems: Problems) -> Source:
    """Returns the files of the chosen format; others in the same directory are passed over with a note."""
    chosen = [family for family in looked if reader.recognise(family) or _recognise(family) is reader] or looked
    kinds = {family.kind for family in chosen}
    if len(kinds) > 1:
        first = {family.kind: family.files[0] for family in chosen}
        where = "; ".join(f"{kind}: {file}" for kind, file in first.items())
        raise InputError(f"files of several kinds, none of them surely a log ({where})", mend="point at one of them")
    if reader is plain:
        _same_table(chosen)
    if not chosen:
        raise InputError(
            "no log here: no file holds rows", file=found.root or found.files[0],
            mend="point at the directory that the trainer writes its rollouts to",
        )  # fmt: skip
    taken = {file for family in chosen for file in family.files}
    files = tuple(file for file in found.files if file in taken)
    return Source(chosen[0].kind, files, found.root, problems, tuple(chosen))


def _about_files(found: Found) -> list[str]:
    notes = []
    if found.twice:
        notes.append(f"{found.twice} file(s) were named twice and are read once")
    if found.pickles:
        notes.append(f"{len(found.pickles)} pickle(s) left out, because reading one runs the code it holds")
    return notes
