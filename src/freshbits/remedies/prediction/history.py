"""What a log says about prompts: their text and fields, and how often each passed in each round.

A column counts as a field where it is the same on all rows of a prompt: what differs between rollouts is not known
before they are drawn. A number that follows the prompt's own verdicts (a logged group mean) is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.errors import InputError
from freshbits.outputs.keys import name_keys, prompt_keys
from freshbits.rollouts.options import nearest
from freshbits.rollouts.schema import CHOSEN, EXTRA, SIGNAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from freshbits.rollouts.log import Log

BLOCKS = 20  # rounds are put into at most so many
OTHERS = "passed by others"
UNCERTAIN = "mean log-probability"
ONCE = 0.5  # share of prompts with one rollout from which a field has to be named
LEAKS = 0.995  # correlation with the prompt's own verdicts from which a number is taken for a copy of them
MOST_LEVELS, LONGEST = 250, 80  # a text field has at most so many levels, of at most so many characters


@dataclass(frozen=True)
class History:
    """Holds what a log says about its prompts.

    Attributes:
        prompts: `key`, `prompt` (text, or id where there is none), then fields; one row per prompt, in log order.
        has_text: whether `prompt` is a text.
        index, block, successes, rollouts: one entry per prompt and block of rounds.
        blocks: how many blocks there are.
        rounds: how many rounds there are.
        chosen: whether prompts of the log were chosen by a belief about them.
        tokens: mean tokens of a rollout; None where they are not logged.
        notes: what was left out, and why.
    """

    prompts: pl.DataFrame
    has_text: bool
    index: NDArray[np.int64]
    block: NDArray[np.int64]
    successes: NDArray[np.float64]
    rollouts: NDArray[np.float64]
    blocks: int
    rounds: int
    chosen: bool
    tokens: float | None
    notes: tuple[str, ...]

    def weighed(self, kept: float, until: int | None = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Adds up successes and rollouts of every prompt before block `until`, each block by `kept` less than the next.

        Where `until` is None all blocks count, the last one fully.
        """
        last = self.blocks if until is None else until
        here = self.block < last
        weight = np.power(float(kept), last - 1 - self.block[here])
        size = self.prompts.height
        passed = np.bincount(self.index[here], weights=weight * self.successes[here], minlength=size)
        asked = np.bincount(self.index[here], weights=weight * self.rollouts[here], minlength=size)
        return passed.astype(np.float64), asked.astype(np.float64)


def read_history(
    log: Log,
    signal: str,
    *,
    source: str | None = None,
    by: Sequence[str] | None = None,
    embedding: str | None = None,
    known: Sequence[str] = (),
) -> History:
    """Reads prompts and verdicts of a log.

    Args:
        log: the log.
        signal: a verdict: a signal with two values.
        source: whose verdicts count, where several models wrote; how often the others passed becomes a field.
        by: names of the fields to use; all that are fit for it where None.
        embedding: column with a list of numbers per prompt, kept as it is read (JSON text).
        known: fields that are known before a prompt is tried, since a pool has them. Where most prompts were tried once
            only, no others are taken unless `by` names them: what is the same on all one rows proves nothing.

    Raises:
        InputError: if the signal is no verdict, several models wrote and none is chosen, or a field is unknown.
    """
    name = next((each for each in ("prompt", "prompt_id", "group") if each in log.schema), None)
    if name is None:
        raise InputError("the log names no prompts", mend="--map prompt=COLUMN")
    if "opponent" in log.schema:
        raise InputError("the log holds judged pairs, and pass rates are of a model's own attempts at a prompt")
    extras = [each for each in log.schema if each.startswith(EXTRA)]
    _check_fields(log, by)
    rounds = next((each for each in ("round", "step") if each in log.schema), None)
    wanted = {name, SIGNAL + signal, "source", "region", "logprob", "tokens", "repeat", rounds, *extras}
    cells, seen, texts = [], [], []
    for batch in log.batches([each for each in log.schema if each in wanted]):
        rows = batch
        if "repeat" in rows.columns:
            rows = rows.filter(pl.col("repeat").fill_null(0) == 0)
        keys = prompt_keys(rows[name]) if name == "prompt" else name_keys(rows[name])
        rows = rows.with_columns(keys.alias("key")).filter(pl.col("key").is_not_null())
        texts.append(rows.select("key", pl.col(name).alias("prompt")).unique("key", keep="first", maintain_order=True))
        who = pl.col("source") if "source" in rows.columns else pl.lit(None, pl.String)
        cells.append(
            rows.select(
                "key",
                who.alias("source"),
                (pl.col(rounds).fill_null(0) if rounds else pl.lit(0, pl.Int64)).alias("round"),
                pl.col(SIGNAL + signal).alias("value"),
                (pl.col("tokens") if "tokens" in rows.columns else pl.lit(None, pl.Int64)).alias("tokens"),
            )
            .group_by("key", "source", "round", "value", maintain_order=True)
            .agg(pl.len().alias("rows"), pl.col("tokens").sum(), pl.col("tokens").count().alias("counted"))
        )
        fields = [pl.col(each) for each in ("region", *extras) if each in rows.columns]
        if {"logprob", "tokens"} <= set(rows.columns):
            mean = pl.col("logprob") / pl.when(pl.col("tokens") > 0).then(pl.col("tokens"))
            fields.append(mean.alias(EXTRA + UNCERTAIN))
        seen.append(rows.select("key", who.alias("source"), *fields).unique(maintain_order=True))
    table = pl.concat(texts).unique("key", keep="first", maintain_order=True) if texts else pl.DataFrame()
    counts = _verdicts(pl.concat(cells) if cells else pl.DataFrame(), signal)
    if counts.is_empty():
        raise InputError(f"{signal} scores no rollout")
    counted = int(counts["counted"].sum())
    tokens = int(counts["tokens"].sum()) / counted if counted else None
    own, others = _of_source(counts, source)
    return _assembled(
        table, own, others, pl.concat(seen, how="diagonal_relaxed"), tokens, source, by, embedding, name, known
    )


