"""Bits of a feature beyond the answer class, I(φ;S|[Y]_π,Q), in worlds that write answers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.calibration.study import Cell, Reading, Study

from freshbits.information.surface import surface_bits
from freshbits.outputs.keys import name_keys, prompt_keys
from freshbits.rollouts.schema import EXTRA, SIGNAL
from freshbits.worlds import Answers, Atoms, Beta, Channel, Fixed, Follows, Habit, PromptChannel, Shortcut, World
from freshbits.worlds.marks import Mark

if TYPE_CHECKING:
    from freshbits.worlds.component import Discrete

_SHORT = Mark("!", "")
_FEW, _MANY = Answers(), Answers(8, Atoms([(1.0, 1.0)]))
# name -> (answers, verdict, feature)
KINDS: dict[str, tuple[Answers, Discrete, Habit | Follows]] = {
    "null: follows the truth only": (_FEW, Channel(0.9, 0.1), Habit(0.7, 0.3, _SHORT)),
    "follows the verdict": (_FEW, Channel(0.9, 0.2), Follows("reward", 0.7, 0.5, _SHORT)),
    "follows it strongly": (_FEW, Channel(0.85, 0.15), Follows("reward", 0.85, 0.35, _SHORT)),
    "channel by prompt": (_FEW, PromptChannel(Beta(4, 1), Beta(1, 4)), Follows("reward", 0.7, 0.4, _SHORT)),
    "rewarded habit (no logit)": (_FEW, Shortcut("mark", 0.3, 0.95, 0.05), Habit(0.5, 0.5, _SHORT)),
    "many wrong answers": (_MANY, Channel(0.9, 0.2), Follows("reward", 0.8, 0.4, _SHORT)),
}
CELLS: tuple[Cell, ...] = tuple({"rollouts": size, "prompts": 300, "world": name} for size in (4, 8) for name in KINDS)


def measure(cell: Cell, seed: int) -> list[Reading]:
    """Draws the rows of one log and estimates the bits its feature shares with the verdict inside a class."""
    place = (str(cell["world"]), int(cell["rollouts"]), int(cell["prompts"]))
    frame = world(*place).draw(seed)
    prompts = prompt_keys(frame["prompt"]).to_numpy()
    answers = name_keys(frame["extracted"].fill_null("none")).to_numpy()
    level = frame[EXTRA + "mark"].to_numpy().astype(np.int64)
    accepted = frame[SIGNAL + "reward"].to_numpy()
    by_class = surface_bits(prompts, answers, level, accepted, prompts)
    there = float(not place[0].startswith("null"))
    if by_class is None:
        return []
    alarm = Reading("share found at 5 %", float(by_class.p_value <= 0.05), np.nan, np.nan, there)
    return [Reading.of("I(φ;S|answer,Q)", by_class.bits, truth(*place)), alarm]


@cache
def world(name: str, size: int, prompts: int) -> World:
    """Returns the world of a cell."""
    answers, verdict, feature = KINDS[name]
    return World(
        prompts=prompts,
        answers=answers,
        signals={"reward": verdict},
        features={"mark": feature},
        sizes=Fixed(size),
    )


@cache
def truth(name: str, size: int, prompts: int) -> float:
    """Returns the exact I(φ;S|answer,Q)."""
    return world(name, size, prompts).truth().features["mark"]["reward"].beyond_class


STUDY = Study("surface", "Bits of a feature beyond the answer class, I(φ;S|[Y]_π,Q)", CELLS, measure, logs=300)
