"""Executes a notebook by the kernel of this interpreter, in the current folder, and writes it with its plain outputs.

    python docs/shown/notebook.py examples/first_look.ipynb > out.ipynb

Kept of the outputs is text; counters, times and pictures, which differ from one machine to the next, are not.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient


def executed(text: str) -> str:
    """Returns the notebook as it comes out now."""
    notebook: Any = nbformat.reads(text, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for cell in notebook.cells:
        cell.metadata.clear()
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [kept for output in cell.outputs if (kept := _kept(output))]
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def _kept(output: Any) -> Any:
    if output.output_type == "stream":
        return output if output.name == "stdout" else None
    output.data = {kind: value for kind, value in output.data.items() if kind == "text/plain"}
    output.metadata = {}
    if "execution_count" in output:
        output.execution_count = None
    return output


if __name__ == "__main__":
    sys.stdout.write(executed(Path(sys.argv[1]).read_text(encoding="utf-8")))
