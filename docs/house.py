"""Draws docs/house.svg: the rooms of src/freshbits and which imports which, read from the imports themselves.

    python docs/house.py              # or: make pages

A room stands above all that it imports. A line that follows from others (a imports b, b imports c, so a to c) is left
out. A room without a word in ROOMS stops it.
"""

from __future__ import annotations

import ast
import textwrap
from html import escape
from pathlib import Path

import networkx as nx

import freshbits

SRC = Path(freshbits.__file__).parent
FILE = Path(__file__).with_name("house.svg")
GROUND = "results"  # the frozen results and what they need, drawn as one

# Room -> (column, what it does).
ROOMS = {
    "cli": (2, "one module per command"),
    "report": (2, "pages and JSON; computes nothing"),
    "loop": (3, "declare, check, run, meter, resume"),
    "planning": (0, "log → ways to train, ranked"),
    "comparing": (1, "signals side by side"),
    "forecasting": (2, "what comes next, by itself"),
    "integrations": (3, "hooks for TRL and verl"),
    "auditing": (2, "read, count, measure, judge, advise"),
    "remedies": (2, "label, allocate, select, rebalance, control"),
    "criteria": (2, "one judge per section of the report"),
    "signals": (4, "verifiers, rubrics, votes, sandbox"),
    "tally": (1, "rows → counts that add up"),
    "dynamics": (2, "laws of populations over rounds"),
    "outputs": (1, "answer classes, features"),
    "worlds": (0, "exact worlds that write logs"),
    "probes": (3, "small learners that read text"),
    "information": (2, "arrays → estimates in bits"),
    "rollouts": (1, "any log → one lazy table"),
    "cluster": (4, "a Ray cluster, joined or started"),
}
OUTSIDE = {"__main__", ""}

WIDE, HIGH, BETWEEN, PITCH = 172, 54, 14, 84
MARGIN = 16
STYLE = """
  .ground{fill:#fff} .box{fill:#eef3f9;stroke:#1d3557;stroke-width:1.2}
  .top .box{fill:#1d3557} .top text{fill:#fff} .base .box{fill:#f6efe6;stroke:#7a4a12}
  .line{fill:none;stroke:#51698a;stroke-width:1.3}
  text{font-family:ui-sans-serif,system-ui,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1b2430;text-anchor:middle}
  .name{font-size:15px;font-weight:600} .does{font-size:11.5px}
"""


