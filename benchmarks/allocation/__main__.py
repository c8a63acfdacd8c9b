"""Runs the study of allocation and writes its results: python -m benchmarks.allocation [--runs DIR].

Every run is a line in a file under --runs, so a study that was stopped goes on where it was. `--cells "b: verifier"`
runs the cells whose names begin so, and writes no results: processes side by side fill one folder, and one more writes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.allocation import played
from benchmarks.allocation.measured import Shelf, Study
from benchmarks.allocation.told import markdown, rounded

if TYPE_CHECKING:
    from benchmarks.allocation.worlds import Cell

RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Runs, compares, writes."""
    parser = argparse.ArgumentParser(description="Compares ways to spend verifier calls.")
    parser.add_argument("--runs", type=Path, default=None, help="where runs are kept")
    parser.add_argument("--cells", nargs="+", default=None, help="beginnings of names; nothing is written")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = asked.runs or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        cells: list[dict[str, Any]] = []
        for part in ("a", "b", "c"):
            shelf = Shelf(place / f"{part}.jsonl")
            for study, cell in studies(part):
                if asked.cells and not study.name.startswith(tuple(asked.cells)):
                    continue
                began = time.process_time()
                found = study.held(shelf)
                if cell is not None:
                    found["moved"] = played.moves(cell, found["strategies"]["uniform"]["rate"])
                cells.append(found)
                print(study.name, f"{time.process_time() - began:.0f} s", flush=True)
    if asked.cells:
        return
    asked.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(rounded(cells), indent=1, ensure_ascii=False)
    (asked.output / "allocation.json").write_text(text + "\n", encoding="utf-8")
    (asked.output / "allocation.md").write_text(markdown(cells), encoding="utf-8")


def studies(part: str) -> list[tuple[Study, Cell | None]]:
    """Lists the studies of a part, each with the cell of its world where it is a small one."""
    if part != "c":
        return [(played.study(cell, beside), cell) for cell, beside in played.CELLS if cell.name.startswith(part)]
    import torch
    from benchmarks.allocation import spoken

    torch.set_num_threads(1)
    return [(study, None) for study in spoken.studies()]


if __name__ == "__main__":
    main()
