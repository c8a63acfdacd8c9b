"""What declared origins mean for a loop's arrows, and which nodes nobody said the origin of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freshbits.errors import InputError
from freshbits.loop.unroll import Edge, Unrolled, is_copy, prompts_of, students_of, unroll

if TYPE_CHECKING:
    from freshbits.loop.declare import Graph

_SOURCES = ("state", "data", "signal", "generator")


@dataclass(frozen=True)
class Sources:
    """Holds a graph with what its origins add to its arrows.

    Attributes:
        also: arrows from the task that a declared origin stands for.
        unsure: arrows from the task to what nobody said the origin of.
        fixed: nodes that are a finite memory.
        begins: arrows that say what something retrained began from.
    """

    graph: Graph
    also: tuple[Edge, ...]
    unsure: tuple[Edge, ...]
    fixed: frozenset[str]
    begins: frozenset[Edge]

    def unrolled(self, *, renewing: bool = False, lasting: bool = False, only: str | None = None) -> Unrolled:
        """Returns the graph over two rounds: all of it, or only what lasts (no beginnings), or only what renews."""
        without: set[Edge] = set()
        edges = {(tail, head) for tail, head in self.graph.edges} | set(self.also)
        if renewing or lasting:
            without |= self.begins
        if renewing:
            without |= {edge for edge in edges if set(edge) & self.fixed or is_copy(self.graph, edge)}
        others = {name for name, node in self.graph.nodes.items() if node.kind == "task" and name != only}
        return unroll(
            self.graph,
            without=without,
            also=[edge for edge in self.also if edge not in without and (only is None or edge[0] == only)],
            cut_off=others if only is not None else (),
        )

    def sure(self) -> Sources:
        """Returns the graph in which what nobody said the origin of comes from outside."""
        return Sources(self.graph, self.also + self.unsure, (), self.fixed, self.begins)


def read_sources(graph: Graph) -> Sources:
    """Works out what declared origins mean for the arrows, and which nodes nobody said the origin of."""
    students = set(students_of(graph))
    tasks = [name for name, node in graph.nodes.items() if node.kind == "task"]
    if not tasks:
        raise InputError("no node is of kind task", column="nodes", mend="add `task: {kind: task}`")
    carried = {head for _, head in graph.next_round}
    parents: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for tail, head in graph.edges:
        parents[head].append(tail)
    reached = _reached(graph, tasks, students)
    begun = {tail for tail, head in graph.edges if head in students}
    also, unsure, fixed, begins = [], [], set(), set()
    prompts = prompts_of(graph)
    for name, node in graph.nodes.items():
        if node.kind not in _SOURCES or name in students | prompts:
            continue
        retrained = name in carried and node.kind == "state"
        if node.origin in ("external", "memory", "drifting") and name not in reached:
            also += [(task, name) for task in tasks]
        alone = not parents[name] and (name not in carried or retrained)
        if node.origin == "unknown" or (node.origin is None and alone):
            unsure += [(task, name) for task in tasks]
        lasting = node.frozen and node.origin is None and node.kind in ("state", "data")
        if node.origin == "memory" or (lasting and _finite(graph, name, reached, begun)):
            fixed.add(name)
        if retrained or node.origin == "drifting":
            begins |= {(tail, head) for tail, head in (*graph.edges, *also) if head == name}
    return Sources(graph, tuple(also), tuple(unsure), frozenset(fixed), frozenset(begins))


def _finite(graph: Graph, name: str, reached: set[str], begun: set[str]) -> bool:
    """Tells whether something frozen is a memory: fixed data, or a model that the student was or was copied from."""
    return graph.nodes[name].kind != "state" or name in begun or name not in reached


def _reached(graph: Graph, tasks: list[str], students: set[str]) -> set[str]:
    """Returns what the arrows lead to from the task, not through the student nor through the prompts."""
    stop = students | prompts_of(graph)
    found, todo = set(tasks), list(tasks)
    while todo:
        here = todo.pop()
        for tail, head in graph.edges:
            if tail == here and head not in found and head not in stop:
                found.add(head)
                todo.append(head)
    return found
