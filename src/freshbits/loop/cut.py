"""The arrows whose removal would close a loop: where the outside comes in."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from freshbits.loop.trail import trail
from freshbits.loop.unroll import At, Edge, students_of, unroll

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from freshbits.loop.declare import Graph
    from freshbits.loop.unroll import Unrolled

DEEPEST = 3  # arrows up to which the smallest cut is found; beyond that one that is minimal


def cut(graph: Graph, also: Iterable[Edge] = ()) -> list[Edge]:
    """Returns a smallest set of arrows without which nothing from outside reaches the next student.

    Only arrows that bring something in are taken: not those into the student, the prompts, a filter or the student's
    trainer, nor what is handed on to the next round. Of several smallest sets the one nearest to the task is returned;
    where only sets of more than three arrows close the loop, one of which none can be spared. An empty list says that
    no such set exists.
    """
    extra = tuple(also)
    allowed = _allowed(graph, extra)
    for size in range(1, DEEPEST + 1):
        found = _search(graph, extra, allowed, (), size)
        if found is not None:
            return list(found)
    return _minimal(graph, extra, allowed)


def way(unrolled: Unrolled) -> list[At] | None:
    """Returns the shortest path from the task to the next student's trainer; None where nothing comes from outside."""
    sources = [(task, 0) for task in unrolled.tasks]
    found = [trail(unrolled.dag, sources, unrolled.at(name), unrolled.given) for name in unrolled.trainers]
    return min((path for path in found if path is not None), key=len, default=None)


def _search(
    graph: Graph, also: tuple[Edge, ...], allowed: set[Edge], chosen: tuple[Edge, ...], size: int
) -> tuple[Edge, ...] | None:
    """Every cut holds an arrow of every open path, so only the arrows of one open path need be tried."""
    path = way(unroll(graph, without=chosen, also=_rest(also, chosen)))
    if path is None:
        return chosen
    if size == 0:
        return None
    for edge in _along(path):
        if edge in allowed:
            found = _search(graph, also, allowed, (*chosen, edge), size - 1)
            if found is not None:
                return found
    return None


def _minimal(graph: Graph, also: tuple[Edge, ...], allowed: set[Edge]) -> list[Edge]:
    chosen: list[Edge] = []
    while (path := way(unroll(graph, without=chosen, also=_rest(also, chosen)))) is not None:
        edge = next((each for each in _along(path) if each in allowed), None)
        if edge is None:
            return []
        chosen.append(edge)
    for edge in tuple(chosen):
        fewer = [each for each in chosen if each != edge]
        if way(unroll(graph, without=fewer, also=_rest(also, fewer))) is None:
            chosen = fewer
    return chosen


def _allowed(graph: Graph, also: tuple[Edge, ...]) -> set[Edge]:
    students = set(students_of(graph))
    edges = {(tail, head) for tail, head in graph.edges} | set(also)
    closed = students | {tail for tail, head in edges if head in students}
    closed |= {tail for tail, head in graph.next_round if head in students}
    closed |= {name for name, node in graph.nodes.items() if node.kind in ("prompts", "filter")}
    # Rows that reach the trainer straight from the task have no other arrow to cut.
    return {edge for edge in edges if edge[1] not in closed} or {edge for edge in edges if edge[1] not in students}


def _along(path: Sequence[At]) -> list[Edge]:
    """Lists the arrows of a path, whichever way it takes them."""
    found = []
    for (first, _), (second, _) in pairwise(path):
        found += [(first, second), (second, first)]
    return found


def _rest(also: Iterable[Edge], chosen: Iterable[Edge]) -> list[Edge]:
    gone = set(chosen)
    return [edge for edge in also if edge not in gone]
