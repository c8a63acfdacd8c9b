"""What a signal says beyond the model's logged state, measured on labelled rows and its controls."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.information import controls
from freshbits.information.resampling import mean
from freshbits.information.residual import Residual, Told, residual_bits, told
from freshbits.outputs.belief import belief
from freshbits.rollouts.schema import SIGNAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.labelled import Labelled
    from freshbits.results import Estimate, Json
    from freshbits.tally.tally import Tally

MIN_ROWS = 200  # labelled rows, and the prompts below: fewer cannot tell a signal from its controls
MIN_PROMPTS = 30
MIN_MINORITY = 10  # prompts with a right row, and with a wrong one: fewer and there is next to nothing to predict
MOST_ROWS = 20_000
MOST_NAMED = 12  # sources and regions that are told apart
SMALLEST_VOTE = 4  # rollouts in a group whose halves can vote for each other


@dataclass(frozen=True)
class Beyond:
    """Holds what was measured of one signal against truth.

    Attributes:
        measured: `beyond`, `nothing_beyond` or `cannot_tell`.
        found: what the signal says; None where right or wrong rows are too few to measure anything.
        controls: the same of moved verdicts, of verdicts by lot and of a hidden vote.
        failed: the control that was beyond although it cannot say anything.
        hidden: bits of the hidden vote.
        within: bits that a shuffle inside the group destroys: they are about the rollout.
        between: bits that it keeps: they are about the prompt.
        minority: labelled prompts with a right row or with a wrong one, whichever are fewer.
    """

    measured: str
    found: Residual | None = None
    controls: Json = field(default_factory=dict)
    failed: str | None = None
    hidden: Estimate | None = None
    within: Estimate | None = None
    between: Estimate | None = None
    minority: int = 0


def beyond(tally: Tally, signal: str, rows: Labelled, *, known: Told | None = None, beside: bool = True) -> Beyond:
    """Measures a signal on its labelled rows, given the logged belief, and its controls in the same way.

    Groups count equally, labels by 1 / inclusion probability.

    Args:
        tally: the counts of the log.
        signal: the signal.
        rows: its labelled rows.
        known: what the belief tells about the truth of these rows; fitted where None.
        beside: whether to measure, where the signal says something, what stands beside the verdict and decides
            nothing: the parts within and between prompts, and the hidden vote.
    """
    rows = capped(rows)
    minority = min(int(np.unique(rows.prompt[rows.right == side]).size) for side in (True, False))
    if minority < MIN_MINORITY:
        return Beyond("cannot_tell", minority=minority)
    known = known or believed(rows)
    found = residual_bits(known, rows.score)
    refuting = {"moved": _moved(rows, known), "random": _by_lot(rows, known)}
    failed = [name for name, control in refuting.items() if control is not None and control.beyond()]
    measured = "beyond" if found.beyond() else "nothing_beyond" if found.nothing() else "cannot_tell"
    shown = {name: asdict(control.bits) if control else None for name, control in refuting.items()}
    if failed or measured != "beyond" or not beside:
        return Beyond(measured, found, shown, next(iter(failed), None), minority=minority)
    within, between = _parts(tally, signal, rows, known, found)
    hidden = _hidden_vote(tally, rows)
    shown["hidden_vote"] = asdict(hidden) if hidden else None
    return Beyond(measured, found, shown, None, hidden, within, between, minority)


def believed(rows: Labelled) -> Told:
    """Fits what the logged belief tells about the truth: the same for all signals that score the same rows."""
    return told(rows.right, _varying(rows.belief), rows.prompt, rows.weight / rows.size, context(rows)[0])


def context(rows: Labelled) -> tuple[NDArray[np.float64], list[str]]:
    """Returns what is known of each row without looking at it, as columns, and the names behind them.

    Rounds become a cubic of their rank, sources and regions one column each for the twelve most frequent. Verdicts
    that are milder in an easy region say nothing by that about the task, and everybody knows the region.
    """
    columns: list[NDArray[np.float64]] = []
    names: list[str] = []
    rounds, rank = np.unique(rows.round, return_inverse=True)
    if rounds.size > 1:
        place = 2.0 * rank / (rounds.size - 1) - 1.0
        columns += [place**power for power in range(1, min(rounds.size, 4))]
        names.append("round")
    for name in ("source", "region"):
        if name in rows.rows.columns:
            values, counts = np.unique(rows.rows[name].fill_null("").to_numpy().astype(str), return_counts=True)
            common = values[np.argsort(-counts, kind="stable")][: MOST_NAMED + 1]
            columns += [(rows.rows[name].fill_null("") == str(value)).to_numpy().astype(float) for value in common[1:]]
            names += [name] if values.size > 1 else []
    return np.stack(columns, axis=1) if columns else np.zeros((rows.score.size, 0)), names


def capped(rows: Labelled) -> Labelled:
    """Returns whole prompts, smallest keys first, up to 20,000 labelled rows."""
    if rows.score.size <= MOST_ROWS:
        return rows
    keys, counts = np.unique(rows.prompt, return_counts=True)
    kept = keys[np.cumsum(counts) <= MOST_ROWS]
    return rows.where(np.isin(rows.prompt, kept if kept.size else keys[:1]))


def _moved(rows: Labelled, known: Told) -> Residual | None:
    """Measures verdicts moved to other prompts of their round, source and region; None where few can be moved."""
    names = [name for name in ("source", "region") if name in rows.rows.columns]
    place = rows.rows.select(pl.struct("round", *names).rank("dense").cast(pl.Int64)).to_series().to_numpy()
    donor = controls.moved(rows.prompt, place)
    here = donor >= 0
    if not _enough(rows.prompt[here]):
        return None
    if not here.all():
        known = told(
            known.right[here], known.belief[here], known.prompts[here], known.weight[here], known.context[here]
        )
    given = rows.score[donor[here]]
    return residual_bits(known, given, _expected(given, np.ones(given.size), place[here]))


def _by_lot(rows: Labelled, known: Told) -> Residual:
    """Measures verdicts by lot, as often accepted as the signal's own."""
    drawn = controls.by_lot(rows.score, known.weight)
    return residual_bits(known, drawn, _expected(rows.score, known.weight, np.zeros(drawn.size, dtype=np.int64)))


