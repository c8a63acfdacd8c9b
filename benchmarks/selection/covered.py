"""How often the intervals of a plan hold the truth: bits in accepted rollouts, and where filtering leads.

Worlds are drawn: base rates from a Beta, 200 prompts of 8 rollouts, verdicts by chance given truth. Truth is known of
every rollout or of 300, drawn half from accepted and half from rejected ones. A loop filters and retrains, prompt by
prompt; what came of it is held against what was projected from its first round. Group-relative updates follow the
replicator with a step that is not told, and are logged for two rounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from freshbits.auditing import gather
from freshbits.criteria.labelled import labelled
from freshbits.dynamics.grpo import advance
from freshbits.information.accepted import accepted_bits, surprise
from freshbits.information.joint import joint_information
from freshbits.remedies.plan_projected import filtered, reinforced, start
from freshbits.rollouts.options import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

PROMPTS, SIZE, LABELS, ROUNDS = 200, 8, 300, 3
WORLDS = ((1.0, 2.0, 0.9, 0.2), (2.0, 2.0, 0.6, 0.1), (0.5, 1.0, 0.95, 0.05))
TWO_KINDS = ((0.95, 0.05), (0.5, 0.5))


def studied(times: int) -> list[dict[str, Any]]:
    """Returns, for every interval and world, how often the truth was inside, the mean width and the mean error."""
    found = []
    for number, world in enumerate(WORLDS):
        for name, cases in (
            ("bits in accepted rollouts, all labelled", _bits(world, times, number)),
            ("bits in accepted rollouts, 300 labels", _bits(world, times, number, few=True)),
            (f"right after {ROUNDS} rounds of filtering", _filtering(world, times, number)),
            (f"right after {ROUNDS} rounds of group-relative updates", _reinforcing(world, times, number)),
        ):
            found.append(_summed(name, _called(world), list(cases)))
    found.append(_summed("bits in accepted rollouts, mixture", "two kinds of prompts", list(_kinds(times))))
    return found


def _called(world: tuple[float, ...]) -> str:
    return f"Beta({world[0]:g}, {world[1]:g}), TPR {world[2]:g}, FPR {world[3]:g}"


def _summed(name: str, world: str, cases: list[tuple[float, float, float, float]]) -> dict[str, Any]:
    value, low, high, true = np.array(cases).T
    return {
        "interval": name,
        "world": world,
        "times": len(cases),
        "covered": round(float(((low <= true) & (true <= high)).mean()), 3),
        "width": round(float((high - low).mean()), 4),
        "error": round(float((value - true).mean()), 4),
    }


def _drawn(
    world: tuple[float, ...], rng: np.random.Generator
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    a, b, tpr, fpr = world
    p = rng.beta(a, b, PROMPTS)
    right = rng.random((PROMPTS, SIZE)) < p[:, None]
    return p, right, rng.random(right.shape) < np.where(right, tpr, fpr)


def _information(world: tuple[float, ...]) -> float:
    a, b, tpr, fpr = world
    p = np.random.default_rng(0).beta(a, b, 2_000_000)
    return float((surprise(p * tpr + (1 - p) * fpr) - p * surprise(tpr) - (1 - p) * surprise(fpr)).mean())


def _bits(
    world: tuple[float, ...], times: int, number: int, *, few: bool = False
) -> Iterator[tuple[float, float, float, float]]:
    true, keys = _information(world), np.arange(PROMPTS, dtype=np.uint64)
    for time in range(times):
        rng = np.random.default_rng([time, number, few])
        _, right, verdict = _drawn(world, rng)
        rows, weight = np.arange(right.size), np.ones(right.size)
        if few:
            kinds = [np.flatnonzero(verdict.ravel() == each) for each in (True, False)]
            rows = np.concatenate([rng.choice(kind, LABELS // 2, replace=False) for kind in kinds])
            weight = np.repeat([kind.size / (LABELS // 2) for kind in kinds], LABELS // 2)
        groups = np.full(PROMPTS, SIZE), verdict.sum(axis=1), keys
        told = accepted_bits(groups, verdict.ravel()[rows], right.ravel()[rows], weight, np.repeat(keys, SIZE)[rows])
        if told is not None and told.value is not None and told.low is not None and told.high is not None:
            yield told.value, told.low, told.high, true


def _kinds(times: int) -> Iterator[tuple[float, float, float, float]]:
    true = float(np.mean([_information((2.0, 2.0, *kind)) for kind in TWO_KINDS]))
    for time in range(max(times // 2, 2)):
        rng = np.random.default_rng([time, 77])
        counts = []
        for kind in TWO_KINDS:
            _, right, verdict = _drawn((2.0, 2.0, *kind), rng)
            cells = (right & verdict, right & ~verdict, ~right & verdict, ~right & ~verdict)
            counts.append(np.stack([cell.sum(axis=1) for cell in cells], axis=1))
        told = joint_information(np.concatenate(counts), np.arange(2 * PROMPTS, dtype=np.uint64)).accepted
        if told.value is not None and told.low is not None and told.high is not None:
            yield told.value, told.low, told.high, true


def _rows(right: np.ndarray[Any, Any], verdict: np.ndarray[Any, Any], number: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "prompt": [f"q{q}" for q in np.repeat(np.arange(PROMPTS), SIZE)],
            "round": number,
            "completion": "x",
            "good": verdict.ravel().astype(float),
            "truth": right.ravel().astype(float),
        }
    )


def _filtering(world: tuple[float, ...], times: int, number: int) -> Iterator[tuple[float, float, float, float]]:
    _, _, tpr, fpr = world
    for time in range(times):
        rng = np.random.default_rng([time, number, 5])
        p, right, verdict = _drawn(world, rng)
        _, evidence, _ = gather(_rows(right, verdict, 0), ReadOptions(signals=("good",)), texts=False)
        rows = labelled(evidence.tally, "good")
        begin = start(evidence.tally.of("good"), rows, 1.0) if rows is not None else ""
        for _ in range(ROUNDS):
            drawn = rng.random((PROMPTS, SIZE)) < p[:, None]
            kept = rng.random(drawn.shape) < np.where(drawn, tpr, fpr)
            count = kept.sum(axis=1)
            p = np.where(count > 0, (drawn & kept).sum(axis=1) / np.maximum(count, 1), p)
        if not isinstance(begin, str):
            told = filtered(begin, ROUNDS)[-1].accuracy
            yield told.value or 0.0, told.low or 0.0, told.high or 0.0, float(p.mean())


def _reinforcing(world: tuple[float, ...], times: int, number: int) -> Iterator[tuple[float, float, float, float]]:
    a, b, tpr, fpr = world
    for time in range(times):
        rng = np.random.default_rng([time, number, 6])
        p = advance(rng.beta(a, b, PROMPTS), float(rng.uniform(0.3, 1.5)), tpr, fpr, ROUNDS + 1)
        parts = []
        for at in (0, 1):
            right = rng.random((PROMPTS, SIZE)) < p[at][:, None]
            parts.append(_rows(right, rng.random(right.shape) < np.where(right, tpr, fpr), at))
        _, evidence, _ = gather(pl.concat(parts), ReadOptions(signals=("good",)), texts=False)
        rows, groups = labelled(evidence.tally, "good"), evidence.tally.of("good")
        begin = start(groups, rows, 1.0) if rows is not None else ""
        path = begin if isinstance(begin, str) else reinforced(groups, begin, ROUNDS)
        if not isinstance(path, str):
            told = path[-1].accuracy
            yield told.value or 0.0, told.low or 0.0, told.high or 0.0, float(p[-1].mean())


def markdown(found: list[dict[str, Any]]) -> str:
    """Writes the study as a page."""
    lines = [
        "# Intervals of a plan",
        "",
        f"{PROMPTS} prompts of {SIZE} rollouts, worlds drawn anew each time. Intervals: bits 95 %, projections 90 %.",
        "",
        "| interval | world | times | covered | mean width | mean error |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in found:
        told = f"{100 * row['covered']:.0f} % | {row['width']:.3f} | {row['error']:+.3f} |"
        lines.append(f"| {row['interval']} | {row['world']} | {row['times']} | {told}")
    return "\n".join(lines) + "\n"
