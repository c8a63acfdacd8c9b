"""Reruns what README.md, docs/ and examples/ show and puts in what comes out now; docs/shown/blocks.py says how.

    python docs/refresh.py [PAGE …]   # rewrite all, or some; public logs only where FRESHBITS_DATA names them

All of a document runs in one empty folder, from top to bottom.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

sys.path.insert(0, str(Path(__file__).parent))  # this folder is no package: it is read by the site's builder too

from shown.blocks import ROOT, PageError, pages
from shown.stage import Stage

NOTEBOOK = ROOT / "examples" / "first_look.ipynb"


def refreshed(text: str, folder: Path) -> str:
    """Returns a document with every place as it comes out now; all of it runs in `folder`."""
    return Stage(folder).now(text)


def noted(document: Path, folder: Path) -> str:
    """Returns a notebook with its outputs as they come out now."""
    program = [sys.executable, str(ROOT / "docs" / "shown" / "notebook.py"), str(document)]
    ran = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise PageError(ran.stderr[-2000:])
    return ran.stdout


@contextlib.contextmanager
def folder_of(document: Path) -> Iterator[Path]:
    """Gives the folder that a document's commands run in: an empty one; that of loops holds the examples' loops."""
    with tempfile.TemporaryDirectory() as place:
        if document == ROOT / "docs" / "loops.md":
            shutil.copytree(ROOT / "examples" / "loops", place, dirs_exist_ok=True)
        yield Path(place)


def main(arguments: list[str]) -> None:
    """Rewrites the documents."""
    for document in [Path(each).resolve() for each in arguments] or [*pages(), NOTEBOOK]:
        text = document.read_text(encoding="utf-8")
        with folder_of(document) as folder:
            try:
                now = noted(document, folder) if document.suffix == ".ipynb" else refreshed(text, folder)
            except PageError as problem:
                sys.exit(f"{document.relative_to(ROOT)}: {problem}")
        if now != text:
            document.write_text(now, encoding="utf-8")
        print(f"{document.relative_to(ROOT)}: {'changed' if now != text else 'as it was'}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
