"""A belief for every prompt of a log or a pool: stated by the predictor, corrected by the prompt's own verdicts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.allocated import Prediction, Score
from freshbits.remedies.allocation.belief import KEPT, KEPT_ASKED, NEAR, Belief
from freshbits.remedies.allocation.hierarchy import refitted
from freshbits.remedies.allocation.posterior import logit
from freshbits.remedies.prediction.betabinomial import UNKNOWN
from freshbits.remedies.prediction.encode import Raw
from freshbits.remedies.prediction.forgetting import fit_kept
from freshbits.remedies.prediction.scores import brier, calibration_error, difference, log_loss, reliability
from freshbits.remedies.prediction.stack import BASE, FOLDS, Predictor, fit
from freshbits.results import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.remedies.prediction.history import History

KNOWN = 0.5  # a field has to be known half as often of prompts without verdicts as of those with verdicts
ENOUGH, STEPS = 20_000, 40  # prompts that what rates are worth is fitted to, and EM steps
DISCOUNT = 0.8  # of a block of rounds against the next, where nothing tells


@dataclass(frozen=True)
class Believed:
    """Holds what is believed of every candidate.

    Attributes:
        prompts: `key` and `prompt` of every candidate.
        raw: their numbers.
        belief: a Beta per candidate.
        predictor: what states their rates; None where no prompt was tried.
        prediction: how good it is.
        tried: which candidates have verdicts.
    """

    prompts: pl.DataFrame
    raw: Raw
    belief: Belief
    predictor: Predictor | None
    prediction: Prediction | None
    tried: NDArray[np.bool_]


def believe(
    history: History | None,
    pool: pl.DataFrame | None = None,
    *,
    embedding: str | None = None,
    has_text: bool = True,
    seed: int = 0,
) -> Believed:
    """Learns from a log's prompts what to believe of them and of a pool.

    Args:
        history: what a log says; None begins with nothing known.
        pool: the candidates (`read_pool`); those of the log where None.
        embedding: the field that holds embeddings as JSON text.
        has_text: whether the prompts of a pool without a log are texts; names say nothing.
        seed: of the folds.
    """
    table, tried, candidates = _table(history, pool)
    kept = None if history is None else fit_kept(history)
    if history is None:
        passed = asked = np.zeros(table.height)
    else:
        passed, asked = _placed(history, kept, table)
    fields = _fields(table, tried)
    vectors = _vectors(table, embedding) if embedding in fields else np.zeros((table.height, 0))
    read = [name for name in fields if name != embedding]
    texts = ["prompt"] if (has_text if history is None else history.has_text) else []
    raw = Raw.of(table.select(*texts, *read), vectors)
    rates = np.full(table.height, 0.5)
    rows = np.flatnonzero(tried)
    predictor = prediction = None
    worth = 1.0
    if rows.size:
        predictor = fit(raw.take(rows), passed[rows], asked[rows], seed)
        rates[rows] = predictor.crossed
        rest = np.flatnonzero(~tried)
        if rest.size:
            rates[rest] = predictor.predict(raw.take(rest))
        columns = [*(["text"] if raw.words is not None else []), *read, *(["embedding"] if vectors.shape[1] else [])]
        prediction = describe(predictor, passed[rows], asked[rows], columns, kept)
        worth = predictor.worth or UNKNOWN
    old = 1.0 if history is None or history.blocks < 2 else (DISCOUNT if kept is None else kept)
    told = Belief.stated(
        rates[candidates],
        worth=worth,
        kept=KEPT if kept is None else kept,
        kept_asked=KEPT_ASKED if kept is None else 1.0,
    )
    yes = old * passed[candidates]
    no = old * asked[candidates] - yes
    waited = np.ones(candidates.size) if history is None else _waited(history, table)[candidates]
    prior = told.prior
    if predictor is not None and predictor.worth is not None:
        some = np.random.default_rng(seed).permutation(rows)[:ENOUGH]
        for _ in range(STEPS):
            prior = refitted(prior, logit(np.clip(rates[some], NEAR, 1 - NEAR)), passed[some], (asked - passed)[some])
    belief = replace(
        told,
        successes=yes,
        failures=no,
        first_successes=yes,
        first_failures=no,
        waited=waited,
        prior=prior,
        first_stated=told.stated_logit,
        worth=worth,
    )
    return Believed(
        table.select("key", "prompt")[candidates],
        raw.take(candidates),
        belief,
        predictor,
        prediction,
        tried[candidates],
    )


def describe(
    predictor: Predictor,
    passed: NDArray[np.float64],
    asked: NDArray[np.float64],
    columns: list[str],
    kept: float | None,
) -> Prediction:
    """Scores what a predictor states of prompts whose verdicts it has not seen."""
    stated = {BASE: predictor.base}
    if predictor.field is not None and predictor.field_name is not None:
        stated[predictor.field_name] = predictor.field
    if predictor.learned is not None:
        stated["learned"] = predictor.learned
    base = log_loss(predictor.base, passed, asked)
    scores = []
    for name, rates in stated.items():
        own = log_loss(rates, passed, asked)
        gain, low, high = difference(base, own, FOLDS)
        told = Estimate(gain, low, high, 0.95, "bits/rollout", "five-fold", asked.size, round(float(asked.sum())))
        scores.append(
            Score(
                name=name,
                log_loss=float(own.mean()),
                brier=float(brier(rates, passed, asked).mean()),
                gain=None if name == BASE else told,
            )
        )
    bins = reliability(predictor.crossed, passed, asked)
    return Prediction(
        believed=predictor.kind,
        prompts=asked.size,
        columns=columns,
        scores=scores,
        worth=predictor.worth,
        kept=kept,
        reliability=bins,
        calibration_error=calibration_error(bins),
    )


def _table(
    history: History | None, pool: pl.DataFrame | None
) -> tuple[pl.DataFrame, NDArray[np.bool_], NDArray[np.int64]]:
    """Returns all prompts (candidates first), which of them were tried, and the numbers of the candidates."""
    if history is None:
        assert pool is not None
        return pool, np.zeros(pool.height, dtype=bool), np.arange(pool.height)
    known = history.prompts.with_columns(
        pl.Series("tried", np.bincount(history.index, history.rollouts, history.prompts.height) > 0)
    )
    if pool is None:
        return known.drop("tried"), known["tried"].to_numpy(), np.arange(known.height)
    shared = [name for name in pool.columns if name in known.columns and name not in ("key", "prompt")]
    one, other = pool, known
    for name in shared:
        if one[name].dtype != other[name].dtype:
            to = pl.Float64 if one[name].dtype.is_numeric() and other[name].dtype.is_numeric() else pl.String
            one, other = one.with_columns(pl.col(name).cast(to)), other.with_columns(pl.col(name).cast(to))
    joined = one.join(other.drop("prompt"), on="key", how="left", suffix=" (log)", maintain_order="left")
    joined = joined.with_columns(pl.coalesce(name, f"{name} (log)").alias(name) for name in shared)
    joined = joined.drop(f"{name} (log)" for name in shared)
    rest = other.join(one.select("key"), on="key", how="anti", maintain_order="left")
    table = pl.concat([joined, rest], how="diagonal_relaxed")
    return table.drop("tried"), table["tried"].fill_null(value=False).to_numpy(), np.arange(pool.height)


def _placed(
    history: History, kept: float | None, table: pl.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns successes and rollouts of every row of the table, older blocks counting less."""
    passed, asked = history.weighed(DISCOUNT if kept is None else max(kept, 0.05))
    counts = history.prompts.select("key").with_columns(passed=pl.Series(passed), asked=pl.Series(asked))
    both = table.select("key").join(counts, on="key", how="left", maintain_order="left")
    return both["passed"].fill_null(0.0).to_numpy(), both["asked"].fill_null(0.0).to_numpy()


