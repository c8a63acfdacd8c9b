"""Ready-made shapes of loops: `shape: rlvr` fills in what the declaration leaves out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from freshbits.loop.kinds import KINDS


@dataclass(frozen=True)
class Shape:
    """Holds what a shape fills in.

    Attributes:
        words: the shape in one line.
        kind: kind of its signal.
        value: of that kind; None where the declaration has to give it (a judge's name).
        signal: further keys of the signal.
        train: keys of the training.
    """

    words: str
    kind: str
    value: Any
    train: dict[str, Any]
    signal: dict[str, Any] = field(default_factory=dict)


SHAPES = {
    "closed": Shape("trained on its own completions as they come", "none", True, {"method": "self"}),
    "reference": Shape("trained on the task's own completions, fixed", "reference", "task", {"method": "sft"}),
    "distillation": Shape(
        "trained on a teacher's completions, asked anew every round",
        "reference",
        None,
        {"method": "sft"},
        {"trained_on": ["people"]},
    ),
    "rft": Shape("trained on those of its completions that a verifier accepts", "verifier", "exact", {"method": "rft"}),
    "rlvr": Shape("policy gradient on a verifier's verdicts", "verifier", "exact", {"method": "grpo"}),
    "own_tests": Shape(
        "trained on code that passes tests which it wrote itself and which are run",
        "verifier",
        "unit_tests",
        {"method": "rft"},
        {"written_by": "student"},
    ),
    "majority": Shape("policy gradient on agreement with its own majority", "majority_vote", True, {"method": "grpo"}),
    "judge": Shape(
        "policy gradient on a frozen judge that learned from people's labels",
        "judge",
        None,
        {"method": "grpo"},
        {"trained_on": ["people"]},
    ),
    "self_judge": Shape("policy gradient on its own scores of its completions", "self_judge", True, {"method": "grpo"}),
    "frozen_judge": Shape(
        "trained on what the model as it was before the loop accepts", "judge", "start", {"method": "rft"}
    ),
    "retrained_judge": Shape(
        "policy gradient on a judge that began from people's labels and is trained on the student's completions since",
        "judge",
        None,
        {"method": "grpo"},
        {"trained_on": ["people", "student"], "frozen": False},
    ),
    "mixed": Shape(
        "trained on its own completions with a tenth of fresh ones from the task",
        "none",
        True,
        {"method": "self", "fresh": 0.1},
    ),
}


def filled(shape: Shape, data: dict[str, Any]) -> dict[str, Any]:
    """Returns a declaration with what the shape adds; what the declaration says itself stands.

    >>> filled(SHAPES["judge"], {"signal": {"judge": "big"}, "train": {"rounds": 3}})["signal"]
    {'trained_on': ['people'], 'judge': 'big'}
    """
    given, train = data.get("signal"), data.get("train")
    found = dict(data)
    if given is None or (isinstance(given, dict) and not set(given) & (set(KINDS) - {shape.kind})):
        own = {} if shape.value is None else {shape.kind: shape.value}
        found["signal"] = {**own, **shape.signal, **(given or {})}
    if train is None or isinstance(train, dict):
        found["train"] = {**shape.train, **(train or {})}
    return found
