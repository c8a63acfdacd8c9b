"""Is a declared loop open or closed? Read off its graph, before anything is run.

The graph is unrolled over two rounds. With X the task, Z_t the student with its pool and Q_t the prompts of round t, a
signal S_t is closed where X and S_t are d-separated given Z and Q of both rounds, and the loop is closed where X and
the next student are (Pearl 2009, Causality, 1.2; the arrows into Z and Q are left out, so that what the student became
cannot speak for what it was taught by). Q is held fixed because through X → Q → Y → S any loop would look open.
`closed` means no new information, not no gain: a closed loop can sharpen for a while. `open` does not mean right.

What is open has an adjective: *renewing*, where every round asks the outside again; *exhaustible*, where all that comes
from outside is fixed and finite; *decaying*, where it is only what a judge began from that is trained on the student's
own completions since.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from freshbits.errors import InputError
from freshbits.loop.cut import cut, way
from freshbits.loop.reasons import perhaps_prompts, to_declare, why_closed, why_open, written
from freshbits.loop.signalled import SignalStructure
from freshbits.loop.sources import Sources, read_sources
from freshbits.loop.trail import trail
from freshbits.loop.unroll import At, Unrolled, separated, students_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from freshbits.loop.declare import Graph, Loop

ORIGINS = {"renewing": "external", "exhaustible": "memory", "decaying": "drifting"}


@dataclass(frozen=True, kw_only=True)
class Structure:
    """Holds what the graph says of a loop.

    Attributes:
        verdict: open, closed or undetermined.
        adjective: renewing, exhaustible or decaying, where open.
        reason: why, in one sentence.
        path: nodes that carry something from the task to the student; of an undetermined loop those that might.
        way: the same as text, `⇢` into the next round.
        cut: arrows whose removal would close the loop.
        parts: parts of the task that arrive.
        signals: the same by signal.
        needs: what to declare, where it is undetermined.
    """

    verdict: str
    adjective: str | None = None
    reason: str
    path: list[str] = field(default_factory=list)
    way: str | None = None
    cut: list[list[str]] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    signals: dict[str, SignalStructure] = field(default_factory=dict)
    needs: str | None = None


def structure(loop: Loop | Graph) -> Structure:
    """Says whether a declared loop is open or closed, by which path, and what would close it.

    It knows the declaration only: not how good a signal is, nor whether anybody follows it.

    Raises:
        InputError: if the graph has no student, runs in a circle, or contradicts a declared origin.

    >>> from freshbits.loop.declare import Loop
    >>> found = structure(Loop(task={"environment": "sums"}, model={"config": "tiny"}, signal={"verifier": "exact"},
    ...                        train={"method": "rft"}))
    >>> found.verdict, found.adjective, found.way, found.cut
    ('open', 'renewing', 'task → answers → exact → filter → training ⇢ student', [['task', 'answers']])
    """
    from freshbits.loop.declare import Graph
    from freshbits.loop.graph import draw

    if isinstance(loop, Graph):
        return _of(loop, {name: name for name, node in loop.nodes.items() if node.kind == "signal"})
    drawn = draw(loop)
    return _of(drawn.graph, drawn.signals)


def structures(loop: Loop | Graph) -> dict[str, str]:
    """Returns the structure of every signal as `freshbits.criteria.openness` reads it; without undetermined ones.

    >>> from freshbits.loop.declare import Loop
    >>> structures(Loop(task={"environment": "sums"}, model={"config": "tiny"}, signal="majority_vote",
    ...                 train={"method": "rft"}))
    {'majority': 'closed'}
    """
    found = structure(loop).signals
    return {name: each.words for name, each in found.items() if each.verdict != "undetermined"}


def origins(loop: Loop | Graph) -> dict[str, str]:
    """Returns where every signal comes from, as worked out from the graph."""
    return {name: each.origin for name, each in structure(loop).signals.items()}


def _of(graph: Graph, signals: dict[str, str]) -> Structure:
    read = read_sources(graph)
    trainers = read.unrolled().trainers
    one, other = _judge(read, trainers), _judge(read.sure(), trainers)
    open_read = read if one[0] == "open" else read.sure()
    path = _path(open_read, one[1] or other[1])
    said = {name: _signal(read, node, trainers) for name, node in signals.items()}
    _agree(graph, signals, said)
    unknown = sorted({head for _, head in read.unsure} & _ancestors(graph, trainers))
    if one[0] != other[0]:
        names = f"{' and '.join(unknown)} {'come' if len(unknown) > 1 else 'comes'}"
        return Structure(
            verdict="undetermined",
            reason=f"{one[0]} or {other[0]}: it depends on where {names} from",
            path=[name for name, _ in path or []],
            way=written(open_read, path),
            signals=said,
            needs=to_declare(graph, unknown),
        )
    verdict, adjective = one
    parts = _parts(read) if verdict == "open" else []
    return Structure(
        verdict=verdict,
        adjective=adjective,
        reason=why_closed(graph, said) if verdict == "closed" else why_open(read, adjective, path or [], parts),
        path=[] if path is None else [*(name for name, _ in path), students_of(graph)[0]],
        way=written(read, path),
        cut=[list(edge) for edge in cut(graph, read.also)] if verdict == "open" else [],
        parts=parts,
        signals=said,
        needs=to_declare(graph, unknown) if one != other else perhaps_prompts(graph, path or []),
    )


def _judge(read: Sources, targets: list[str]) -> tuple[str, str | None]:
    """Returns verdict and adjective of what reaches any of the targets."""
    if not _arrives(read.unrolled(), targets):
        return "closed", None
    if _arrives(read.unrolled(renewing=True), targets):
        return "open", "renewing"
    return "open", "exhaustible" if _arrives(read.unrolled(lasting=True), targets) else "decaying"


def _arrives(unrolled: Unrolled, targets: Iterable[str]) -> bool:
    return any(not separated(unrolled.dag, unrolled.tasks, unrolled.at(name), unrolled.given) for name in targets)


def _path(read: Sources, adjective: str | None) -> list[At] | None:
    """Returns the path that gives the adjective its name."""
    return way(read.unrolled(renewing=adjective == "renewing", lasting=adjective == "exhaustible"))


def _parts(read: Sources) -> list[str]:
    """Names the parts of the task that arrive by themselves."""
    unrolled = read.unrolled()
    if len(unrolled.tasks) == 1:
        return unrolled.tasks
    return [part for part in unrolled.tasks if _arrives(read.unrolled(only=part), unrolled.trainers)]


def _signal(read: Sources, node: str, trainers: list[str]) -> SignalStructure:
    one, other = _judge(read, [node]), _judge(read.sure(), [node])
    used = node in _ancestors(read.graph, trainers)
    if one != other:
        return SignalStructure(verdict="undetermined", used=used)
    verdict, adjective = one
    if verdict == "closed":
        return SignalStructure(verdict=verdict, origin="own_state", used=used)
    unrolled = read.unrolled(renewing=adjective == "renewing", lasting=adjective == "exhaustible")
    path = trail(unrolled.dag, [(task, 0) for task in unrolled.tasks], unrolled.at(node), unrolled.given)
    return SignalStructure(
        verdict=verdict,
        adjective=adjective,
        origin=ORIGINS[adjective or "renewing"],
        used=used,
        path=[name for name, _ in path or []],
    )


def _ancestors(graph: Graph, targets: Iterable[str]) -> set[str]:
    """Returns what a round's arrows lead from to any of the targets."""
    found = set(targets)
    todo = list(found)
    while todo:
        here = todo.pop()
        for tail, head in (*graph.edges, *graph.next_round):
            if head == here and tail not in found:
                found.add(tail)
                todo.append(tail)
    return found


def _agree(graph: Graph, signals: dict[str, str], said: dict[str, SignalStructure]) -> None:
    for name, node in signals.items():
        if graph.nodes[node].origin == "own_state" and said[name].verdict == "open":
            raise InputError(
                f"{name!r} is declared own_state, but arrows bring something to it: {' → '.join(said[name].path)}",
                column=f"nodes.{node}.origin",
                mend="leave the origin or the arrow out",
            )
