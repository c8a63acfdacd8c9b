"""Makes the base checkpoint of the tiny model: right about half of the time, its learning rate come to rest.

    python -m freshbits.loop.model.pretrain [FOLDER]

The network learns in a phase transition, at a step that depends on the seed, and one domain before the other. So
accuracy is measured on the way (exactly): the domain that is behind is drawn more often, and from where all have begun
to be right the rate falls in proportion to what is missing to the goal, to nothing. A base that is stopped while the
rate is high gains on any training at all, and a loop would take the credit. Only prompts that loops may train on are
seen; held-out ones stay unseen. The same recipe gives the same weights on the same machine and library versions;
`recipe.json` keeps what came out.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.loop.evaluation import exact
from freshbits.loop.model.kept import command, keep
from freshbits.loop.model.model import Model
from freshbits.loop.model.tiny import base_path, new_model, new_tokenizer
from freshbits.loop.tasks.sums import Sums

if TYPE_CHECKING:
    from pathlib import Path

MODULE = "freshbits.loop.model.pretrain"


@dataclass(frozen=True)
class Recipe:
    """Says how the base is made: AdamW, a linear rise of the rate, a plateau, a fall led by accuracy.

    Rate and a domain's share of the rows are in proportion to what is missing to `goal`, the rate from `begin` on; it
    ends where a twentieth of that is missing.
    """

    domains: tuple[str, ...] = ("sums", "differences")
    size: int = 100
    seed: int = 0
    goal: float = 0.52
    begin: float = 0.2
    look: int = 10
    most: int = 3000
    rise: int = 20
    batch: int = 64
    rate: float = 5e-3
    decay: float = 0.01
    tail: bool = False


def pretrain(recipe: Recipe) -> Model:
    """Trains the tiny model on true answers of the task's training prompts, from nothing."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    task = Sums(recipe.size, 0, recipe.domains, tail=recipe.tail)
    model = Model(new_model(), new_tokenizer(), chat=False, adapter=False)
    rng = random.Random(recipe.seed)
    optimizer = torch.optim.AdamW(model.network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    weights = [1.0] * len(recipe.domains)
    share = 1.0
    for step in range(recipe.most):
        if step % recipe.look == 0:
            missing = [recipe.goal - _accuracy(model, recipe, domain) for domain in recipe.domains]
            weights = [max(each, 1e-3) for each in missing]
            # Never up again: a rate that rises at the end would undo what its fall has brought to rest.
            share = min(share, max(missing) / (recipe.goal - recipe.begin))
            if share < 0.05:
                return model
            model.network.train()
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * min(share, (step + 1) / recipe.rise)
        loss = model.network(**_batch(model, task, weights, recipe, rng)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.network.parameters(), 1.0)
        optimizer.step()
    raise InputError(f"after {recipe.most} steps the base has not begun to be right", mend="choose another seed")


def _accuracy(model: Model, recipe: Recipe, domain: str) -> float:
    """Measures on every fourth training prompt: enough to steer by."""
    task = Sums(recipe.size, 0, (domain,), tail=recipe.tail)
    return exact(model, task, task.train[::4]).mean("accuracy") or 0.0


def _batch(model: Model, task: Sums, weights: list[float], recipe: Recipe, rng: random.Random) -> dict[str, Any]:
    import torch

    by_domain = {domain: [each for each in task.train if each.region == domain] for domain in recipe.domains}
    rows, labels = [], []
    for domain in rng.choices(recipe.domains, weights, k=recipe.batch):
        prompt = rng.choice(by_domain[domain])
        asked = model.encode_prompt(prompt.text)
        told = model.encode_completion(task.reference(prompt, rng))
        rows.append(asked + told)
        labels.append([-100] * len(asked) + told)
    longest = max(map(len, rows))
    return {
        "input_ids": torch.tensor([row + [model.pad] * (longest - len(row)) for row in rows]),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows]),
        "labels": torch.tensor([row + [-100] * (longest - len(row)) for row in labels]),
    }


def write(folder: Path, recipe: Recipe) -> dict[str, Any]:
    """Makes the base, writes weights, configuration, tokenizer and recipe, and returns what the recipe file says."""
    model = pretrain(recipe)
    reached = {}
    for domain in recipe.domains:
        task = Sums(recipe.size, 0, (domain,), tail=recipe.tail)
        for side, prompts in (("train", task.train), ("held_out", task.held_out)):
            found = exact(model, task, prompts)
            reached[f"{domain}, {side}"] = {
                name: round(value, 4)
                for name in ("accuracy", "entropy", "loss")
                if (value := found.mean(name)) is not None
            }
    return keep(folder, model, recipe, MODULE, reached)


def main(arguments: list[str] | None = None) -> int:
    """Makes the base in the folder named, or in the package; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    return command(given, MODULE, base_path(), lambda folder: write(folder, Recipe()))


if __name__ == "__main__":
    sys.exit(main())
