"""Group-relative training (GRPO) on the round's own scored completions, by TRL's GRPOTrainer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freshbits.loop.quiet import quiet
from freshbits.loop.train.shared import arguments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from freshbits.loop.model.model import Model
    from freshbits.loop.train.shared import Updates


@dataclass(frozen=True, slots=True)
class Scored:
    """Holds one completion of a group with its reward; None where it was not scored.

    `sampled` says which of the tokens the model wrote, where the others are what an environment answered; None: all.
    """

    prompt: str
    tokens: tuple[int, ...]
    reward: float | None
    sampled: tuple[bool, ...] | None = None


def reinforce(model: Model, rows: Sequence[Scored], samples: int, updates: Updates, folder: Path) -> dict[str, Any]:
    """Trains a model in place by group-relative policy gradient; returns what the trainer logged.

    The completions are those the loop generated and scored with these very weights, handed to the trainer through its
    `rollout_func`; a round passes over them as often as its updates need, with the clipped ratio.

    Args:
        model: the model that wrote the rows; its network changes.
        rows: `samples` rows of every prompt.
        samples: rows per group.
        updates: how many updates of how many rows, at which rate, by which seed.
        folder: where the trainer may leave files.
    """
    from datasets import Dataset
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.grpo_trainer import GRPOTrainer

    groups: dict[str, list[Scored]] = defaultdict(list)
    for row in rows:
        groups[row.prompt].append(row)
    texts = list(groups)
    slices = pieces(len(rows), updates.batch)
    passes = -(-updates.steps // slices)
    longest = max(len(row.tokens) for row in rows)

    def hand_over(prompts: list[Any], _trainer: Any) -> dict[str, Any]:
        given = [prompt if isinstance(prompt, str) else prompt[-1]["content"] for prompt in prompts]
        place: dict[str, int] = defaultdict(int)
        chosen = []
        for text in given:
            chosen.append(groups[text][place[text] % samples])
            place[text] += 1
        turns = any(row.sampled is not None for row in rows)
        return {
            **({"env_mask": [_mask(row) for row in chosen]} if turns else {}),
            "prompt_ids": [model.encode_prompt(text) for text in given],
            "completion_ids": [list(row.tokens) for row in chosen],
            "logprobs": None,  # the trainer takes them from its own forward pass
            "handed": [row.reward for row in chosen],
        }

    def reward(handed: list[float | None], **_: Any) -> list[float | None]:
        return handed

    with quiet():
        trainer = GRPOTrainer(
            model=model.network,
            reward_funcs=reward,
            args=GRPOConfig(
                **arguments(updates, folder),
                per_device_train_batch_size=len(rows) // slices,
                steps_per_generation=slices,
                num_iterations=passes,
                num_generations=samples,
                max_completion_length=longest,
            ),
            train_dataset=Dataset.from_list([{"prompt": _asked(model, text)} for text in texts]),
            processing_class=model.tokenizer,
            rollout_func=hand_over,
        )
        trainer.train()
    return {"log": trainer.state.log_history}


def pieces(rows: int, batch: int) -> int:
    """Returns into how many equal pieces rows are cut so that one is as near to the batch as can be.

    >>> pieces(640, 64), pieces(30, 64), pieces(90, 64)
    (10, 1, 2)
    """
    divisors = [number for number in range(1, rows + 1) if rows % number == 0]
    return min(divisors, key=lambda number: abs(rows / number - batch))


def _mask(row: Scored) -> list[int]:
    return [1] * len(row.tokens) if row.sampled is None else [int(own) for own in row.sampled]


def _asked(model: Model, text: str) -> Any:
    return [{"role": "user", "content": text}] if model.chat else text
