"""Rebalancing: the rows of a log among which the signal no longer pays for a feature.

The condition that takes a shortcut away is I(φ;S|Q) = 0, without truth in it: where truth and signal nearly agree,
I(φ;S|C,Q) is 0 already while φ still predicts S. It holds exactly among rows that `matched` keeps. The price is rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.errors import InputError
from freshbits.information.pooled import pooled_bits
from freshbits.outputs.features.own import parse_features
from freshbits.rebalanced import Balance, Rebalanced
from freshbits.remedies.matched import matched
from freshbits.remedies.values import check_names, is_number, read_values
from freshbits.rollouts.options import nearest
from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from freshbits.results import Estimate
    from freshbits.rollouts.log import Log

FEWEST = 64  # rows kept; fewer train nothing
UNKNOWN = 0.01  # share of rows without a value from which a feature is not known well enough to act on
BINS = (4, 8, 16, 32)  # numbers are cut more finely until what is left says nothing
SURE = 1.96  # standard errors from which what is left inside a level counts as something
KEPT = 0.5  # share of a protected feature's bits that has to stay
PER_PROMPT = 4  # rows per prompt from which prompts can be held fixed
WITHIN = ("prompt", "region", "log")
CHANGED = "selection changes base rates: audits of these rows say nothing about the policy that wrote them"
LEFT = "inside a level the numbers still say something about the verdict"


def rebalance(
    log: Log,
    against: Sequence[str],
    protect: Sequence[str] = (),
    *,
    signal: str | None = None,
    within: str | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
    features: Sequence[str] = (),
) -> tuple[pl.DataFrame, Rebalanced]:
    """Chooses the rows of a log among which features say nothing about the verdict.

    Numbers are cut at quantiles, more finely until, among the rows kept, their values inside a level say nothing
    either. Scores count as accepted above the mean of their prompt.

    Args:
        log: the log.
        against: features that the signal should not pay for.
        protect: features that are part of the task.
        signal: the verdict; the log's first signal where None.
        within: "prompt", "region" or "log": what is held fixed; the strictest that leaves 64 rows where None.
        seed: the same seed keeps the same rows.
        progress: called with what is being done, in words.
        features: features of one's own, as `freshbits audit --feature` takes them, to be named in the others.

    Returns:
        (the rows of the log that are kept, as read, with `weight` 1; what was done).

    Raises:
        InputError: if a feature is unknown, both removed and protected, not known on more than 1 % of rows, or goes so
            closely with the verdict that nothing is left; if a protected feature would lose more than half of its
            bits; if what is to be held fixed is unknown or not logged.

    It cannot take away what it cannot see: a feature that is detected with errors leaves the hack in place (with 10 %
    wrong values two thirds of it, in classifiers), so name features that are counted, not guessed.

    >>> rows = [{"prompt": f"q{i // 8}", "completion": "- a" if i % 2 else "a", "reward": float(i % 8 in (1, 3, 5, 6))}
    ...         for i in range(800)]
    >>> from freshbits.rollouts.read import read
    >>> kept, found = rebalance(read(pl.DataFrame(rows)), ["bullets"])
    >>> found.within, found.kept, kept["signal.reward"].mean()
    ('prompt', 400, 0.5)
    """
    signal = signal or log.signals[0]
    if both := sorted(set(against) & set(protect)):
        raise InputError(f"{both[0]} is protected and cannot be removed", mend="name it in one of --against, --protect")
    own = parse_features(features)
    check_names(log, signal, [*against, *protect], own)
    _check_within(log, within)
    rows = read_values(log, [*against, *protect], progress, own).filter(pl.col(SIGNAL + signal).is_not_null())
    unread = log.problems.sentences()
    for name in against:
        unknown = rows[f"value.{name}"].null_count()
        if unknown > UNKNOWN * rows.height:
            raise InputError(
                f"{name} is not known on {unknown:,} of {rows.height:,} rows, and what is not known cannot be removed",
                mend="log it on every row, or leave it out",
            )
    rows = rows.drop_nulls([f"value.{name}" for name in against])
    accepted = _accepted(rows, signal)
    chosen = _choose(rows, against, accepted, within, seed)
    if chosen is None:
        raise InputError(
            f"fewer than {FEWEST} rows are left: {' and '.join(against)} go{'es' if len(against) == 1 else ''} too "
            "closely with the verdict",
            mend="collect rows that have the feature and are rejected, or the other way round",
        )
    kept, within, bins, clear = chosen
    told = _before_after(rows, accepted, kept, [(name, "against") for name in against])
    told += _before_after(rows, accepted, kept, [(name, "protected") for name in protect])
    for entry in told:
        if entry.role == "protected" and _lost(entry):
            raise InputError(
                f"{entry.feature} is protected and would lose more than half of its bits",
                mend=f"it goes with {' or '.join(against)}: collect rows in which they differ",
            )
    if "truth" in rows.columns:
        told += _before_after(rows, accepted, kept, [("truth", "truth")])
    result = Rebalanced(
        signal=signal,
        within=within,
        rows=rows.height,
        kept=int(kept.sum()),
        accepted=int((kept & accepted).sum()),
        bins=bins,
        features=told,
        notes=[
            *unread,
            CHANGED,
            *([] if clear else [f"cut more finely than {bins} levels too few rows are left: {LEFT}"]),
        ],
    )
    return _rows(log, rows["row"].to_numpy()[kept]), result


def _check_within(log: Log, within: str | None) -> None:
    """Raises an `InputError` for a stratum that is unknown or not logged."""
    if within is not None and within not in WITHIN:
        raise InputError(
            f"{within!r} is nothing to hold fixed" + nearest(within, WITHIN), mend=f"choose among {', '.join(WITHIN)}"
        )
    if within == "region" and "region" not in log.schema:
        raise InputError("the log has no regions", mend="name the column: --map region=COLUMN")


def _accepted(rows: pl.DataFrame, signal: str) -> NDArray[np.bool_]:
    """Returns the verdict of each row: the higher of two values, else a score above the mean of its prompt."""
    score = rows[SIGNAL + signal]
    if score.n_unique() == 2:
        return (score == score.max()).to_numpy()
    above = rows.select(pl.col(SIGNAL + signal) > pl.col(SIGNAL + signal).mean().over("prompt"))
    return above.to_series().to_numpy()


def _choose(
    rows: pl.DataFrame, against: Sequence[str], accepted: NDArray[np.bool_], within: str | None, seed: int
) -> tuple[NDArray[np.bool_], str, int, bool] | None:
    """Finds the strictest stratum and the coarsest levels that leave rows, and whether they leave nothing to see."""
    best = None
    for name in [within] if within else _strata(rows):
        stratum = _stratum(rows, name)
        for bins in BINS if any(is_number(feature) for feature in against) else (1,):
            cell = _cells(rows, against, bins)
            kept = matched(accepted, cell, stratum, seed)
            if kept.sum() < FEWEST:
                break
            clear = all(_says_nothing(rows, feature, accepted, kept, cell, stratum) for feature in against)
            best = (kept, name, bins, clear)
            if clear:
                return best
        if best is not None:
            return best
    return best


def _strata(rows: pl.DataFrame) -> list[str]:
    found = ["prompt"] if rows.height >= PER_PROMPT * rows["prompt"].n_unique() else []
    return [*found, *(["region"] if "region" in rows.columns else []), "log"]


def _stratum(rows: pl.DataFrame, name: str) -> NDArray[np.int64]:
    if name == "log":
        return np.zeros(rows.height, dtype=np.int64)
    return rows[name].fill_null("" if rows[name].dtype == pl.String else 0).rank("dense").cast(pl.Int64).to_numpy()


def _cells(rows: pl.DataFrame, names: Sequence[str], bins: int) -> NDArray[np.int64]:
    """Numbers the joint values of the features; counts by their quantiles over the log."""
    codes = []
    for name in names:
        values = rows[f"value.{name}"].to_numpy()
        if is_number(name):
            cuts = np.unique(np.quantile(values, np.arange(1, bins) / bins))
            codes.append(np.searchsorted(cuts, values, side="right"))
        else:
            codes.append(np.unique(values, return_inverse=True)[1])
    _, cell = np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)
    return cell.ravel().astype(np.int64)


def _says_nothing(
    rows: pl.DataFrame,
    name: str,
    accepted: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    cell: NDArray[np.int64],
    stratum: NDArray[np.int64],
) -> bool:
    """Tells whether a number's logarithm says nothing about the verdict inside a level, among the rows kept.

    z = Σ_q t_q / √(Σ_q t_q²), t_q = Σ (φ - mean of φ in the level) (accepted - 1/2) over the rows of prompt q.
    """
    if not is_number(name):
        return True
    values = np.log1p(rows[f"value.{name}"].to_numpy()[kept])
    _, place = np.unique(np.stack([stratum[kept], cell[kept]], axis=1), axis=0, return_inverse=True)
    place = place.ravel()
    inside = values - (np.bincount(place, weights=values) / np.bincount(place))[place]
    _, owner = np.unique(rows["prompt"].to_numpy()[kept], return_inverse=True)
    told = np.bincount(owner, weights=inside * (accepted[kept] - 0.5))
    return bool(abs(told.sum()) <= SURE * np.sqrt((told**2).sum()))


def _before_after(
    rows: pl.DataFrame, accepted: NDArray[np.bool_], kept: NDArray[np.bool_], names: Sequence[tuple[str, str]]
) -> list[Balance]:
    found = []
    for name, role in names:
        values = rows["truth" if role == "truth" else f"value.{name}"].cast(pl.Float64).to_numpy()
        known = ~np.isnan(values)
        found.append(
            Balance(
                feature=name,
                role=role,
                before=_bits(values, rows, accepted, known, name),
                after=_bits(values, rows, accepted, known & kept, name),
            )
        )
    return found


def _bits(
    values: NDArray[np.float64], rows: pl.DataFrame, accepted: NDArray[np.bool_], mask: NDArray[np.bool_], name: str
) -> Estimate | None:
    """Estimates the bits a feature shares with the verdict over these rows; None for fewer than 64."""
    if mask.sum() < FEWEST:
        return None
    part = values[mask]
    if is_number(name):
        cuts = np.unique(np.quantile(values[~np.isnan(values)], [0.25, 0.5, 0.75]))
        level = np.searchsorted(cuts, part, side="right")
    else:
        level = np.unique(part, return_inverse=True)[1]
    verdict, prompts = accepted[mask].astype(np.float64), rows["prompt"].to_numpy()[mask]
    return replace(pooled_bits(level.astype(np.int64), verdict, prompts)[0], unit="bits/row")


def _lost(entry: Balance) -> bool:
    if entry.before is None or entry.after is None or entry.before.low is None or entry.before.low <= 0:
        return False
    return (entry.after.value or 0.0) < KEPT * (entry.before.value or 0.0)


def _rows(log: Log, wanted: NDArray[np.int64]) -> pl.DataFrame:
    """Reads the rows that are kept, whole."""
    parts = []
    before = 0
    for batch in log.again(list(log.schema)):
        here = wanted[np.searchsorted(wanted, before) : np.searchsorted(wanted, before + batch.height)]
        parts.append(batch[here - before])
        before += batch.height
    return pl.concat(parts).with_columns(weight=pl.lit(1.0))
