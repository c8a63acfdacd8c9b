"""Task bits I([Y]_π;S|Q) and their share η of the contrast bits, π being the answer or the truth."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.information.task import task_bits
from freshbits.outputs.keys import name_keys, prompt_keys
from freshbits.rollouts.schema import SIGNAL
from freshbits.worlds import (
    Answers,
    Atoms,
    Beta,
    Channel,
    Fixed,
    Habit,
    Levels,
    Mixture,
    PromptChannel,
    Random,
    SelfJudge,
    Shortcut,
    World,
)

if TYPE_CHECKING:
    from freshbits.worlds.component import Discrete

_DEAD = Mixture([(0.35, Atoms([(0.0, 1.0)])), (0.25, Atoms([(1.0, 1.0)])), (0.40, Beta(1.0, 1.0))])
_EVEN = Answers(8, Atoms([(1.0, 1.0)]))
# name -> (base rates, answers, verdict)
KINDS: dict[str, tuple[Beta | Mixture, Answers, Discrete]] = {
    "exact verifier": (Beta(1, 1), Answers(), Channel()),
    "noisy channel": (Beta(1, 1), Answers(), Channel(0.9, 0.1)),
    "weak channel": (Beta(1, 1), Answers(), Channel(0.7, 0.3)),
    "misses only": (Beta(1, 1), Answers(), Channel(0.6, 0.0)),
    "channel by prompt": (Beta(1, 1), Answers(), PromptChannel(Beta(4, 1), Beta(1, 4))),
    "format shortcut": (Beta(1, 1), Answers(), Shortcut("mark", 0.3, 0.95, 0.05)),
    "self-judge": (Beta(1, 1), Answers(), SelfJudge(1.0, 0.0)),
    "coin": (Beta(1, 1), Answers(), Random(0.5)),
    "mostly dead": (_DEAD, Answers(), Channel(0.9, 0.1)),
    "many wrong answers": (Beta(1, 1), _EVEN, Channel(0.9, 0.2)),
    "3 levels": (Beta(1, 1), Answers(), Levels(values=(0.0, 0.5, 1.0), right=(0.1, 0.2, 0.7), wrong=(0.6, 0.3, 0.1))),
}
_BOUNDED = ("noisy channel", "self-judge", "many wrong answers")  # with 4 rollouts only bounds are given
CELLS: tuple[Cell, ...] = tuple(
    {"partition": partition, "rollouts": size, "prompts": prompts, "world": name}
    for partition, size, prompts, names in (
        ("answer", 4, 300, _BOUNDED),
        ("answer", 8, 100, tuple(KINDS)),
        ("answer", 8, 300, tuple(KINDS)),
        ("answer", 16, 300, tuple(KINDS)),
        ("truth", 8, 300, tuple(KINDS)),
    )
    for name in names
)


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws the rows of one log and splits its contrast bits."""
    place = (str(cell["world"]), int(cell["rollouts"]), int(cell["prompts"]))
    frame = world(*place).draw(seed)
    prompts = prompt_keys(frame["prompt"]).to_numpy()
    by_truth = cell["partition"] == "truth"
    answers = frame["truth"].to_numpy() if by_truth else name_keys(frame["extracted"].fill_null("none")).to_numpy()
    level = np.unique(frame[SIGNAL + "reward"].to_numpy(), return_inverse=True)[1]
    found = task_bits(prompts, answers.astype(np.uint64), level.astype(np.int64), prompts)
    bits, total = truth(*place)[by_truth], truth(*place)[2]
    if found is None:
        return []
    kind = "bounds" if found.task.value is None else "estimate"
    return [
        Reading.of(f"task bits, {kind}", found.task, bits),
        Reading.of(f"share of contrast bits, {kind}", found.eta, bits / total),
    ]


@cache
def world(name: str, size: int, prompts: int) -> World:
    """Returns the world of a cell."""
    base, answers, verdict = KINDS[name]
    features = {"mark": Habit(0.5, 0.5)} if isinstance(verdict, Shortcut) else {}
    return World(
        prompts=prompts,
        base=base,
        answers=answers,
        signals={"reward": verdict},
        features=features,
        sizes=Fixed(size),
    )


@cache
def truth(name: str, size: int, prompts: int) -> tuple[float, float, float]:
    """Returns the exact bits about the answer, about truth, and in all."""
    found = world(name, size, prompts).truth().signals["reward"]
    return found.class_bits or 0.0, found.truth_bits, found.contrast_bits or 0.0


STUDY = Study("task", "Task bits and their share of the contrast bits", CELLS, measure, logs=300)
