"""Runs one stage over configurations, one line of JSON each; what stands in the file already is not run again."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


def filled(path: Path, seeds: Iterable[int], run: Callable[[int], dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Returns seed -> result for all seeds, running those that are missing, with progress."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = {row["seed"]: row["result"] for row in map(json.loads, lines)}
    wanted = list(seeds)
    start = time.process_time()
    with path.open("a", encoding="utf-8") as file:
        for number, seed in enumerate(wanted, start=1):
            if seed in found:
                continue
            found[seed] = run(seed)
            file.write(json.dumps({"seed": seed, "result": found[seed]}) + "\n")
            file.flush()
            print(f"{path.stem}: {number} of {len(wanted)}, {time.process_time() - start:.0f} CPU s", flush=True)
    return {seed: found[seed] for seed in wanted}