def imports() -> nx.DiGraph:
    """Returns which room imports which; the modules beside the rooms that hold results are one of them."""
    graph = nx.DiGraph()
    graph.add_node(GROUND)
    for file in sorted(SRC.rglob("*.py")):
        here = _room(file.relative_to(SRC).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = _named(node)
            for name in names:
                first, *rest = name.split(".")
                there = _room(tuple(rest)) if first == "freshbits" and rest else here
                if there != here and not {here, there} & OUTSIDE:
                    graph.add_edge(here, there)
    return graph


def _named(node: ast.AST) -> list[str]:
    """Returns the modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom) or not node.module:
        return []
    return [f"freshbits.{alias.name}" for alias in node.names] if node.module == "freshbits" else [node.module]


def _room(parts: tuple[str, ...]) -> str:
    """Returns the room of a module; a file beside the rooms that is none by itself belongs to the ground."""
    name = "" if parts[0] == "__init__" else parts[0]
    if name in OUTSIDE or name in ROOMS:
        return name
    if (SRC / name).is_dir():
        raise SystemExit(f"docs/house.py: give the room {name} a column and a word")
    return GROUND


def drawing(graph: nx.DiGraph) -> str:
    """Returns the picture as SVG."""
    if gone := set(ROOMS) - set(graph):
        raise SystemExit(f"docs/house.py: no such room any more: {', '.join(sorted(gone))}")
    reduced = nx.transitive_reduction(graph)
    floors = list(nx.topological_generations(reduced.reverse()))
    floor = {room: number for number, rooms in enumerate(floors) for room in rooms}
    taken = [(floor[room], column) for room, (column, _) in ROOMS.items()]
    if len(set(taken)) < len(taken):
        raise SystemExit("docs/house.py: two rooms in one place: move one to another column")
    columns = 1 + max(column for column, _ in ROOMS.values())
    width = 2 * MARGIN + columns * (WIDE + BETWEEN) - BETWEEN
    height = 2 * MARGIN + len(floors) * PITCH - (PITCH - HIGH)
    at = {room: (MARGIN + column * (WIDE + BETWEEN), _top(floor[room], height)) for room, (column, _) in ROOMS.items()}
    full = {(floor[room], column) for room, (column, _) in ROOMS.items()}
    lines = [_line(at[a], at.get(b), _free(a, b, floor, full), height) for a, b in sorted(reduced.edges)]
    boxes = [_box(room, *at[room], words, top=floor[room] == len(floors) - 1) for room, (_, words) in ROOMS.items()]
    base = _base(width, height)
    title = "The rooms of freshbits: each imports only what stands below it"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{title}">\n<title>{title}</title>\n<style>{STYLE}</style>\n'
        f'<rect class="ground" width="{width}" height="{height}" rx="10"/>\n'
        + "\n".join([*lines, *boxes, base])
        + "\n</svg>\n"
    )


def _top(floor: int, height: int) -> int:
    return height - MARGIN - HIGH - floor * PITCH


def _free(above: str, below: str, floor: dict[str, int], full: set[tuple[int, int]]) -> bool:
    """Tells whether nothing stands between two rooms in the column of the lower one."""
    column = ROOMS[below][0] if below in ROOMS else ROOMS[above][0]
    return not any((between, column) in full for between in range(floor[below] + 1, floor[above]))


def _line(start: tuple[int, int], end: tuple[int, int] | None, turns_first: bool, height: int) -> str:
    """Draws a line from the foot of one box to the head of another, turning below the first or above the last.

    A line to the ground goes straight down.
    """
    x, y = start[0] + WIDE // 2, start[1] + HIGH
    to_x, to_y = (end[0] + WIDE // 2, end[1]) if end else (x, _top(0, height))
    gap = PITCH - HIGH
    at = y if turns_first else to_y - gap
    curve = f"C{x} {at + gap} {to_x} {at} {to_x} {at + gap}" if to_x != x else ""
    return f'<path class="line" d="M{x} {y} V{at} {curve} V{to_y}"/>'


def _box(name: str, x: int, y: int, words: str, *, top: bool) -> str:
    said = textwrap.wrap(words, 27)
    middle, first = x + WIDE // 2, y + (32 if len(said) > 1 else 37)
    rows = "".join(
        f'<text class="does" x="{middle}" y="{first + 13 * i}">{escape(row)}</text>' for i, row in enumerate(said)
    )
    return (
        f'<g class="{"top" if top else "room"}">'
        f'<rect class="box" x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="6"/>'
        f'<text class="name" x="{middle}" y="{y + 18}">{name}</text>{rows}</g>'
    )


def _base(width: int, height: int) -> str:
    y = _top(0, height)
    words = "frozen results, JSON both ways; the vocabulary of errors; files written whole. No formula."
    return (
        f'<g class="base"><rect class="box" x="{MARGIN}" y="{y}" width="{width - 2 * MARGIN}" height="{HIGH}" rx="6"/>'
        f'<text class="name" x="{width // 2}" y="{y + 21}">results, errors and what they need</text>'
        f'<text class="does" x="{width // 2}" y="{y + 40}">{words}</text></g>'
    )


def main() -> None:
    """Writes the picture."""
    FILE.write_text(drawing(imports()), encoding="utf-8")
    print(f"{FILE.name} drawn")


if __name__ == "__main__":
    main()
