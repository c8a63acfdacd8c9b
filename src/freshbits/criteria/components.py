"""Components: what each reward function adds to the others, how much of the reward it is, and when it dries up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.sampled import Scores, scored_sample
from freshbits.criteria.together import said_together
from freshbits.information.intercept import Cells, shared_bits
from freshbits.information.resampling import estimate, folds_of, leave_out
from freshbits.information.scores import centred_bins
from freshbits.results import Block, Budget, Component, Estimate, Together

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence

SATURATED = 0.05  # bits per rollout
MOST_PATTERNS = 8


def components(evidence: Evidence, budgets: dict[str, Budget]) -> dict[str, Component]:
    """Judges every signal as one component of the reward.

    `alone`: its contrast bits. `given_others`: those bits less I(other component; S|Q), the random-intercept logit
    with the other as the feature; of three or more, or scores, what none of the others says
    (`information/together`). `variance_share`: cov(component, total)/var(total) within groups,
    only where weights are known. `saturated_at`: first round of the first of three blocks in a row under .05 bit.
    `together`: what all of them say, the same for each.
    """
    found = said_together(evidence)
    return {signal: _component(evidence, signal, budget, found) for signal, budget in budgets.items()}


def _component(
    evidence: Evidence, signal: str, budget: Budget, found: tuple[Together, dict[str, Estimate]] | None
) -> Component:
    if budget.status != "judged":
        return Component(status=budget.status, code=budget.code, reason=budget.reason, needs=budget.needs)
    own = signal in evidence.components()
    others = [name for name in evidence.components() if own and name != signal]
    given = None
    if len(others) == 1 and budget.kind == "binary":
        given = _given_others(evidence, signal, others, budget.contrast_bits)
    elif found is not None:
        given = found[1].get(signal)
    return Component(
        status="judged",
        alone=budget.contrast_bits,
        given_others=given,
        variance_share=_variance_share(evidence, signal),
        saturated_at=_saturated_at(budget.by_round),
        together=found[0] if found is not None and own else None,
    )


def _given_others(evidence: Evidence, signal: str, others: list[str], alone: Estimate | None) -> Estimate | None:
    if alone is None or alone.value is None or alone.low is None or alone.high is None:
        return None
    scores = scored_sample(evidence.tally, signal)
    pattern = _patterns([_levels_at(evidence, name, scores) for name in others])
    accepted = (scores.score == evidence.tally.values[signal].high).astype(np.float64)
    shared, _ = shared_bits(Cells.count(scores.group, pattern, accepted, scores.prompt))
    if shared.value is None or shared.low is None or shared.high is None:
        return None
    value = alone.value - shared.value
    down = float(np.hypot(alone.value - alone.low, shared.high - shared.value))
    up = float(np.hypot(alone.high - alone.value, shared.value - shared.low))
    return replace(
        shared,
        value=max(value, 0.0),
        low=max(value - down, 0.0),
        high=max(value + up, 0.0),
        method="contrast bits less the bits shared with the other components (random-intercept logit)",
    )


def joint_levels(evidence: Evidence, scores: Scores) -> tuple[NDArray[np.int64], bool]:
    """Numbers the joint verdict of all components on the rows of a signal; -1 where one of them is unscored.

    Returns:
        The number of each row (the rarest beyond eight share one), and whether some share one.
    """
    parts = [_levels_at(evidence, name, scores) for name in evidence.components()]
    scored = (np.stack(parts, axis=1) >= 0).all(axis=1)
    pattern = np.full(scored.size, -1, dtype=np.int64)
    if not scored.any():
        return pattern, False
    pattern[scored] = _patterns([part[scored] for part in parts])
    distinct = np.unique(np.stack(parts, axis=1)[scored], axis=0).shape[0]
    return pattern, distinct > MOST_PATTERNS


def _levels_at(evidence: Evidence, name: str, scores: Scores) -> NDArray[np.int64]:
    """Returns the level of another component on the same rows: its value, or its bin inside the group; -1 unscored."""
    value = evidence.tally.sample[f"signal.{name}"].to_numpy()[scores.index].astype(np.float64)
    level = np.full(value.size, -1, dtype=np.int64)
    scored = ~np.isnan(value)
    if evidence.tally.values[name].kind == "score":
        level[scored] = centred_bins(value[scored], scores.group[scored], 3)
    else:
        level[scored] = np.unique(value[scored], return_inverse=True)[1]
    return level


def _patterns(levels: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Numbers the joint patterns of several components; the rarest beyond eight share one number."""
    _, pattern = np.unique(np.stack(levels, axis=1), axis=0, return_inverse=True)
    pattern = pattern.ravel()
    counts = np.bincount(pattern)
    rank = np.empty(counts.size, dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(counts.size)
    return np.minimum(rank[pattern], MOST_PATTERNS - 1)


def _variance_share(evidence: Evidence, signal: str) -> Estimate | None:
    """Returns cov(w·component, total) / var(total) within groups, where every component's weight is known."""
    weights, sample = evidence.weights, evidence.tally.sample
    names = evidence.summed_with(signal)
    if signal not in names or len(names) < 2 or any(name not in weights for name in names):
        return None
    columns = np.stack([sample[f"signal.{name}"].to_numpy().astype(np.float64) for name in names], axis=1)
    whole = ~np.isnan(columns).any(axis=1)
    if not whole.any():
        return None
    weighted = columns[whole] * np.array([weights[name] for name in names])
    group, prompt = sample["group"].to_numpy()[whole], sample["prompt"].to_numpy()[whole]
    _, position = np.unique(group, return_inverse=True)
    size = np.bincount(position)
    centred = (
        weighted - np.stack([np.bincount(position, weights=column) / size for column in weighted.T], axis=1)[position]
    )
    total = centred.sum(axis=1)
    own = centred[:, names.index(signal)] * total
    replicates = leave_out(folds_of(prompt))
    variance = replicates @ total**2
    if (variance <= 1e-12).any():
        return None
    return estimate(
        (replicates @ own) / variance,
        unit="share of within-group variance",
        method="covariance with the weighted total inside groups, jackknife over prompts",
        prompts=int(np.unique(prompt).size),
        rollouts=int(whole.sum()),
        bounds=(-np.inf, np.inf),
    )


def _saturated_at(blocks: list[Block]) -> int | None:
    """Returns the first round of the first of three blocks in a row under .05 bit."""
    low = [
        b.contrast_bits is not None and b.contrast_bits.value is not None and b.contrast_bits.value < SATURATED
        for b in blocks
    ]
    for i in range(len(blocks) - 2):
        if all(low[i : i + 3]):
            return blocks[i].from_
    return None
