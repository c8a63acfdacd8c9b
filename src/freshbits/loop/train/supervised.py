"""Supervised training on chosen rows, by TRL's SFTTrainer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freshbits.loop.quiet import quiet
from freshbits.loop.train.shared import arguments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from freshbits.loop.model.model import Model
    from freshbits.loop.train.examples import Example
    from freshbits.loop.train.shared import Updates


def supervise(model: Model, examples: Sequence[Example], updates: Updates, folder: Path) -> dict[str, Any]:
    """Trains a model in place for a number of updates, whatever the number of rows; returns the trainer's last losses.

    Rows go in as tokens: what was sampled is what is trained on, and a completion that was cut gets no end. What an
    environment answered is read and not trained on.

    Args:
        model: the model; its network changes.
        examples: rows, at least one; drawn again in another order when they are through.
        updates: how many updates of how many rows, at which rate, by which seed.
        folder: where the trainer may leave files.
    """
    from datasets import Dataset
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    rows = []
    for example in examples:
        asked = model.encode_prompt(example.prompt)
        told = list(example.tokens)
        own = example.sampled or [True] * len(told)
        labels = [token if trained else -100 for token, trained in zip(told, own, strict=True)]
        rows.append({"input_ids": asked + told, "labels": [-100] * len(asked) + labels})
    with quiet():
        trainer = SFTTrainer(
            model=model.network,
            args=SFTConfig(
                **arguments(updates, folder),
                per_device_train_batch_size=min(updates.batch, len(rows)),
                max_length=None,
                packing=False,
                completion_only_loss=False,  # the labels say it already
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=model.tokenizer,
        )
        trainer.train()
    return {"loss": [line["loss"] for line in trainer.state.log_history if "loss" in line]}
