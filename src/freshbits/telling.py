"""Prompts that tell most about a signal: counts and, where they were asked for, texts; frozen."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """Quotes one rollout.

    Attributes:
        completion: its text, or the beginning of it.
        cut: whether the text was longer.
        score: what the signal gave; None where unscored.
        truth: whether it is right, where that is known.
        source: who wrote it, where logged.
        round: the round, where logged.
    """

    completion: str
    cut: bool
    score: float | None
    truth: float | None
    source: str | None
    round: int | None


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Counts what one signal did on one prompt; counts, not estimates.

    Attributes:
        key: the prompt's key, the same in every log that holds its text.
        prompt: its text or the beginning of it, else its id; None where texts were not asked for.
        signal: the signal.
        why: "truth" (verdicts that contradict it), "waste" (groups without contrast) or "contrast".
        region: the part of the log that it belongs to, where logged.
        scored: rollouts that the signal scored.
        accepted: rollouts at the signal's highest value.
        groups: groups of those rollouts.
        dead_groups: groups of two or more without contrast; None where groups do not apply.
        dead_rollouts: rollouts in them.
        labelled: rollouts with truth.
        right: of these the right ones.
        wrong_accepted: labelled rollouts that are wrong and accepted; None where the signal is no verdict.
        right_rejected: labelled rollouts that are right and rejected; None where the signal is no verdict.
        rollouts: a few rollouts, quoted, the most telling first.
    """

    key: str
    prompt: str | None
    signal: str
    why: str
    region: str | None
    scored: int
    accepted: int
    groups: int
    dead_groups: int | None
    dead_rollouts: int | None
    labelled: int
    right: int
    wrong_accepted: int | None
    right_rejected: int | None
    rollouts: list[Rollout] = field(default_factory=list)
