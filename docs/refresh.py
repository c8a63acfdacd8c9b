"""Reruns the commands shown in README.md and docs/ and puts in what they print now.

    python docs/refresh.py            # rewrite all; the gallery only where FRESHBITS_DATA names the public logs

These kinds of places are refreshed, each under a comment that says so:

    <!-- output -->                  a console block: every `$ command` and all that it prints
    <!-- output: Bits | Not -->      the same, but of the last command only the paragraphs that open with these
                                     words are shown; `[…]` stands for what was left out
    <!-- session -->                 a block of Python with prompts
    <!-- quote FILE: opening -->     the line of FILE that opens so, as a quotation
    <!-- rows FILE [a, b]: x; y -->  the rows that open with x or y of the first table of FILE that has both, under its
                                     header; of its columns those named, all without brackets
    <!-- figures FILE: a = k/l -->   numbers of a JSON file as a table: what each is called, and where it stands; `;`
                                     between them

Commands of one document run one after another in one folder. Nothing is put through a shell.
"""

from __future__ import annotations

import code
import contextlib
import doctest
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
GALLERY = ROOT / "docs" / "gallery.md"
FORECAST = ROOT / "docs" / "forecast.md"
HACKING = ROOT / "docs" / "hacking.md"
LOOPS = ROOT / "docs" / "loops.md"
ENVIRONMENTS = ROOT / "docs" / "environments.md"
EFFICIENT = ROOT / "docs" / "efficient.md"
SETS = ROOT / "docs" / "sft_sets.md"
RUBRICS = ROOT / "docs" / "rubrics.md"
BOOK = sorted(
    [
        *(ROOT / "docs" / "concepts").glob("*.md"),
        *(ROOT / "docs" / "statistics").glob("*.md"),
    ]
)
CUT = "[…]"

_PLACE = re.compile(
    r"<!-- output(?:: (?P<openings>[^\n]*?))? -->\n```console\n(?P<console>.*?)```\n"
    r"|<!-- session -->\n```python\n(?P<session>.*?)```\n"
    r"|<!-- quote (?P<file>\S+): (?P<opening>[^\n]*?) -->\n> [^\n]*\n"
    r"|<!-- rows (?P<table>\S+)(?: \[(?P<columns>[^\]\n]*)\])?: (?P<rows>[^\n]*?) -->\n(?:\|[^\n]*\n)*"
    r"|<!-- figures (?P<numbers>\S+): (?P<places>[^\n]*?) -->\n(?:\|[^\n]*\n)*",
    re.DOTALL,
)


def refreshed(text: str, folder: Path) -> str:
    """Returns a document with every marked place as it comes out now; commands run in `folder`."""
    names: dict[str, object] = {}
    printed: dict[str, str] = {}

    def replace(place: re.Match[str]) -> str:
        comment = place[0].split("\n", 1)[0]
        if place["console"] is not None:
            return f"{comment}\n```console\n{console(place['console'], place['openings'], folder, printed)}```\n"
        if place["session"] is not None:
            return f"{comment}\n```python\n{session(place['session'], names, folder)}```\n"
        if place["table"] is not None:
            return f"{comment}\n{tabled(place['table'], place['columns'], place['rows'])}"
        if place["numbers"] is not None:
            return f"{comment}\n{figures(place['numbers'], place['places'])}"
        return f"{comment}\n> {quoted(place['file'], place['opening'])}\n"

    return _PLACE.sub(replace, text)


