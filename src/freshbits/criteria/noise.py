"""The judge's own noise: what changes when it is asked again about the same output, and what is left without it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from freshbits.information.noise import contradiction, least_noise, score_noise, verdict_noise
from freshbits.information.resampling import MIN_PROMPTS
from freshbits.rollouts.schema import AGAIN, SIGNAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.results import Estimate
    from freshbits.tally.tally import Tally


def self_contradiction(tally: Tally, signal: str) -> Estimate | None:
    """Returns how often two verdicts on one output differ; None where the judge was asked once."""
    asked = tally.repeats.get(signal)
    return contradiction(asked.n, asked.differ, asked.prompt) if asked is not None else None


def own_noise(tally: Tally, signal: str) -> Estimate | None:
    """Returns the judge's own noise in bits, E H(S|Y); None where it was asked once, gives scores, or on few prompts.

    A value from four verdicts per output on, of a two-valued signal; bounds below that and for several levels.
    """
    asked, kind = tally.repeats.get(signal), tally.values[signal].kind
    if asked is None or kind == "score":
        return None
    if kind == "binary":
        return verdict_noise(asked.n, asked.k, asked.prompt)
    differ = contradiction(asked.n, asked.differ, asked.prompt)
    if differ is None or differ.prompts < MIN_PROMPTS:
        return None
    return least_noise(differ, len(tally.values[signal].counts))


def without_noise(bits: Estimate, noise: Estimate | None) -> Estimate:
    """Takes the judge's own noise off; where only bounds of it are known, its lower one, so an upper bound is left."""
    if noise is None or not noise.high:
        return bits
    if noise.value is None:
        gone, down, up = noise.low or 0.0, noise.high, noise.low or 0.0
        ends = (_less(bits.value, gone), _less(bits.low, down), _less(bits.high, up))
        told = f"less at least {gone:.3f} bits of the judge's own noise"
    else:
        gone = noise.value
        low = None if bits.value is None or bits.low is None else np.hypot(bits.value - bits.low, noise.high - gone)
        high = (
            None
            if bits.value is None or bits.high is None
            else np.hypot(bits.high - bits.value, gone - (noise.low or 0))
        )
        ends = (
            _less(bits.value, gone),
            _less(bits.low, gone) if low is None else _less(bits.value, gone + float(low)),
            _less(bits.high, gone) if high is None else _less(bits.value, gone - float(high)),
        )
        told = f"less {gone:.3f} bits of the judge's own noise"
    return replace(bits, value=ends[0], low=ends[1], high=ends[2], method=f"{bits.method}, {told}")


def least(noise: Estimate | None) -> float:
    """Returns what the noise is taken to be: its value, else the least it can be; 0 where the judge was asked once."""
    if noise is None:
        return 0.0
    return noise.value if noise.value is not None else noise.low or 0.0


def noise_share(tally: Tally, signal: str) -> Estimate | None:
    """Returns the share of a score's variance inside groups that is its judge's own noise, on the sample.

    None where outputs were scored once.
    """
    found = _scores(tally, signal)
    return score_noise(*found) if found is not None else None


def repeat_difference(tally: Tally, signal: str) -> float:
    """Returns how far two scores of one output typically lie apart (root mean square); 0 where scored once."""
    found = _scores(tally, signal)
    if found is None:
        return 0.0
    again = found[0]
    several = (~np.isnan(again)).sum(axis=1) > 1
    if not several.any():
        return 0.0
    return float(np.sqrt(2.0 * np.nanvar(again[several], axis=1, ddof=1).mean()))


def _scores(tally: Tally, signal: str) -> tuple[NDArray[np.float64], NDArray[np.uint64], NDArray[np.uint64]] | None:
    """Returns the scores of each sampled output, shape (outputs, times), with its group and prompt."""
    rows = tally.sample.filter(pl.col(SIGNAL + signal).is_not_null())
    beside = [name for name in rows.columns if name.startswith(f"{AGAIN}{signal}@")]
    if beside:
        wide = rows.select(SIGNAL + signal, *beside)
    elif "repeat" in rows.columns:
        output = [name for name in ("group", "text", "sample") if name in rows.columns]
        rows = rows.with_columns(pl.int_range(pl.len()).over(output).alias("time"))
        wide = rows.pivot("time", index=[*output, "prompt"], values=SIGNAL + signal, sort_columns=True)
        rows, wide = wide, wide.drop(*output, "prompt")
    else:
        return None
    if rows.height == 0:
        return None
    return wide.cast(pl.Float64).fill_null(np.nan).to_numpy(), rows["group"].to_numpy(), rows["prompt"].to_numpy()


def _less(end: float | None, gone: float) -> float | None:
    return None if end is None else max(end - gone, 0.0)