def _parts(
    tally: Tally, signal: str, rows: Labelled, known: Told, found: Residual
) -> tuple[Estimate | None, Estimate | None]:
    """Returns the bits that a shuffle inside the group destroys, and those that it keeps."""
    scored = _whole(tally).filter(pl.col(SIGNAL + signal).is_not_null())
    given = scored[SIGNAL + signal].to_numpy()[controls.shuffled(scored["group"].to_numpy())]
    score = _aligned(rows, scored.select("row").with_columns(pl.Series("given", given)))["given"].to_numpy()
    kept = residual_bits(known, score)
    lost = known.weight * (found.gain - kept.gain)
    _, place = np.unique(known.prompts, return_inverse=True)
    keys = np.unique(known.prompts)
    weight = np.bincount(place, weights=known.weight)
    within = mean(
        np.bincount(place, weights=lost) * keys.size / weight.sum(),
        keys,
        unit=found.bits.unit,
        method="bits of the signal less bits of the signal shuffled inside its groups",
        rollouts=found.bits.rollouts,
        bounds=(-np.inf, np.inf),
    )
    return within, kept.bits


def _hidden_vote(tally: Tally, rows: Labelled) -> Estimate | None:
    """Measures what the vote of one half of a group says about the other half beyond that half's own belief."""
    whole = _whole(tally)
    if "answer_class" not in whole.columns:
        return None
    whole = whole.filter(pl.len().over("group") >= SMALLEST_VOTE)
    if whole.height == 0:
        return None
    group = whole["group"].to_numpy()
    half = controls.halves(group)
    answers = whole["answer_class"].fill_null(0).rank("dense").cast(pl.Int64).to_numpy()
    vote = controls.hidden_vote(answers, group, half)
    apart = whole.with_columns(pl.struct("group", pl.Series("half", half)).rank("dense").alias("group"))
    table = belief(apart).with_columns(whole["row"], pl.Series("vote", vote))
    kept = rows.where(rows.rows["row"].is_in(table["row"].implode()).to_numpy())
    if not _enough(kept.prompt):
        return None
    state = _aligned(kept, table)
    columns = state.drop("row", "vote").to_numpy().astype(np.float64).reshape(state.height, -1)
    known = told(kept.right, _varying(columns), kept.prompt, kept.weight / kept.size, context(kept)[0])
    return residual_bits(known, state["vote"].to_numpy()).bits


def _whole(tally: Tally) -> pl.DataFrame:
    """Returns the labelled groups whole, one row per rollout."""
    rows = tally.labelled
    return rows.filter(pl.col("repeat").fill_null(0) == 0) if "repeat" in rows.columns else rows


def _aligned(rows: Labelled, table: pl.DataFrame) -> pl.DataFrame:
    """Returns the rows of a table, found by position in the log, in the order of the labelled rows."""
    return rows.rows.select("row").join(table, on="row", how="left", maintain_order="left")


def _varying(belief: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the columns that say anything on these rows."""
    columns = [np.unique(column[~np.isnan(column)]).size + int(np.isnan(column).any()) > 1 for column in belief.T]
    return belief[:, np.array(columns, dtype=bool)]


def _expected(
    given: NDArray[np.float64], weight: NDArray[np.float64], place: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """Returns the mean verdict of each place: what is known of a verdict that no belief about the row predicts.

    None for scores, which are ranked first: their expectation is fitted as the signal's is.
    """
    if np.unique(given).size > 2:
        return None
    _, at = np.unique(place, return_inverse=True)
    means: NDArray[np.float64] = (np.bincount(at, weights=weight * given) / np.bincount(at, weights=weight))[at]
    return means


def _enough(prompts: NDArray[np.uint64]) -> bool:
    return prompts.size >= MIN_ROWS and np.unique(prompts).size >= MIN_PROMPTS
