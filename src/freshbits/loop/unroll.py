"""A loop's graph over two rounds, and what is held fixed when one asks whether anything comes from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freshbits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import networkx as nx

    from freshbits.loop.declare import Graph

At = tuple[str, int]  # a node and its round; what is the same in every round stands in round 0
Edge = tuple[str, str]
_LASTING = ("data", "state", "prompts")  # what is frozen is one thing; frozen signals still score in every round
_PROMPTS = ("prompt", "prompts", "question", "questions", "q")
BEFORE, NOW = -1, 1  # before the two rounds; the round that is asked about


@dataclass(frozen=True)
class Unrolled:
    """Holds the graph over two rounds.

    Attributes:
        dag: the arrows between (node, round), but for those into what is held fixed.
        tasks: the parts of the task.
        trainers: what makes the next student.
        given: what is held fixed: the student, the prompts and the pool of both rounds.
    """

    dag: nx.DiGraph[At]
    tasks: list[str]
    trainers: list[str]
    given: set[At]

    def at(self, name: str) -> At:
        """Returns a node in the round that is asked about."""
        return (name, NOW) if (name, NOW) in self.dag else (name, 0)


def unroll(
    graph: Graph, *, without: Iterable[Edge] = (), also: Iterable[Edge] = (), cut_off: Iterable[str] = ()
) -> Unrolled:
    """Draws a loop's graph over two rounds.

    Frozen data and models and the parts of the task are one node for both rounds. An arrow into what a round hands on
    is drawn in the first round only: it says what it began from. Something frozen that reads the student, or what it
    writes, was made of the student as it was before. The student began from the task, unless it is said from what.

    What is held fixed is given, whatever made it: the arrows into it are left out once the graph is whole. Otherwise
    what the student has become would tell what it was taught by, and a frozen judge that knows nothing would look like
    a message as soon as anything else teaches (explaining away). For the same reason both rounds are held.

    Args:
        graph: the declared graph.
        without: arrows to leave out, in both rounds.
        also: arrows to add, in both rounds.
        cut_off: nodes whose arrows to others are left out.

    Raises:
        InputError: if there is no student, something frozen changes, or a round runs in a circle.
    """
    import networkx as nx

    gone, ends = set(without), set(cut_off)
    edges = [edge for edge in (*map(_pair, graph.edges), *also) if edge not in gone and edge[0] not in ends]
    handed = [edge for edge in map(_pair, graph.next_round) if edge not in gone and edge[0] not in ends]
    carried = {head for _, head in map(_pair, graph.next_round)}
    once = {
        name for name, node in graph.nodes.items() if node.kind == "task" or (node.frozen and node.kind in _LASTING)
    }
    for name in sorted(carried & once):
        raise InputError(f"{name!r} is the same in every round, yet next_round changes it", column="next_round")
    tasks = [name for name, node in graph.nodes.items() if node.kind == "task"]
    students = students_of(graph)
    copies = {edge for edge in edges if is_copy(graph, edge)}
    early = _early(edges, once, copies)
    dag: nx.DiGraph[At] = nx.DiGraph()
    for name in graph.nodes:
        rounds = (0,) if name in once else (BEFORE, 0, NOW) if name in early else (0, NOW)
        dag.add_nodes_from((name, number) for number in rounds)
    for tail, head in edges:
        if (tail, head) in copies:
            dag.add_edges_from(((tail, BEFORE), (head, at)) for at in (0, NOW))
            continue
        first = BEFORE if head in early else 0
        rounds = (BEFORE,) if head in once else (first,) if head in carried else (first, 0, NOW)
        dag.add_edges_from(((tail, 0 if tail in once else at), (head, 0 if head in once else at)) for at in rounds)
    dag.add_edges_from(((name, BEFORE), (name, 0)) for name in sorted(early & carried))
    dag.add_edges_from(((tail, 0), (head, NOW)) for tail, head in handed)
    for student in students:
        earliest = (student, BEFORE if student in early else 0)
        if not any(True for _ in dag.predecessors(earliest)):
            dag.add_edges_from(((task, 0), earliest) for task in tasks if task not in ends)
    _refuse_circles(dag)
    held = {(name, at) for name in students for at in (0, NOW)}
    prompts = prompts_of(graph)
    for name, node in graph.nodes.items():
        if name in prompts or (node.kind == "data" and name in carried):  # the pool is held by the loop itself
            held |= {(name, at) for at in (0, NOW) if (name, at) in dag}
    dag.remove_edges_from(list(dag.in_edges(held)))
    return Unrolled(dag, tasks, [tail for tail, head in map(_pair, graph.next_round) if head in students], held)


def is_copy(graph: Graph, edge: Edge) -> bool:
    """Tells an arrow from a model that is trained to something frozen that scores: a copy of it as it was before."""
    trained = any(head == edge[0] for _, head in graph.next_round) and graph.nodes[edge[0]].kind == "state"
    return trained and graph.nodes[edge[1]].frozen and graph.nodes[edge[1]].kind not in _LASTING


def _early(edges: list[Edge], once: set[str], copies: set[Edge]) -> set[str]:
    """Returns what something frozen was made of and that rounds make anew: it is drawn once more, before them."""
    found: set[str] = set()
    todo = [tail for tail, head in edges if (head in once and tail not in once) or (tail, head) in copies]
    while todo:
        here = todo.pop()
        if here not in found:
            found.add(here)
            todo += [tail for tail, head in edges if head == here and tail not in once]
    return found


def _refuse_circles(dag: nx.DiGraph[At]) -> None:
    import networkx as nx

    if not nx.is_directed_acyclic_graph(dag):
        circle = [tail[0] for tail, _ in nx.find_cycle(dag)]
        mend = "write the arrow that closes it under next_round"
        raise InputError(f"a round runs in a circle: {' → '.join([*circle, circle[0]])}", column="edges", mend=mend)


def students_of(graph: Graph) -> list[str]:
    """Names the models that the loop trains: the node `student`, else what is handed on and writes.

    Raises:
        InputError: if there is none.
    """
    trained = {head for _, head in map(_pair, graph.next_round) if graph.nodes[head].kind == "state"}
    if "student" in trained:
        return ["student"]
    writes = {tail for tail, head in map(_pair, graph.edges) if graph.nodes[head].kind == "generator"}
    found = [name for name in graph.nodes if name in trained & writes] or sorted(trained)
    if not found:
        mend = "give next_round an arrow from a trainer to the state it makes"
        raise InputError("nothing is trained from round to round", column="next_round", mend=mend)
    return found


def prompts_of(graph: Graph) -> set[str]:
    """Names the nodes that are a round's prompts: those of that kind, and data of that name."""
    return {
        name
        for name, node in graph.nodes.items()
        if node.kind == "prompts" or (node.kind == "data" and name.lower() in _PROMPTS)
    }


def separated(dag: nx.DiGraph[At], tasks: Iterable[str], node: At, given: set[At]) -> bool:
    """Tells whether the task and a node are d-separated, given others (Pearl 1988): no path carries anything."""
    import networkx as nx

    sources = {(task, 0) for task in tasks} - {node}
    return not sources or node in given or bool(nx.is_d_separator(dag, sources, {node}, given - {node}))


def _pair(edge: list[str]) -> Edge:
    return edge[0], edge[1]