def console(block: str, openings: str | None, folder: Path, seen: dict[str, str]) -> str:
    """Reruns the commands of a block, each once per document; of the last shows the chosen paragraphs only."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    parts = []
    for command in commands:
        if command not in seen:
            seen[command] = run(command, folder)
        printed = seen[command]
        if openings and command == commands[-1]:
            printed = chosen(printed, [opening.strip() for opening in openings.split("|")])
        parts.append(f"$ {command}\n{printed}")
    return "".join(parts)


def run(command: str, folder: Path) -> str:
    """Runs `freshbits …` or `python …` with this interpreter and returns what it prints."""
    name, *arguments = shlex.split(command, comments=True)
    programs = {"freshbits": [sys.executable, "-m", "freshbits"], "python": [sys.executable]}
    ran = subprocess.run([*programs[name], *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"{command}: exit code {ran.returncode}\n{ran.stderr}")
    return "".join(f"{line.rstrip()}\n" for line in ran.stdout.splitlines())


def chosen(printed: str, openings: list[str]) -> str:
    """Keeps the paragraphs that open with one of the texts; `[…]` stands for each run of those left out.

    >>> print(chosen("a 1\\n\\nb 2\\n\\nc 3\\nc 4\\n", ["a", "c"]), end="")
    a 1
    <BLANKLINE>
    […]
    <BLANKLINE>
    c 3
    c 4
    """
    paragraphs = printed.strip("\n").split("\n\n")
    missing = [opening for opening in openings if not any(p.lstrip().startswith(opening) for p in paragraphs)]
    if missing:
        raise SystemExit(f"no paragraph opens with {missing}")
    kept: list[str] = []
    for paragraph in paragraphs:
        shown = paragraph if paragraph.lstrip().startswith(tuple(openings)) else CUT
        if shown != CUT or kept[-1:] != [CUT]:
            kept.append(shown)
    return "\n\n".join(kept) + "\n"


def session(block: str, names: dict[str, object], folder: Path) -> str:
    """Reruns a Python session; names live on from one block of a document to the next."""
    console = code.InteractiveConsole(names)
    lines = []
    with contextlib.chdir(folder):
        for example in doctest.DocTestParser().get_examples(block):
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                console.runsource(example.source.rstrip("\n"), symbol="single")
            head, *rest = example.source.splitlines()
            lines += [f">>> {head}", *(f"... {line}" for line in rest), *said.getvalue().splitlines()]
    return "".join(f"{line}\n" for line in lines)


def quoted(file: str, opening: str) -> str:
    """Returns the first line of a file of this repository that opens with a text."""
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        if line.startswith(opening):
            return line
    raise SystemExit(f"{file}: no line opens with {opening!r}")


def tabled(file: str, columns: str | None, openings: str) -> str:
    """Returns the rows of a table of this repository that open with one of some texts, under their header."""
    wanted = [f"| {opening.strip()}" for opening in openings.split(";")]
    blocks = re.findall(r"(?:^\|[^\n]*\n)+", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    for block in blocks:
        head, _, *body = block.splitlines()
        if not all(any(row.startswith(want) for row in body) for want in wanted):
            continue
        cells = [_cells(row) for row in (head, *(row for row in body if row.startswith(tuple(wanted))))]
        names = [name.strip() for name in columns.split(",")] if columns else cells[0]
        return _table([[row[cells[0].index(name)] for name in names] for row in cells])
    raise SystemExit(f"{file}: no table has rows that open with {wanted}")


def figures(file: str, places: str) -> str:
    """Returns numbers of a JSON file of this repository as a table: `called = key/key; …`.

    The keys that lead to a number are joined by `/`; a number among them counts the entries of a list, from 0.
    """
    data = json.loads((ROOT / file).read_text(encoding="utf-8"))
    rows = [["", "figure"]]
    for place in places.split(";"):
        called, path = (part.strip() for part in place.split("=", 1))
        value = data
        for key in path.split("/"):
            value = value[int(key)] if isinstance(value, list) else value[key]
        rows.append([called, f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)])
    return _table(rows)


def _cells(row: str) -> list[str]:
    """Splits a row of a table; an escaped bar is no border."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip()[1:-1])]


def _table(rows: list[list[str]]) -> str:
    """Writes rows, the header first, as a table."""
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


@contextlib.contextmanager
def folder_of(document: Path) -> Iterator[Path | None]:
    """Gives the folder that a document's commands run in; None where the public logs are not there."""
    if document == GALLERY:
        place = os.environ.get("FRESHBITS_DATA")
        yield Path(place) if place else None
    elif document == LOOPS:
        yield ROOT / "examples" / "loops"
    else:
        with tempfile.TemporaryDirectory() as place:
            yield Path(place)


def main() -> None:
    """Rewrites the documents."""
    for document in (README, FORECAST, HACKING, LOOPS, SETS, RUBRICS, EFFICIENT, ENVIRONMENTS, *BOOK, GALLERY):
        with folder_of(document) as folder:
            if folder is None:
                print(f"{document.name} left as it is: FRESHBITS_DATA names no folder with the public logs")
                continue
            text = document.read_text(encoding="utf-8")
            document.write_text(refreshed(text, folder), encoding="utf-8")
            print(f"{document.name} refreshed")


if __name__ == "__main__":
    main()
