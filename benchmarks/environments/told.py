"""What loops on environments came to, and the page on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.environments.loops import LAST, ROUNDS, SAMPLES, SEEDS

from freshbits.auditing import audit

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.environments.loops import Arm

    from freshbits.loop.run import Run

NAMES = ", ".join(map(str, SEEDS))
HEAD = f"""Loops on environments of several turns. The game `guess`: a number of a range of 15 is found in four
guesses or not; base `tiny-turns`, 64 prompts with 8 episodes each, 8 updates of 256 episodes at rate 1e-3 in each of
{ROUNDS} rounds, from one base, seeds {NAMES} as far as they were run (three were planned; time ended the study).
Arms differ only in what they are trained on: episodes that succeeded (`rft`), all by their success against their
group's (`grpo`), as many demonstrations of a player who guesses anything that is still possible (`fresh`), nothing
(`frozen`). Success is counted on 20 prompts that are never trained on, {SAMPLES} episodes of each in every round.
The bar, set before these seeds were run: the mean of the last {LAST} rounds above both controls in every seed. Rate and
updates were chosen on seed 1.

A first set-up (16 updates of 64 at rate 3e-4, one hidden number for all attempts of a group, 48 episodes) was run on
seeds 11 and 12 and given up. Its means of the last {LAST} rounds: rft 49.1 and 48.2 %, grpo 45.3 and 43.5, fresh 43.2
and 43.2, frozen 41.5 (seed 11)."""


def course(arm: Arm, seed: int, run: Run) -> dict[str, Any]:
    """Returns the held-out success of a run, round by round."""
    held = [row.evaluation["held_out_accuracy"] for row in run.rounds]
    return {"arm": arm.name, "seed": seed, "held_out": [round(value, 4) for value in held if value is not None]}


def audited(name: str, directory: Path) -> dict[str, Any]:
    """Audits the log of a run: what its signals carry, alone and given the others."""
    found = audit(directory)
    return {
        "log": name,
        "rollouts": found.log.rollouts,
        "truth": found.log.truth,
        "truncated": found.log.truncated,
        "notes": [note for note in found.log.notes if note.startswith("episodes of several turns")],
        "signals": {
            signal: {
                "contrast_bits": _value(found.budget[signal].contrast_bits),
                "given_others": _value(found.components[signal].given_others),
                "openness": found.openness[signal].verdict or f"openness not judged ({found.openness[signal].code})",
            }
            for signal in found.log.signals
        },
    }


def _value(estimate: Any) -> float | None:
    return None if estimate is None or estimate.value is None else round(float(estimate.value), 3)


def markdown(found: dict[str, Any]) -> str:
    """Writes the results as a page."""
    return "\n\n".join(["# Environments of several turns", HEAD, _arms(found["guess"]), _bars(found["guess"]),
                        _audits(found["audits"]), _others(found["verifiers"])]) + "\n"  # fmt: skip


def end(runs: list[dict[str, Any]], arm: str, seed: int) -> float:
    """Returns the mean success of the last rounds."""
    (run,) = [each for each in runs if each["arm"] == arm and each["seed"] == seed]
    return float(np.mean(run["held_out"][-LAST:]))


def both(runs: list[dict[str, Any]], *arms: str) -> list[int]:
    """Returns the seeds in which all these arms were run."""
    seeds = [{run["seed"] for run in runs if run["arm"] == arm} for arm in arms]
    return sorted(set.intersection(*seeds))


def _arms(runs: list[dict[str, Any]]) -> str:
    lines = ["| arm | seed | held-out success by round (%) | mean of the last |", "| --- | --- | --- | --- |"]
    for run in sorted(runs, key=lambda each: (each["arm"], each["seed"])):
        each = " ".join(f"{100 * value:.1f}" for value in run["held_out"])
        lines.append(f"| {run['arm']} | {run['seed']} | {each} | {100 * end(runs, run['arm'], run['seed']):.1f} |")
    return "\n".join(lines)


def _bars(runs: list[dict[str, Any]]) -> str:
    parts = []
    for arm in ("rft", "grpo"):
        for control in ("fresh", "frozen"):
            gains = [100 * (end(runs, arm, seed) - end(runs, control, seed)) for seed in both(runs, arm, control)]
            if not gains:
                continue
            above = sum(gain > 0 for gain in gains)
            each = ", ".join(f"{gain:+.1f}" for gain in gains)
            parts.append(
                f"{arm} over {control}: {each} points ({np.mean(gains):+.1f}), above in {above} of {len(gains)}."
            )
    return "**Gains.** " + " ".join(parts)


def _signals(audit_: dict[str, Any]) -> str:
    return "; ".join(
        f"`{name}` {each['contrast_bits']} bit per rollout, {each['given_others']} given the others, {each['openness']}"
        for name, each in audit_["signals"].items()
    )


def _audits(audits: list[dict[str, Any]]) -> str:
    lines = [
        f"- {each['log']}: {each['rollouts']} episodes, {each['truncated']} truncated; {', '.join(each['notes'])}. "
        f"{_signals(each)}."
        for each in audits
    ]
    return "**Audits of these logs** (seed of the first).\n\n" + "\n".join(lines)


def _others(others: list[dict[str, Any]]) -> str:
    if not others:
        return "**Environments of verifiers**: none was named."
    lines = [
        f"- `{each['environment']}` (verifiers {each['verifiers']}), {each['method']}: of its episodes right "
        f"{' → '.join(f'{100 * value:.0f}' for value in each['right'])} %, faults {sum(each['faults']):.0f}; "
        f"{', '.join(each['notes'])}. {_signals(each)}."
        for each in others
    ]
    return "**Environments of verifiers**, two rounds of 256 episodes.\n\n" + "\n".join(lines)
