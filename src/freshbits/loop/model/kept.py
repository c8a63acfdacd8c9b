"""A base checkpoint on disk: weights, configuration, tokenizer, and the recipe it came from with what came out."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from _typeshed import DataclassInstance

    from freshbits.loop.model.model import Model


def keep(
    folder: Path, model: Model, recipe: DataclassInstance, made_by: str, reached: dict[str, Any]
) -> dict[str, Any]:
    """Writes a base into a folder and returns what its recipe file says.

    Args:
        folder: made where it is missing.
        model: the base.
        recipe: how it was made.
        made_by: the module that made it.
        reached: what it can do, measured.
    """
    import torch
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    model.network.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    told = {
        "made_by": f"python -m {made_by}",
        "recipe": asdict(recipe),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "parameters": sum(each.numel() for each in model.network.parameters()),
        "sha256": hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest(),
        "reached": reached,
    }
    (folder / "recipe.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return told


def command(arguments: Sequence[str], made_by: str, default: Path, write: Callable[[Path], dict[str, Any]]) -> int:
    """Makes a base in the folder named on the command line, or in the package; returns the exit code."""
    if len(arguments) > 1 or any(each.startswith("-") for each in arguments):
        sys.stderr.write(f"usage: python -m {made_by} [FOLDER]\n")
        return 2
    told = write(Path(arguments[0]) if arguments else default)
    sys.stdout.write(json.dumps(told["reached"], indent=2) + "\n")
    return 0
