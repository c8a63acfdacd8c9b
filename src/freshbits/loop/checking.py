"""The check of a declared loop: its structure and its projection, before anything is spent."""

from __future__ import annotations

import json
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from freshbits.loop.structure import Structure  # noqa: TC001  (read at run time, to open stored checks)
from freshbits.plain import from_plain, to_plain
from freshbits.results import SCHEMA, Json, Projection

if TYPE_CHECKING:
    from freshbits.loop.declare import Graph, Loop


@dataclass(frozen=True, kw_only=True)
class Check:
    """Holds what a declaration alone tells of a loop: `to_json()` and `Check.from_json()` are inverse."""

    name: str
    structure: Structure
    projection: Projection

    def to_json(self) -> Json:
        """Returns the check as plain data, in the order of its fields."""
        from freshbits.version import __version__

        return {"freshbits": __version__, "schema": SCHEMA, **to_plain(self)}

    @classmethod
    def from_json(cls, data: Json) -> Check:
        """Rebuilds a check from what `to_json` gave."""
        return typing.cast("Check", from_plain(cls, data))

    def dumps(self) -> str:
        """Returns the check as JSON text."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def check(loop: Loop | Graph | str | Path) -> Check:
    """Checks a declared loop: is it open or closed, by which path, and what becomes of it.

    Args:
        loop: a loop, a graph, or a YAML or JSON file with either.

    Raises:
        InputError: if the declaration cannot be read or contradicts itself.

    >>> from freshbits.loop.declare import Loop
    >>> found = check(Loop(task={"environment": "sums"}, model={"config": "tiny"}, signal="majority_vote",
    ...                    train={"method": "grpo"}))
    >>> found.structure.verdict, found.projection.code
    ('closed', 'FORECAST_NO_STEP')
    """
    from freshbits.loop.project import project
    from freshbits.loop.structure import structure

    declared = read(loop) if isinstance(loop, (str, Path)) else loop
    return Check(name=declared.name, structure=structure(declared), projection=project(declared))


def read(path: str | Path) -> Loop | Graph:
    """Reads a loop in its short form, or one that is drawn as a graph.

    Raises:
        InputError: with file, line and place of what is wrong.
    """
    from freshbits.loop import text
    from freshbits.loop.declare import Graph, Loop

    found = text.read(path)
    return Graph.of(found) if "nodes" in found.data else Loop.of(found)