def _check_fields(log: Log, by: Sequence[str] | None) -> None:
    known = [each.removeprefix(EXTRA) for each in log.schema if each.startswith(EXTRA) or each == "region"]
    for field in by or ():
        if field not in known:
            raise InputError(
                f"there is no field {field!r}" + nearest(field, known),
                mend=f"choose among {', '.join(known) or 'none'}",
            )


def _verdicts(cells: pl.DataFrame, signal: str) -> pl.DataFrame:
    """Turns values into verdicts, and counts them by prompt, source and round."""
    scored = cells.filter(pl.col("value").is_not_null()) if cells.width else cells
    values = sorted(scored["value"].unique().to_list()) if cells.width else []
    if len(values) > 2:
        raise InputError(
            f"{signal} is a score with {len(values)} values, and pass rates are shares of verdicts",
            mend=f"make it a verdict: --accept '{signal}>={values[-1]:g}'",
        )
    bound = sum(values) / 2 if len(values) == 2 else 0.5
    return scored.with_columns(passed=pl.col("rows") * (pl.col("value") > bound)) if cells.width else cells


def _of_source(counts: pl.DataFrame, source: str | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Parts what the chosen source did from what the others did."""
    names = counts["source"].drop_nulls().unique().sort().to_list()
    if source is None and len(names) > 1:
        raise InputError(
            f"{len(names)} models answered these prompts, and a pass rate is one model's",
            mend=f"choose one: --source {names[0]}",
        )
    if source is not None and source not in names:
        raise InputError(
            f"no rollout is by {source!r}" + nearest(source, names), mend=f"they are by {', '.join(names)}"
        )
    if source is None:
        return counts, counts.clear()
    return counts.filter(pl.col("source") == source), counts.filter(pl.col("source") != source)


def _assembled(
    table: pl.DataFrame,
    own: pl.DataFrame,
    others: pl.DataFrame,
    seen: pl.DataFrame,
    tokens: float | None,
    source: str | None,
    by: Sequence[str] | None,
    embedding: str | None,
    name: str,
    known: Sequence[str],
) -> History:
    order = table.with_row_index("index").select("key", pl.col("index").cast(pl.Int64))
    rounds = own["round"].unique().sort()
    place = {number: at for at, number in enumerate(rounds.to_list())}
    blocks = min(len(place), BLOCKS)
    block = own["round"].replace_strict(list(place), [at * blocks // len(place) for at in place.values()])
    summed = (
        own.with_columns(block.alias("block"))
        .join(order, on="key", how="left", maintain_order="left")
        .group_by("index", "block")
        .agg(pl.col("passed").sum(), pl.col("rows").sum())
        .sort("index", "block")
    )
    fields, notes = _fields(table, seen if source is None else _first_own(seen, source), own, by, embedding, known)
    if not others.is_empty():
        rate = others.group_by("key", "source").agg(pl.col("passed").sum() / pl.col("rows").sum())
        mean = rate.group_by("key").agg(pl.col("passed").mean().alias(OTHERS))
        fields = fields.join(mean, on="key", how="left", maintain_order="left")
    chosen = EXTRA + CHOSEN in seen.columns and seen[EXTRA + CHOSEN].null_count() < seen.height
    return History(
        prompts=table.join(fields, on="key", how="left", maintain_order="left"),
        has_text=name == "prompt",
        index=summed["index"].to_numpy(),
        block=summed["block"].to_numpy().astype(np.int64),
        successes=summed["passed"].to_numpy().astype(np.float64),
        rollouts=summed["rows"].to_numpy().astype(np.float64),
        blocks=blocks,
        rounds=len(place),
        chosen=chosen,
        tokens=tokens,
        notes=tuple(notes),
    )


def _first_own(seen: pl.DataFrame, source: str) -> pl.DataFrame:
    """Puts the rows of the source first: its own uncertainty counts, and fields of others fill what it lacks."""
    return seen.with_columns((pl.col("source") != source).fill_null(value=True).alias("other")).sort(
        "other", maintain_order=True
    ).drop("other")  # fmt: skip


def _fields(
    table: pl.DataFrame,
    seen: pl.DataFrame,
    own: pl.DataFrame,
    by: Sequence[str] | None,
    embedding: str | None,
    known: Sequence[str],
) -> tuple[pl.DataFrame, list[str]]:
    """Chooses the columns that describe prompts, and takes their values."""
    kept, notes, varying, copies, unproven = [], [], [], [], []
    tried = own.group_by("key").agg(pl.col("rows").sum())["rows"]
    once = int((tried < 2).sum()) > ONCE * len(tried)
    rates = own.group_by("key").agg((pl.col("passed").sum() / pl.col("rows").sum()).alias("rate"))
    told = seen.drop("source").group_by("key", maintain_order=True)
    first = told.agg(pl.all().drop_nulls().first())
    several = told.agg(pl.all().drop_nulls().n_unique()).select(pl.exclude("key").max())
    for column in first.columns:
        field = column.removeprefix(EXTRA)
        if column == "key" or field == CHOSEN or (by is not None and field not in (*by, embedding, UNCERTAIN)):
            continue
        own_state = field == UNCERTAIN or "entropy" in field.lower()
        if not own_state and (several[column][0] or 0) > 1:
            varying.append(field)
        elif field == embedding or _fit(first[column]):
            if once and by is None and not own_state and field not in ("region", embedding, *known):
                unproven.append(field)
            elif field != embedding and not own_state and _copies(first.select("key", column), rates):
                copies.append(field)
            else:
                kept.append(pl.col(column).alias(field))
    if asked := [field for field in by or () if field in varying]:
        raise InputError(f"{asked[0]} differs between rollouts of one prompt, so it is no field of the prompt")
    if unproven:
        notes.append(
            f"left out, because prompts were tried once and these may come from the rollout: {', '.join(unproven)} "
            "(--by takes one)"
        )
    if copies:
        notes.append(f"left out, because it follows the prompts' own verdicts: {', '.join(copies)}")
    return table.select("key").join(first.select("key", *kept), on="key", how="left", maintain_order="left"), notes


def _fit(values: pl.Series) -> bool:
    """Tells whether a column can be a field: numbers that differ, or texts with few levels."""
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return values.drop_nulls().n_unique() > 1
    if values.dtype != pl.String:
        return False
    levels = values.drop_nulls().unique()
    most = min(MOST_LEVELS, max(len(values) // 4, 2))
    return 1 < len(levels) <= most and int(levels.str.len_chars().max() or 0) <= LONGEST  # type: ignore[arg-type]


def _copies(values: pl.DataFrame, rates: pl.DataFrame) -> bool:
    """Tells whether a number goes with the prompts' own pass rates so closely that it must come from them."""
    column = values.columns[1]
    if not values[column].dtype.is_numeric():
        return False
    both = values.join(rates, on="key").drop_nulls()
    if both.height < 10 or both["rate"].n_unique() < 2 or both[column].n_unique() < 2:
        return False
    found = np.corrcoef(both[column].cast(pl.Float64).rank().to_numpy(), both["rate"].rank().to_numpy())[0, 1]
    return bool(abs(found) > LEAKS)
