"""Where the verifier is worst: by region, source, round, truncation, surface feature; and single prompts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from freshbits.criteria.rounds import blocks_of
from freshbits.information.excess import excess_test, prompt_test
from freshbits.information.intercept import false_discovery
from freshbits.information.rates import rates
from freshbits.information.resampling import MIN_PROMPTS
from freshbits.information.weighted import Sample, share
from freshbits.outputs.features.core import CORE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from freshbits.criteria.labelled import Labelled

MIN_ROWS = 30  # labelled rows of a stratum
MIN_KIND = 5  # of which right ones, to judge its TPR, or wrong ones, to judge its FPR
MOST_Q = 0.10
MOST_VALUES = 50  # of a text column: the most frequent ones
MOST_PROMPTS = 5
FEATURE = "feature."


@dataclass(frozen=True)
class _Loss:
    """Holds one tested loss: a part of the log, which rate is worse there, by how much, and what it takes off J."""

    feature: str
    value: str
    rate: str
    excess: float
    from_j: float
    mask: NDArray[np.bool_]


def worst_stratum(rows: Labelled, verdict: NDArray[np.bool_]) -> dict[str, Any] | None:
    """Finds the part of the log where the verifier loses most of its J; None where no part stands out.

    A part loses by accepting more wrong rows (FPR above that of the rest) or fewer right ones (TPR below it). Parts:
    each region, source, block of rounds, truncated or not, and each core feature: its two values, its categories, or
    thirds of its values. Both losses of all parts with 30 or more labelled rows of 10 or more prompts are tested
    (`excess_test`, prompts as the unit), the p-values doubled because gains are looked at too; q-values are
    Benjamini-Hochberg. Of the parts with a loss at q ≤ .1 the one whose J is furthest below that of the whole log is
    given, so a part that accepts more of everything is worse only by what it loses. Where rates are the same
    everywhere a part is named in 5 % of logs at most.

    Returns:
        {feature, value, fpr, tpr, j, agreement, loss ("fpr" or "tpr"), excess (of that rate over the whole log's),
        q_value, rows, prompts}.
    """
    losses, p_values = _losses(rows, verdict)
    if not losses:
        return None
    q_values = false_discovery(np.array(p_values))
    sure = [(loss, float(q)) for loss, q in zip(losses, q_values, strict=True) if q <= MOST_Q and loss.from_j > 0]
    if not sure:
        return None
    worst, q_value = max(sure, key=lambda each: (each[0].from_j, -each[1]))
    return {
        "feature": worst.feature,
        "value": worst.value,
        **_rates(rows, verdict, worst.mask),
        "loss": worst.rate,
        "excess": worst.excess,
        "q_value": q_value,
        "rows": int(worst.mask.sum()),
        "prompts": int(np.unique(rows.prompt[worst.mask]).size),
    }


def _losses(rows: Labelled, verdict: NDArray[np.bool_]) -> tuple[list[_Loss], list[float]]:
    """Returns every loss that can be tested, and its p-value."""
    sample = Sample.of(rows.weight, rows.stratum, rows.prompt)
    kinds = (("fpr", ~rows.right, verdict), ("tpr", rows.right, ~verdict))
    whole = {rate: share(hit, kind, sample) for rate, kind, hit in kinds}
    found, p_values = [], []
    for feature, value, mask in _parts(rows):
        if mask.sum() < MIN_ROWS or mask.all() or np.count_nonzero(np.bincount(sample.prompt[mask])) < MIN_PROMPTS:
            continue
        here: list[tuple[str, float, float]] = []
        for rate, kind, hit in kinds:
            part, rest = (share(hit, kind & side, sample, unseen=hit & side) for side in (mask, ~mask))
            everywhere = whole[rate]
            if part is None or rest is None or everywhere is None:
                continue
            if min(part.rows, rest.rows) >= MIN_KIND:
                here.append((rate, part.value - everywhere.value, min(2 * excess_test(part, rest), 1.0)))
        from_j = sum(excess for _, excess, _ in here)
        found += [_Loss(feature, value, rate, excess, from_j, mask) for rate, excess, _ in here]
        p_values += [p_value for _, _, p_value in here]
    return found, p_values


def by_round(rows: Labelled, verdict: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Returns the rates of each block of rounds with 30 or more labelled rows; empty where fewer than two have."""
    found = []
    most = max(rows.score.size // (2 * MIN_ROWS), 2)
    for number, (first, last) in enumerate(blocks_of(rows.round, min(most, 20))):
        mask = (rows.round >= first) & (rows.round <= last)
        if mask.sum() >= MIN_ROWS:
            block = {"round": number, "from": first, "to": last, "rows": int(mask.sum())}
            found.append(block | _rates(rows, verdict, mask))
    return found if len(found) >= 2 else []


def by_region(rows: Labelled, verdict: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Returns the rates of each region with 30 or more labelled rows, the largest first; empty where there is one."""
    table = rows.rows
    if "region" not in table.columns or table["region"].n_unique() < 2:
        return []
    found = []
    for value, mask in _frequent(table["region"]):
        if mask.sum() >= MIN_ROWS:
            found.append({"region": value, "rows": int(mask.sum()), **_rates(rows, verdict, mask)})
    return found


def worst_prompts(rows: Labelled, verdict: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Names up to five prompts whose wrong rows pass more often than in the whole log, the highest FPR first.

    A prompt is named where the binomial tail of its accepted wrong rows at the log's FPR has a Benjamini-Hochberg
    q ≤ .1 over all prompts with five or more wrong labelled rows. `row` is the position of its first labelled row in
    the log, counted from 0; `j` is null where no right row of it is labelled.
    """
    keys, place = np.unique(rows.prompt, return_inverse=True)
    cells = np.bincount(place * 4 + 2 * rows.right + verdict, minlength=4 * keys.size).reshape(keys.size, 2, 2)
    wrong, passed = cells[:, 0].sum(axis=1), cells[:, 0, 1]
    several = np.flatnonzero(wrong >= MIN_KIND)
    if several.size == 0:
        return []
    rate = float(passed.sum() / wrong.sum())
    q_values = false_discovery(prompt_test(passed[several], wrong[several], rate))
    named = [(float(passed[q] / wrong[q]), int(wrong[q]), int(q)) for q in several[q_values <= MOST_Q]]
    first = rows.rows["row"].to_numpy()
    result = []
    for fpr, count, prompt in sorted(named, key=lambda each: (-each[0], -each[1], each[2]))[:MOST_PROMPTS]:
        right = int(cells[prompt, 1].sum())
        tpr = float(cells[prompt, 1, 1] / right) if right else None
        result.append(
            {
                "row": int(first[place == prompt].min()),
                "right": right,
                "wrong": count,
                "tpr": tpr,
                "fpr": fpr,
                "j": None if tpr is None else tpr - fpr,
            }
        )
    return result


def _rates(rows: Labelled, verdict: NDArray[np.bool_], mask: NDArray[np.bool_]) -> dict[str, Any]:
    sample = Sample.of(rows.weight[mask], np.unique(rows.stratum[mask], return_inverse=True)[1], rows.prompt[mask])
    found = rates(verdict[mask], rows.right[mask], sample)
    named = (("fpr", found.fpr), ("tpr", found.tpr), ("j", found.j), ("agreement", found.agreement))
    return {name: None if value is None else asdict(value) for name, value in named}


def _parts(rows: Labelled) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Yields (feature, value, rows of the part)."""
    table = rows.rows
    for name in ("region", "source"):
        if name in table.columns:
            yield from ((name, value, mask) for value, mask in _frequent(table[name]))
    for first, last in blocks_of(rows.round, max(min(rows.score.size // (2 * MIN_ROWS), 20), 2)):
        value = str(first) if first == last else f"{first} to {last}"
        yield "round", value, (rows.round >= first) & (rows.round <= last)
    if "truncated" in table.columns:
        for cut in (True, False):
            yield "truncated", "yes" if cut else "no", (table["truncated"] == cut).fill_null(value=False).to_numpy()
    for feature in CORE:
        if FEATURE + feature.name in table.columns:
            column = table[FEATURE + feature.name].cast(pl.Float64).fill_null(np.nan).to_numpy()
            names = feature.names if feature.kind == "category" and "opponent" not in table.columns else ()
            for value, mask in _values(column, names, numeric=feature.kind == "count"):
                yield feature.name, value, mask


def _frequent(column: pl.Series) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yields the most frequent values of a text column, most frequent first."""
    codes = column.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    counts, names = np.bincount(codes), column.drop_nulls().unique().sort()
    counts[0] = 0
    for code in np.argsort(-counts, kind="stable")[: min(MOST_VALUES, len(names))]:
        yield str(names[int(code) - 1]), codes == code


def _values(
    column: NDArray[np.float64], names: tuple[str, ...], *, numeric: bool
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yields the values of a flag or category, or the thirds of a number (two parts where half of the rows agree)."""
    known = column[~np.isnan(column)]
    distinct = np.unique(known)
    if not numeric or distinct.size <= 2:
        for value in distinct:
            named = names[int(value)] if 0 <= value < len(names) else f"{value:g}"
            yield named, column == value
        return
    cuts = np.unique(np.quantile(known, [1 / 3, 2 / 3], method="lower"))
    edges = [-np.inf, *cuts[cuts < distinct[-1]].tolist(), np.inf]
    for low, high in pairwise(edges):
        inside = known[(known > low) & (known <= high)]
        if inside.size:
            least, most = inside.min(), inside.max()
            shown = f"{least:g}" if least == most else f"{least:g} to {most:g}"
            yield shown, (column > low) & (column <= high)
