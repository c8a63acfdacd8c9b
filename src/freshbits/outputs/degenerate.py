"""Degenerate sources: generators whose completions do not answer their prompts, named before anything else.

Two signs, each with strong evidence only: one text for most prompts, and completions that share no more words
with their own prompt than with other prompts of the same source. Both say something about the text alone;
neither says that the signal noticed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from freshbits.outputs.compact import FEATURE
from freshbits.outputs.keys import combined_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_PROMPTS = 30
MOST = 0.9
"""Share of prompts from which one text is named at any length: short answers repeat for good reasons."""
MOST_LONG = 0.5
LONG = 40
"""Characters from which a completion is more than a short answer; from there `MOST_LONG` suffices."""

SAMPLED = 300
KEPT_CHARACTERS = 4000
LEAST_LONG = 100
LEAST_WORDS = 20
LEAST_RARE = 3
RARE = 0.05
NO_OVERLAP = 0.03
"""Excess of the own share below which a source is deaf; models that answer have 0.3 and more."""
Z_99 = 2.326

_WORD = re.compile(r"[a-z0-9]{2,}")
_WHOLE = "the whole log"


@dataclass(frozen=True)
class Sampled:
    """Holds up to `SAMPLED` rows per source, one per prompt, the same for any order and split of the log.

    Attributes:
        rows: `source, rank, prompt, completion`; `rank` is the seeded key by which the smallest are kept.
    """

    rows: pl.DataFrame

    @staticmethod
    def empty() -> Sampled:
        """Returns a sample of nothing."""
        schema = {"source": pl.String, "rank": pl.UInt64, "prompt": pl.String, "completion": pl.String}
        return Sampled(pl.DataFrame(schema=schema))

    def merge(self, other: Sampled) -> Sampled:
        """Returns the sample of both parts together."""
        return Sampled(_smallest(pl.concat([self.rows, other.rows])))


def sample(batch: pl.DataFrame, frame: pl.DataFrame, seed: int = 0) -> Sampled:
    """Samples a batch for the overlap rule; empty where it has no prompt text or no completions.

    Args:
        batch: canonical rows with `prompt` and `completion`.
        frame: `compact` of the same rows.
        seed: of the ranks.
    """
    if "prompt" not in batch.columns or "completion" not in batch.columns:
        return Sampled.empty()
    seeds = np.full(batch.height, seed, dtype=np.uint64)
    by_prompt = combined_keys([seeds, frame["prompt"].fill_null(0).to_numpy()])
    by_row = combined_keys([by_prompt, frame["text"].fill_null(0).to_numpy()])
    # The high half orders prompts, the low half rows within one, so that a prompt gives its first row only.
    rank = (by_prompt >> np.uint64(32) << np.uint64(32)) | (by_row >> np.uint64(32))
    source = pl.col("source") if "source" in batch.columns else pl.lit(None, pl.String)
    chosen = batch.select(source.fill_null(_WHOLE).alias("source"), pl.int_range(pl.len()).alias("row"))
    chosen = chosen.with_columns(pl.Series("rank", rank))
    known = batch.select(pl.all_horizontal(pl.col("prompt", "completion").is_not_null())).to_series()
    chosen = _smallest(chosen.filter(known))
    texts = batch.select(pl.col("prompt", "completion").gather(chosen["row"]).str.head(KEPT_CHARACTERS))
    # Copied through Python: a selection of strings keeps the whole batch's text alive behind it.
    texts = pl.DataFrame({name: texts[name].to_list() for name in texts.columns}, schema=texts.schema)
    return Sampled(pl.concat([chosen.select("source", "rank"), texts], how="horizontal"))


def _smallest(rows: pl.DataFrame) -> pl.DataFrame:
    prompt = pl.col("rank") // (1 << 32)
    return (
        rows.sort("source", "rank")
        .filter(prompt.is_first_distinct().over("source"))
        .filter(pl.int_range(pl.len()).over("source") < SAMPLED)
    )


def degenerate(frame: pl.DataFrame, sampled: Sampled, *, pairs: bool = False) -> list[dict[str, Any]]:
    """Names the degenerate sources, worst first, as `{source, why, share}`.

    *One text*: the commonest completion is at least 90 % of a source's completions (50 % where it is 40
    characters or longer), averaged over at least 30 prompts. `share` is that share.

    *No overlap*: of the rare
    words of a prompt (in at most 5 % of the sampled prompts), the share found in its own completion, less the
    mean share found in it of other prompts' rare words, averages less than 3 % by its upper 99 % bound. Only
    completions of at least 20 words count, and at least 100 of them are needed, so a source that logs final
    answers alone is never named for it. `share` is the mean own share. A completion in another language than
    its prompt looks the same to this rule.

    Args:
        frame: rows of `compact`, of the whole log.
        sampled: merged samples of all batches.
        pairs: features are differences, so that a text's length is not known and 90 % is asked of all.
    """
    found = _one_text(frame, pairs) + _no_overlap(sampled)
    return sorted(found, key=lambda each: (-int("one text" in each["why"]), -each["share"], each["source"]))


def _one_text(frame: pl.DataFrame, pairs: bool) -> list[dict[str, Any]]:
    if "text" not in frame.columns or "prompt" not in frame.columns:
        return []
    source = pl.col("source") if "source" in frame.columns else pl.lit(None, pl.String)
    length = pl.lit(0) if pairs else pl.col(f"{FEATURE}characters")
    rows = frame.select(source.fill_null(_WHOLE).alias("source"), "prompt", "text", length.alias("length"))
    rows = rows.drop_nulls(["prompt", "text"])
    # Prompts weigh equally, however often each was attempted.
    weighted = rows.with_columns((1 / pl.len().over("source", "prompt")).alias("weight"))
    prompts = rows.group_by("source").agg(pl.col("prompt").n_unique().alias("prompts"))
    common = (
        weighted.group_by("source", "text")
        .agg(pl.col("weight").sum(), pl.col("length").first())
        .sort("source", "weight", "text", descending=[False, True, False])
        .unique("source", keep="first", maintain_order=True)
        .join(prompts, on="source", maintain_order="left")
        .with_columns((pl.col("weight") / pl.col("prompts")).alias("share"))
        .filter(
            (pl.col("prompts") >= LEAST_PROMPTS)
            & ((pl.col("share") >= MOST) | ((pl.col("share") >= MOST_LONG) & (pl.col("length") >= LONG)))
        )
    )
    found = []
    for row in common.iter_rows(named=True):
        text = "one text" if pairs else f"one text of {row['length']:,} characters"
        why = f"{text} is {row['share']:.0%} of its completions over {row['prompts']:,} prompts"
        found.append({"source": row["source"], "why": why, "share": row["share"]})
    return found


def _no_overlap(sampled: Sampled) -> list[dict[str, Any]]:
    found = []
    for (source,), rows in sampled.rows.group_by("source", maintain_order=True):
        own, other = overlaps(rows["prompt"].to_list(), rows["completion"].to_list())
        if len(own) < LEAST_LONG:
            continue
        excess = own - other
        high = float(excess.mean() + Z_99 * excess.std(ddof=1) / np.sqrt(len(excess)))
        if high < NO_OVERLAP:
            why = (
                f"{len(own)} sampled completions hold {own.mean():.1%} of the rare words of their own "
                f"prompts and {other.mean():.1%} of those of other prompts"
            )
            found.append({"source": source, "why": why, "share": float(own.mean())})
    return found


def overlaps(prompts: list[str], completions: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns, per long completion, the share of its prompt's rare words in it and the mean for others.

    >>> own, other = overlaps(["alpha beta gamma"] , ["short"])
    >>> len(own), len(other)
    (0, 0)
    """
    asked = [set(_WORD.findall(prompt.lower())) for prompt in prompts]
    said = [set(_WORD.findall(completion.lower())) for completion in completions]
    counts: dict[str, int] = {}
    for words in asked:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    most = max(1, int(RARE * len(prompts)))
    rare = [{word for word in words if counts[word] <= most} for words in asked]
    usable = [index for index in range(len(prompts)) if len(rare[index]) >= LEAST_RARE]
    own, other = [], []
    for index in usable:
        if len(said[index]) < LEAST_WORDS:
            continue
        shares = [len(rare[each] & said[index]) / len(rare[each]) for each in usable if each != index]
        if shares:
            own.append(len(rare[index] & said[index]) / len(rare[index]))
            other.append(sum(shares) / len(shares))
    return np.array(own), np.array(other)
