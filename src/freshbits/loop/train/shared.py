"""What both trainers share: how much is trained, and the settings that hold on any machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

WARM = 0.1  # share of a round's updates over which the rate rises: every round begins with a new optimiser


@dataclass(frozen=True)
class Updates:
    """Says how much is trained in a round.

    Attributes:
        steps: optimiser steps.
        batch: rows per step.
        rate: learning rate.
        seed: of the trainer: base seed plus round, since a trainer sets every generator to its seed when it is made.
        bf16: compute in bfloat16.
    """

    steps: int
    batch: int
    rate: float
    seed: int
    bf16: bool = False


def arguments(updates: Updates, folder: Path) -> dict[str, Any]:
    """Returns the settings of a trainer: what would differ between machines is set, nothing is reported or saved."""
    import torch

    return {
        "output_dir": str(folder),
        "max_steps": updates.steps,
        "learning_rate": updates.rate,
        "lr_scheduler_type": "constant_with_warmup",
        # The rate of the first step of a rise is nothing, so very few updates have none.
        "warmup_steps": round(WARM * updates.steps),
        "seed": updates.seed,
        "data_seed": updates.seed,
        "use_cpu": not torch.cuda.is_available(),
        "bf16": updates.bf16,
        "gradient_checkpointing": False,
        "report_to": [],
        "save_strategy": "no",
        "logging_steps": 1,
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }
