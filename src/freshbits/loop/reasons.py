"""Why a loop is open or closed, in words: the path, the reason, what to declare."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from freshbits.loop.unroll import BEFORE, At, prompts_of, students_of

if TYPE_CHECKING:
    from freshbits.loop.declare import Graph
    from freshbits.loop.signalled import SignalStructure
    from freshbits.loop.sources import Sources


def written(read: Sources, path: list[At] | None) -> str | None:
    """Writes a path: `→` inside a round, `⇢` into the next, `←` against an arrow."""
    if path is None:
        return None
    edges = {(tail, head) for tail, head in read.graph.edges} | set(read.also)
    said = path[0][0]
    for (first, before), (second, after) in pairwise(path):
        backwards = (first, second) not in edges and (second, first) in edges
        later = after > before and [first, second] in read.graph.next_round
        said += f" {'⇢' if later else '←' if backwards else '→'} {second}{' (before)' if after == BEFORE else ''}"
    return f"{said} ⇢ {students_of(read.graph)[0]}"


def why_closed(graph: Graph, said: dict[str, SignalStructure]) -> str:
    """Says why nothing from outside reaches the student."""
    idle = [name for name, each in said.items() if each.verdict != "closed" and not each.used]
    if idle:
        names = " and ".join(idle)
        return f"{names} {'say' if len(idle) > 1 else 'says'} something from outside, but nothing is trained on it"
    if not said:
        return "nothing is scored: the student is trained on what it writes itself"
    chance = [name for name, each in said.items() if not _reads(graph, name)]
    if len(chance) == len(said):
        return f"{' and '.join(chance)} is by lot: it reads neither the task nor the completion"
    return "all that it is trained on is made of the student's own outputs; it may sharpen, but takes in nothing new"


def _reads(graph: Graph, name: str) -> bool:
    return name not in graph.nodes or any(head == name for _, head in graph.edges)


def why_open(read: Sources, adjective: str | None, path: list[At], parts: list[str]) -> str:
    """Says what keeps a loop open, and for how long."""
    names = [name for name, _ in path]
    where = names[1] if len(names) > 2 else names[0]
    if adjective == "exhaustible":
        own = [name for name in names if name in read.fixed and read.graph.nodes[name].kind == "state"]
        if own:
            return f"it can win back what {own[0]} knew, and no more; once that is learned, nothing comes in"
        if any(number == BEFORE for _, number in path):
            return "it can win back what the student knew before, and no more; once that is learned, nothing comes in"
        fixed = next((name for name in names if name in read.fixed), where)
        return f"what comes in through {fixed} is fixed and finite; once that is learned, nothing more does"
    if adjective == "decaying":
        heads = {head for _, head in read.begins}
        judge = next((name for name in names if name in heads), where)
        return f"{judge} drifts with the student: only what it began from is from outside"
    rest = [name for name, node in read.graph.nodes.items() if node.kind == "task" and name not in parts]
    if parts == ["executor"]:
        return "only what programs do comes in, through the executor; nothing new about the specification"
    if rest:
        return f"in every round something comes in from {' and '.join(parts)}; nothing new about {' and '.join(rest)}"
    source = f"from {' and '.join(parts)}" if len(parts) > 1 else f"through {where}"
    return f"in every round something comes in {source} that is not the student's own"


def to_declare(graph: Graph, unknown: list[str]) -> str:
    """Says what would settle an undetermined loop."""
    names, models = " and ".join(unknown), any(graph.nodes[name].kind == "state" for name in unknown)
    learned = "what it learned from (`trained_on: [people]`, or student), or " if models else ""
    return f"declare of {names} {learned}its `origin`: external, memory, own_state or drifting"


def perhaps_prompts(graph: Graph, path: list[At]) -> str | None:
    """Asks whether data that is written from are the round's prompts, where a graph names none."""
    if prompts_of(graph):
        return None
    kinds = [(name, graph.nodes[name].kind) for name, _ in path]
    for (name, kind), (_, after) in pairwise(kinds):
        if kind == "data" and after == "generator":
            return f"if {name} holds the round's prompts, write `kind: prompts`: they are held fixed"
    return None
