"""Reads which settings a trainer has off its source, without importing it."""

from __future__ import annotations

import ast
import functools
from importlib.machinery import PathFinder
from pathlib import Path

SOURCES = {
    "trl": ("trl/trainer/grpo_config.py", "trl/trainer/base_config.py", "transformers/training_args.py"),
}


@functools.cache
def fields(trainer: str) -> frozenset[str]:
    """Returns the names of the fields that a trainer's class of settings declares, itself or by its bases.

    >>> {"log_completions", "num_generations", "logging_steps"} <= fields("trl")
    True
    """
    found: set[str] = set()
    for source in SOURCES[trainer]:
        package, _, rest = source.partition("/")
        spec = PathFinder.find_spec(package)  # the real one, whatever stands in for it
        file = Path(str(spec.origin if spec else "")).parent / rest
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.add(node.target.id)
    return frozenset(found)
