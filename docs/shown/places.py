"""Takes lines, rows of tables and numbers out of files of this repository."""

from __future__ import annotations

import json
import re

from shown.blocks import ROOT, PageError


def quoted(file: str, opening: str) -> str:
    """Returns the first line of a file of this repository that opens with a text."""
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        if line.startswith(opening):
            return line
    raise PageError(f"{file}: no line opens with {opening!r}")


def tabled(file: str, columns: str | None, openings: str) -> str:
    """Returns the rows of a table of this repository that open with one of some texts, under their header."""
    wanted = [f"| {opening.strip()}" for opening in openings.split(";")]
    blocks = re.findall(r"(?:^\|[^\n]*\n)+", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    for block in blocks:
        head, _, *body = block.splitlines()
        if not all(any(row.startswith(want) for row in body) for want in wanted):
            continue
        cells = [_cells(row) for row in (head, *(row for row in body if row.startswith(tuple(wanted))))]
        places, titles = _places(cells[0], columns, file)
        return _table([titles, *([row[place] for place in places] for row in cells[1:])])
    raise PageError(f"{file}: no table has rows that open with {wanted}")


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


def _places(head: list[str], columns: str | None, file: str) -> tuple[list[int], list[str]]:
    """Returns where the named columns stand, all without names, and their titles (`NAME as TITLE`).

    `;` is between names that hold commas themselves.
    """
    if not columns:
        return list(range(len(head))), head
    named = [name.strip().split(" as ") for name in columns.split(";" if ";" in columns else ",")]
    for name, *_ in named:
        if head.count(name) != 1:
            raise PageError(f"{file}: {head.count(name)} columns are called {name!r}")
    return [head.index(name) for name, *_ in named], [title for *_, title in named]


def _cells(row: str) -> list[str]:
    """Splits a row of a table; an escaped bar is no border."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip()[1:-1])]


def _table(rows: list[list[str]]) -> str:
    """Writes rows, the header first, as a table."""
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
