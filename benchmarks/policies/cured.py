"""Hacked loops again, balanced in three ways; and by how right they are in the end, exactly."""

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

ROUNDS = 4
WAYS = {"rft": ("rebalance", "groups"), "grpo": ("rebalance", "groups", "reward")}


def cured(plan: Plan, how: str) -> Plan:
    """Returns the same loop, balanced against its shortcut; `clean` is the loop whose verifier cannot be lured."""
    if how == "clean":
        return replace(plan, name=f"{plan.name}-clean", kind=None, lured=0.0, rounds=ROUNDS)
    assert plan.kind is not None
    balance = {"against": [plan.kind], "features": [f"{plan.kind}=matches:{KINDS[plan.kind]}"], "how": how}
    if plan.kind == "length":  # a count that is known as such is named as such
        balance = {"against": ["characters"], "how": how}
    return replace(plan, name=f"{plan.name}-{how}", balance=balance, rounds=ROUNDS)


def final(directory: Path) -> dict[str, Any]:
    """Measures the model after four rounds: exact accuracy on prompts never trained on, and rows trained on a round."""
    rounds = Rounds(directory)
    task = Sums(tail=True)
    model = load(Model(path=str(directory.parents[1] / "base")), rounds.folder(ROUNDS))
    ledgers = [rounds.ledger(number)["evaluation"] for number in range(1, ROUNDS + 1)]
    return {
        "held_out": exact(model, task, task.held_out).mean("accuracy"),
        "rows": sum(each["trained_rows"] for each in ledgers) / len(ledgers),
        "updates": sum(each["updates"] for each in ledgers),
    }
