"""Hacked loops again, every round balanced; and by how right they are in the end, exactly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmarks.policies.shortcuts import KINDS

from freshbits.loop.evaluation import exact
from freshbits.loop.model.model import load
from freshbits.loop.parts import Model
from freshbits.loop.rounds import Rounds
from freshbits.loop.tasks.sums import Sums

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.policies.plans import Plan

WAYS = {"rft": ("groups", "even"), "grpo": ("groups", "reward")}
CURE = {"rft": "groups", "grpo": "reward"}  # what is recommended: chosen on the hacked ones of seeds 1 to 14
BESIDE = ("again", "clean")  # untreated once more, by another seed; and a verifier that cannot be lured


def cured(plan: Plan, how: str) -> Plan:
    """Returns the same loop, balanced against its shortcut; or what it is held beside (`again`, `clean`)."""
    if how == "clean":
        return replace(plan, name=f"{plan.name}-clean", kind=None, lured=0.0)
    if how == "again":
        return replace(plan, name=f"{plan.name}-again", draw=1)
    assert plan.kind is not None
    balance = {"against": [plan.kind], "features": [f"{plan.kind}=matches:{KINDS[plan.kind]}"], "how": how}
    if plan.kind == "length":  # a count that is known as such is named as such
        balance = {"against": ["characters"], "how": how}
    return replace(plan, name=f"{plan.name}-{how}-{plan.rounds}", balance=balance)


def final(directory: Path, number: int) -> dict[str, Any]:
    """Measures the model of a round: exact accuracy on prompts never trained on, and rows trained on until then."""
    rounds = Rounds(directory)
    task = Sums(tail=True)
    model = load(Model(path=str(directory.parents[1] / "base")), rounds.folder(number))
    ledgers = [rounds.ledger(at)["evaluation"] for at in range(1, number + 1)]
    return {
        "held_out": exact(model, task, task.held_out).mean("accuracy"),
        "rows": sum(each["trained_rows"] for each in ledgers) / len(ledgers),
        "updates": sum(each["updates"] for each in ledgers),
    }
