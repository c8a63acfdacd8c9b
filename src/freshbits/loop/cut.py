"""The arrows whose removal would close a loop: where the outside comes in."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from freshbits.loop.trail import trail
from freshbits.loop.unroll import At, Edge, prompts_of, students_of, unroll

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from freshbits.loop.declare import Graph
    from freshbits.loop.unroll import Unrolled

DEEPEST = 2  # arrows up to which the smallest cut is found; beyond that one that is minimal


def cut(graph: Graph, also: Iterable[Edge] = ()) -> list[Edge]:
    """Returns a smallest set of arrows without which nothing from outside reaches the next student.

    Arrows that bring something in are taken where that is enough: not those into the student, the prompts, a filter or
    the student's trainer, nor what is handed on to the next round. Of several smallest sets the one nearest to the task
    is returned; where only sets of more than two arrows close the loop, one of which none can be spared. An empty list
    says that no such set exists.
    """
    extra = tuple(also)
    unrolled = unroll(graph, also=extra)
    for allowed in _allowed(graph, extra):
        for size in range(1, DEEPEST + 1):
            found = _search(unrolled, allowed, (), size)
            if found is not None:
                return list(found)
        chosen = _minimal(unrolled, allowed)
        if chosen:
            return chosen
    return []


def way(unrolled: Unrolled, without: Collection[Edge] = ()) -> list[At] | None:
    """Returns the shortest path from the task to the next student's trainer; None where nothing comes from outside."""
    dag = unrolled.dag
    if without:
        gone = set(without)
        dag = dag.copy()
        dag.remove_edges_from([edge for edge in dag.edges if (edge[0][0], edge[1][0]) in gone])
    sources = [(task, 0) for task in unrolled.tasks]
    found = [trail(dag, sources, unrolled.at(name), unrolled.given) for name in unrolled.trainers]
    return min((path for path in found if path is not None), key=len, default=None)


def _search(unrolled: Unrolled, allowed: set[Edge], chosen: tuple[Edge, ...], size: int) -> tuple[Edge, ...] | None:
    """Every cut holds an arrow of every open path, so only the arrows of one open path need be tried."""
    path = way(unrolled, chosen)
    if path is None:
        return chosen
    if size == 0:
        return None
    for edge in _along(unrolled, path, allowed):
        found = _search(unrolled, allowed, (*chosen, edge), size - 1)
        if found is not None:
            return found
    return None


def _minimal(unrolled: Unrolled, allowed: set[Edge]) -> list[Edge]:
    chosen: list[Edge] = []
    while (path := way(unrolled, chosen)) is not None:
        edges = _along(unrolled, path, allowed)
        if not edges:
            return []
        chosen.append(edges[0])
    for edge in tuple(chosen):
        fewer = [each for each in chosen if each != edge]
        if way(unrolled, fewer) is None:
            chosen = fewer
    return chosen


def _allowed(graph: Graph, also: tuple[Edge, ...]) -> tuple[set[Edge], set[Edge]]:
    """Returns the arrows that bring something in; and, for rows that reach a trainer straight from the task, more."""
    students = set(students_of(graph))
    handed = {(tail, head) for tail, head in graph.next_round}
    edges = ({(tail, head) for tail, head in graph.edges} | set(also)) - handed
    closed = (
        students | {tail for tail, head in edges if head in students} | {t for t, head in handed if head in students}
    )
    closed |= {name for name, node in graph.nodes.items() if node.kind == "filter"} | prompts_of(graph)
    return {edge for edge in edges if edge[1] not in closed}, {edge for edge in edges if edge[1] not in students}


def _along(unrolled: Unrolled, path: Sequence[At], allowed: set[Edge]) -> list[Edge]:
    """Lists the arrows of a path that may be cut, from the task on, whichever way the path takes them."""
    taken = [(a, b) if unrolled.dag.has_edge(a, b) else (b, a) for a, b in pairwise(path)]
    return [edge for (tail, _), (head, _) in taken if (edge := (tail, head)) in allowed]