def _waited(history: History, table: pl.DataFrame) -> NDArray[np.float64]:
    """Returns how many blocks ago each prompt was asked; one more than all where it never was."""
    last = np.full(history.prompts.height, -1.0)
    np.maximum.at(last, history.index, history.block)
    blocks = history.prompts.select("key").with_columns(last=pl.Series(last))
    both = table.select("key").join(blocks, on="key", how="left", maintain_order="left")
    return np.asarray(history.blocks - both["last"].fill_null(-1.0).to_numpy(), dtype=np.float64)


def _fields(table: pl.DataFrame, tried: NDArray[np.bool_]) -> list[str]:
    """Names the fields that are known of prompts without verdicts, too."""
    names = [name for name in table.columns if name not in ("key", "prompt")]
    if tried.all() or not tried.any():
        return names
    with_, without = table.filter(pl.Series(tried)), table.filter(pl.Series(~tried))
    found = []
    for name in names:
        one, other = (1 - part[name].null_count() / part.height for part in (with_, without))
        if one > 0 and other >= KNOWN * one:
            found.append(name)
    return found


def _vectors(table: pl.DataFrame, embedding: str | None) -> NDArray[np.float64]:
    """Reads embeddings from JSON text; rows of NaN where one is missing or of another length."""
    lists = table[str(embedding)].cast(pl.String).str.json_decode(pl.List(pl.Float64))
    sizes = lists.list.len().drop_nulls()
    width = int(np.bincount(sizes.to_numpy()).argmax()) if len(sizes) else 0  # the most frequent length
    found = np.full((table.height, width), np.nan)
    right = (lists.list.len() == width).fill_null(value=False).to_numpy()
    if width and right.any():
        found[right] = lists.filter(pl.Series(right)).explode().to_numpy().reshape(-1, width)
    return found
