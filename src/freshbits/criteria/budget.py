"""Budget: how many bits per rollout a signal carries, whether they dry up, and which rollouts carry none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.criteria.noise import noise_share, own_noise, repeat_difference, self_contradiction
from freshbits.criteria.rounds import blocks_of
from freshbits.criteria.sampled import Scores, mean_verdict, scored_sample, surprise
from freshbits.information import levels, mixing
from freshbits.information.entropy import UNIT, binary_entropy
from freshbits.information.resampling import MIN_PROMPTS, estimate, mean
from freshbits.information.scores import centred_bins, count_levels, discordant_binary, discordant_scores
from freshbits.results import Block, Budget, Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from freshbits.criteria.inputs import Evidence
    from freshbits.tally.tally import GroupCounts

GROUP_SIZES = (2, 4, 8, 16, 32, 64)
EXTRAPOLATED = (0.02, 0.05)  # largest bias of the informative share at twice and at four times the logged size
AGREEMENT = 0.03  # the mixture and the jackknife agree this well from 8 rollouts per group


def budget(evidence: Evidence, signal: str) -> Budget:
    """Judges the budget of one signal.

    Contrast bits E h(s_q), dead groups split into all wrong and all right, what other group sizes would give,
    surprise bits H_V(S|B), block by block of rounds. It does not know whether the bits are about the task.
    """
    values = evidence.tally.values[signal]
    kind = values.kind
    if not values.scored:
        return Budget(status="not_judged", code="BUDGET_UNSCORED", reason=f"{signal} never scores a rollout", kind=kind)
    groups = evidence.tally.of(signal)
    prompts = int(np.unique(groups.prompt).size)
    if evidence.pairs:
        return _of_pairs(evidence, signal, groups)
    if prompts < MIN_PROMPTS:
        silent = groups.dead & (groups.n >= 2)
        seen = f"groups without contrast: {int(silent.sum())} of {int((groups.n >= 2).sum())}"
        if evidence.filtered is not None:
            seen = f"{evidence.filtered}, so their share is unknown"
        return Budget(
            status="not_judged",
            code="FEW_PROMPTS",
            reason=f"scored prompts: {prompts}, intervals need {MIN_PROMPTS}; {seen}",
            needs=f"log at least {MIN_PROMPTS} prompts",
            kind=kind,
            dead_rollouts=int(groups.n[silent].sum()) if evidence.filtered is None else None,
        )
    if float(np.median(groups.n)) < 2:
        return _one_per_group(evidence, signal, groups)
    scores = scored_sample(evidence.tally, signal)
    contrast, resolution = _contrast(kind, groups, scores)
    if contrast is None:
        sampled = int(np.unique(scores.prompt).size)
        return Budget(
            status="not_judged",
            code="FEW_SAMPLED",
            reason=f"of the {prompts:,} prompts scored, the sample for scores holds {sampled}; it needs {MIN_PROMPTS}",
            needs=f"freshbits audit {evidence.where} --accept '{signal}>=THRESHOLD'",
            kind=kind,
            mean=mean_verdict(kind, groups, scores),
        )
    surprise_bits, columns = surprise(evidence.tally, signal, scores)
    dead, wrong, right, filtered = _dead(groups, evidence.filtered, kind)
    few = contrast.value is None
    fit = mixing.fit(groups.n, groups.k, groups.prompt) if kind == "binary" and not few else None
    informative = _informative(fit, float(np.median(groups.n))) if fit else {}
    return Budget(
        status="judged",
        code="BUDGET_FILTERED" if filtered else "FEW_PER_GROUP" if few else None,
        reason=filtered or (f"{int(np.median(groups.n))} rollouts per group give bounds, not a value" if few else None),
        needs="log at least 8 completions per prompt (num_generations)" if few else None,
        kind=kind,
        mean=mean_verdict(kind, groups, scores),
        contrast_bits=contrast,
        surprise_bits=surprise_bits,
        surprise_columns=columns,
        discordant=_discordant(kind, groups, scores, repeat_difference(evidence.tally, signal)),
        dead_groups=dead,
        all_wrong=wrong,
        all_right=right,
        dead_rollouts=int(groups.n[groups.dead & (groups.n >= 2)].sum()) if dead else None,
        truncated_zero=_truncated_zero(evidence, signal),
        self_contradiction=self_contradiction(evidence.tally, signal),
        own_noise=_noise(evidence, signal, kind),
        informative_groups=informative,
        oversampling=_inverse(dead),
        accepted_share=_accepted_share(fit) if fit else None,
        resolution=resolution,
        checks=_checks(groups, contrast) if kind == "binary" else [],
        by_round=_by_round(kind, groups, scores, hide_dead=filtered is not None),
    )


def _contrast(kind: str, groups: GroupCounts, scores: Scores) -> tuple[Estimate | None, dict[str, Estimate]]:
    """Returns the contrast bits and, for scores, the same at other resolutions."""
    if kind in ("binary", "constant"):
        if kind == "constant":
            return _zero(groups, "the signal never varies"), {}
        return mixing.contrast_bits(groups.n, groups.k, groups.prompt), {}
    if kind == "levels":
        _, level = np.unique(scores.score, return_inverse=True)
        return _of_levels(level.astype(np.int64), scores, groups), {}
    found = {bins: _of_levels(centred_bins(scores.score, scores.group, bins), scores, groups) for bins in (2, 4, 8)}
    return found[4], {f"{bins} bins": value for bins, value in found.items() if value and value.value is not None}


def _of_levels(level: NDArray[np.int64], scores: Scores, groups: GroupCounts) -> Estimate | None:
    if np.unique(scores.prompt).size < MIN_PROMPTS:  # the sample holds too little of what this signal scored
        return None
    keys, counts = count_levels(scores.group, level)
    first = np.searchsorted(scores.group, keys)
    bits = levels.contrast_bits(counts, scores.prompt[first])
    if bits is not None:
        return bits
    # Fewer than four rollouts per group. The verdict "highest value or not" is a function of the score, so its
    # bits are a lower bound; nothing is known from above but the number of levels.
    low = mixing.contrast_bits(groups.n, groups.k, groups.prompt)
    top = float(np.log2(max(int(level.max()) + 1, 2)))
    method = "bounds: at least the bits of 'highest value or not', at most log2(levels)"
    return Estimate(None, low.low, top, low.level, low.unit, method, low.prompts, low.rollouts)


def _zero(groups: GroupCounts, method: str) -> Estimate:
    return estimate(
        np.zeros(3),
        unit=UNIT,
        method=method,
        prompts=int(np.unique(groups.prompt).size),
        rollouts=int(groups.n.sum()),
    )


def _discordant(kind: str, groups: GroupCounts, scores: Scores, noise: float) -> Estimate | None:
    if kind == "binary":
        return discordant_binary(groups.n, groups.k, groups.prompt)
    return discordant_scores(scores.score, scores.group, scores.prompt, noise=noise)


def _dead(
    groups: GroupCounts, filtered: str | None, kind: str
) -> tuple[Estimate | None, Estimate | None, Estimate | None, str | None]:
    """Returns the shares of dead, all wrong and all right groups, and why they are unknown where they are."""
    several = groups.where(groups.n >= 2)
    if filtered is None and kind == "binary" and _looks_filtered(several):
        filtered = "no dead group at all where chance alone would give some: the log looks filtered"
    if filtered is not None:
        return None, None, None, filtered + "; the share of dead groups is unknown"
    dead = _share(several, several.dead)
    if kind == "constant":  # one value says nothing about right and wrong
        return dead, None, None, None
    return dead, _share(several, several.dead & several.low), _share(several, several.dead & several.high), None


def _share(groups: GroupCounts, mask: NDArray[np.bool_]) -> Estimate | None:
    return mean(
        mask.astype(np.float64),
        groups.prompt,
        unit="share of groups",
        method="groups of two or more, jackknife over prompts",
        rollouts=int(groups.n.sum()),
    )


def _looks_filtered(groups: GroupCounts) -> bool:
    """Tells whether dead groups are missing although the fitted pass rates would give at least five by chance."""
    if groups.n.size < 100 or bool(groups.dead.any()):
        return False
    fit = mixing.fit(groups.n, groups.k, groups.prompt)
    sizes, counts = np.unique(groups.n, return_counts=True)
    expected = sum(
        count * float(fit.mean(lambda s, n=n: s**n + (1 - s) ** n)[0]) for n, count in zip(sizes, counts, strict=True)
    )
    return bool(expected >= 5)  # none where five are expected: seven logs in a thousand


def _informative(fit: mixing.Mixing, logged: float) -> dict[str, Estimate]:
    """Returns 1 - E[s^G + (1-s)^G], the share of groups of size G with any contrast, up to four times the logged size.

    Beyond the logged size the mixture extrapolates; the interval is widened by the largest bias measured there.
    """
    return {
        str(size): estimate(
            fit.mean(lambda s, size=size: 1 - s**size - (1 - s) ** size),
            unit="share of groups",
            method="mixture, jackknife over prompts",
            prompts=fit.prompts,
            rollouts=fit.rollouts,
            bounds=(0.0, 1.0),
            slack=0.0 if size <= logged else EXTRAPOLATED[0] if size <= 2 * logged else EXTRAPOLATED[1],
            correct_bias=True,
        )
        for size in GROUP_SIZES
        if size <= 4 * logged
    }


def _inverse(dead: Estimate | None) -> Estimate | None:
    """Returns the factor 1 / (1 - dead) by which dynamic sampling must oversample to fill its batch."""
    if dead is None or dead.value is None or dead.value >= 1:
        return None
    high = 1 / (1 - dead.high) if dead.high is not None and dead.high < 1 else None
    low = 1 / (1 - dead.low) if dead.low is not None else None
    return Estimate(
        1 / (1 - dead.value),
        low,
        high,
        dead.level,
        "groups drawn per group kept",
        dead.method,
        dead.prompts,
        dead.rollouts,
    )


def _accepted_share(fit: mixing.Mixing) -> Estimate | None:
    """Returns E[-s log2 s] / E h(s): where the entropy sits, not an efficiency."""

    def accepted(s: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(s > 0, -s * np.log2(np.where(s > 0, s, 1.0)), 0.0)

    total = fit.mean(binary_entropy)
    if (total <= 1e-9).any():
        return None
    return estimate(
        fit.mean(accepted) / total,
        unit="share of contrast bits",
        method="mixture, jackknife over prompts",
        prompts=fit.prompts,
        rollouts=fit.rollouts,
        bounds=(0.0, 1.0),
    )


def _checks(groups: GroupCounts, contrast: Estimate | None) -> list[str]:
    """Returns what casts doubt on the estimate, in words."""
    found = []
    size = float(np.median(groups.n))
    if contrast and contrast.value is not None and size >= 8:
        other = mixing.jackknife_bits(groups.n, groups.k)
        if abs(other - contrast.value) > AGREEMENT:
            found.append(f"the per-prompt jackknife reads {other:.3f} bits, the mixture {contrast.value:.3f}")
    rate = groups.k / groups.n
    if groups.n.size >= 50 and np.unique(groups.n).size > 1 and np.unique(rate).size > 1:
        from scipy.stats import spearmanr

        rho = float(spearmanr(groups.n, rate).statistic)
        if abs(rho) * np.sqrt(np.unique(groups.prompt).size) > 4:
            found.append(
                f"group sizes go with pass rates (Spearman {rho:+.2f}): if sizes were chosen by the verdicts, "
                "the bits are biased"
            )
    return found


def _by_round(kind: str, groups: GroupCounts, scores: Scores, *, hide_dead: bool) -> list[Block]:
    """Returns the budget of each block of consecutive rounds (at most 20); empty where there is one round."""
    result = []
    for number, (first, last) in enumerate(blocks_of(groups.round)):
        here = groups.where((groups.round >= first) & (groups.round <= last))
        some = scores.where((scores.round >= first) & (scores.round <= last))
        enough = np.unique(here.prompt).size >= MIN_PROMPTS and np.median(here.n) >= 2
        several = here.where(here.n >= 2)
        result.append(
            Block(
                round=number,
                from_=first,
                to=last,
                rollouts=int(here.n.sum()),
                mean=mean_verdict(kind, here, some),
                contrast_bits=_contrast(kind, here, some)[0] if enough else None,
                dead_groups=None if hide_dead else _share(several, several.dead),
            )
        )
    return result


def _truncated_zero(evidence: Evidence, signal: str) -> int | None:
    """Returns how many truncated completions were scored at the lowest value: scored 0, not unscored."""
    groups = evidence.tally.groups
    if f"cut.{signal}" not in groups.columns:
        return None
    return int(groups[f"cut.{signal}"].sum())


def _one_per_group(evidence: Evidence, signal: str, groups: GroupCounts) -> Budget:
    """One rollout per prompt: contrast between 0 and h(mean), not judged; never a vote across sources."""
    kind = evidence.tally.values[signal].kind
    bounds = mixing.contrast_bits(groups.n, groups.k, groups.prompt) if kind == "binary" else None
    scores = scored_sample(evidence.tally, signal)
    sources = evidence.tally.groups["source"].n_unique() if "source" in evidence.tally.groups.columns else 1
    note = f"; the {sources} sources are not each other's samples" if sources > 1 else ""
    return Budget(
        status="not_judged",
        code="ONE_PER_GROUP",
        reason=f"one rollout per prompt and source: differences inside a group cannot be seen{note}",
        needs="sample at least 8 completions per prompt from one model",
        kind=kind,
        mean=mean_verdict(kind, groups, scores),
        contrast_bits=bounds,
        truncated_zero=_truncated_zero(evidence, signal),
    )


def _of_pairs(evidence: Evidence, signal: str, groups: GroupCounts) -> Budget:
    """Judged pairs have no groups of rollouts; what repeats show of the judge's own noise is told."""
    kind = evidence.tally.values[signal].kind
    return Budget(
        status="not_applicable",
        code="NO_GROUPS",
        reason="judged pairs have no groups of rollouts, so no contrast bits",
        kind=kind,
        mean=mean_verdict(kind, groups, scored_sample(evidence.tally, signal)),
        self_contradiction=self_contradiction(evidence.tally, signal),
        own_noise=_noise(evidence, signal, kind),
    )


def _noise(evidence: Evidence, signal: str, kind: str) -> Estimate | None:
    """Returns the judge's own noise: bits of a verdict, a share of a score's variance; None if it was asked once."""
    return noise_share(evidence.tally, signal) if kind == "score" else own_noise(evidence.tally, signal)
