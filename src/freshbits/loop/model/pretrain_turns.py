"""Makes the base checkpoint of the tiny model for the game `guess`: it succeeds about half of the time.

    python -m freshbits.loop.model.pretrain_turns [FOLDER]

It learns from demonstrations of a player who guesses anything that is still possible, on prompts that loops may train
on; what the environment answers is read and not learned. Halving is in none of its rows on purpose: it is what a loop
can find. The rate rises, stays and falls to nothing, so that a loop does not take the credit for training that was cut
short.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freshbits.loop.episodes import demonstrations, measured, told
from freshbits.loop.generate import Local
from freshbits.loop.model.kept import command, keep
from freshbits.loop.model.model import Model
from freshbits.loop.model.tiny import new_model, new_tokenizer, turns_path
from freshbits.loop.tasks.turns import Turns
from freshbits.signals.environments.guess import Guess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from freshbits.loop.tasks.task import Prompt
    from freshbits.loop.train.examples import Example

MODULE = "freshbits.loop.model.pretrain_turns"


@dataclass(frozen=True)
class TurnsRecipe:
    """Says how the base is made: AdamW, `rise` steps in which the rate rises, a plateau, `fall` steps to nothing."""

    width: int = 15
    turns: int = 4
    seed: int = 0
    rise: int = 20
    plateau: int = 500
    fall: int = 500
    batch: int = 64
    rate: float = 5e-3
    decay: float = 0.01

    @property
    def task(self) -> Turns:
        """The game with all its ranges."""
        return Turns.of(Guess(self.width, self.turns), 100, 0, 0.2, {})


def pretrain_turns(recipe: TurnsRecipe) -> Model:
    """Trains the tiny model on demonstrations of the game's training prompts, from nothing."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    task = recipe.task
    model = Model(new_model(), new_tokenizer(), chat=False, adapter=False)
    rng = random.Random(recipe.seed)
    optimizer = torch.optim.AdamW(model.network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    model.network.train()
    last = recipe.rise + recipe.plateau + recipe.fall
    for step in range(last):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * min(1.0, (step + 1) / recipe.rise, (last - step) / recipe.fall)
        chosen = rng.choices(task.train, k=recipe.batch)
        rows = demonstrations(task, model, chosen, 1, f"{recipe.seed} {step}")
        loss = model.network(**_batch(model, rows)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.network.parameters(), 1.0)
        optimizer.step()
    return model


def succeeded(model: Model, task: Turns, prompts: Sequence[Prompt], samples: int, seed: int) -> float:
    """Returns the share of episodes that succeed."""
    asked = [prompt for prompt in prompts for _ in range(samples)]
    rng = random.Random(seed)
    most = (task.longest or 1) + 1
    found = told(task, model, Local(model, most), asked, [rng.getrandbits(31) for _ in asked], 1.0, seed)
    return measured(found, prompts, samples).mean("accuracy") or 0.0


def _batch(model: Model, rows: Sequence[Example]) -> dict[str, Any]:
    import torch

    whole = [model.encode_prompt(row.prompt) + list(row.tokens) for row in rows]
    longest = max(map(len, whole))
    labels = []
    for row, ids in zip(rows, whole, strict=True):
        own = [False] * (len(ids) - len(row.tokens)) + list(row.sampled or [True] * len(row.tokens))
        labels.append([token if trained else -100 for token, trained in zip(ids, own, strict=True)])
    return {
        "input_ids": torch.tensor([ids + [model.pad] * (longest - len(ids)) for ids in whole]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in whole]),
        "labels": torch.tensor([row + [-100] * (longest - len(row)) for row in labels]),
    }


def write(folder: Path, recipe: TurnsRecipe) -> dict[str, Any]:
    """Makes the base, writes weights, configuration, tokenizer and recipe, and returns what the recipe file says."""
    model, task = pretrain_turns(recipe), recipe.task
    reached = {
        side: round(succeeded(model, task, prompts, 64, 1), 4)
        for side, prompts in (("train", task.train), ("held_out", task.held_out))
    }
    return keep(folder, model, recipe, MODULE, reached)


def main(arguments: list[str] | None = None) -> int:
    """Makes the base in the folder named, or in the package; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    return command(given, MODULE, turns_path(), lambda folder: write(folder, TurnsRecipe()))


if __name__ == "__main__":
    sys.exit(main())
