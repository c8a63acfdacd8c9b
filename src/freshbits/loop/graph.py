"""The graph of a loop: what the short form says, drawn as nodes and arrows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from freshbits.loop.kinds import OWN

if TYPE_CHECKING:
    from freshbits.loop.declare import Graph, Loop
    from freshbits.loop.parts import Signal

EXECUTED = ("unit_tests",)  # verifiers that run what they are given
_KEPT = ("task", "executor", "prompts", "student", "start", "completions", "filter", "training", "pool", "fresh")


@dataclass(frozen=True)
class Drawn:
    """Holds a loop's graph, and which node each declared signal became."""

    graph: Graph
    signals: dict[str, str]


def expand(loop: Loop) -> Graph:
    """Draws the graph of a loop that is declared in its short form.

    The student writes completions to the round's prompts; signals read them and what each signal is held against; a
    filter or the trainer reads the signals. An arrow from the task to the student is what the student knew before.

    >>> from freshbits.loop.declare import Loop
    >>> loop = Loop(task={"environment": "sums"}, model={"config": "tiny"}, signal={"verifier": "exact"},
    ...             train={"method": "rft"})
    >>> [edge for edge in expand(loop).edges if "exact" in edge]
    [['answers', 'exact'], ['completions', 'exact'], ['exact', 'filter']]
    """
    return draw(loop).graph


def draw(loop: Loop) -> Drawn:
    """Draws the graph of a loop and says which node each signal became."""
    from freshbits.loop.declare import Graph

    made = _Sketch(loop)
    made.node("task", "task")
    made.node("prompts", "prompts", reads=["task"])
    made.node("student", "state", reads=["task"])
    made.node("completions", "generator", reads=["prompts", "student"])
    for signal in loop.signals:
        if signal.kind != "none":
            made.signals[signal.name] = _signal(made, signal)
    method = loop.train.method
    scored = [made.signals[s.name] for s in loop.signals if s.kind not in ("reference", "none")]
    references = [made.signals[s.name] for s in loop.signals if s.kind == "reference"]
    if method == "rft":
        made.node("filter", "filter", reads=["completions", *scored])
    rows = {"self": ["completions"], "rft": ["filter"], "grpo": ["completions", *scored], "sft": references}[method]
    made.node("training", "trainer", reads=["student", "prompts", *rows])
    if loop.train.fresh:
        made.node("fresh", "data", reads=["task"], frozen=loop.task.fixed)
        made.edge("fresh", "training")
    made.next_round.append(["training", "student"])
    if loop.train.pool == "accumulate":
        made.node("pool", "data")
        made.edge("pool", "training")
        made.next_round += [["pool", "pool"], *([row, "pool"] for row in rows)]
    drawn: dict[str, Any] = {"nodes": made.nodes, "edges": made.edges, "next_round": made.next_round}
    return Drawn(Graph(name=loop.name, **drawn), dict(made.signals))


@dataclass
class _Sketch:
    """Collects nodes and arrows."""

    loop: Loop
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    edges: list[list[str]] = field(default_factory=list)
    next_round: list[list[str]] = field(default_factory=list)
    signals: dict[str, str] = field(default_factory=dict)

    def node(
        self, name: str, kind: str, *, reads: list[str] | None = None, frozen: bool = False, origin: str | None = None
    ) -> str:
        """Adds a node with what it reads; a second one of a name gets a number. Returns its name."""
        free, number = name, 2
        while free in self.nodes or (free in _KEPT and name != free):
            free, number = f"{name} {number}", number + 1
        self.nodes[free] = {"kind": kind, "frozen": frozen, "origin": origin}
        self.edges += [[read, free] for read in reads or []]
        return free

    def edge(self, tail: str, head: str) -> None:
        """Adds an arrow."""
        self.edges.append([tail, head])

    def start(self) -> str:
        """Adds, once, the model as it was before the loop."""
        if "start" not in self.nodes:
            self.node("start", "state", reads=["task"], frozen=True, origin="memory")
            self.edges.remove(["task", "student"])
            self.edge("start", "student")
        return "start"


def _signal(made: _Sketch, signal: Signal) -> str:
    """Adds a signal with what stands behind it, and returns its node."""
    if signal.origin is not None and signal.kind not in OWN:
        return _score(made, signal, ["student"] if signal.origin == "own_state" else [], origin=signal.origin)
    if signal.kind == "verifier":
        return _score(made, signal, _verifier(made, signal))
    if signal.kind == "environment":
        return _score(made, signal, ["task"])
    if signal.kind == "rubric":
        criteria = made.node("criteria", "data", reads=["task"], frozen=True, origin="external")
        return _score(made, signal, [criteria, *([_judge(made, signal, signal.model)] if signal.model else [])])
    if signal.kind == "reference":
        return _references(made, signal)
    if signal.kind == "judge":
        return _score(made, signal, [_judge(made, signal, str(signal.what))])
    if signal.kind == "random":
        return made.node(_apart(signal), "signal", origin="own_state")
    return _score(made, signal, [] if signal.kind == "majority_vote" else ["student"])


def _score(made: _Sketch, signal: Signal, behind: list[str], origin: str | None = None) -> str:
    return made.node(_apart(signal), "signal", reads=[*behind, "completions"], origin=origin)


def _apart(signal: Signal) -> str:
    """Names the node of a signal, apart from the nodes that every loop has."""
    return f"signal {signal.name}" if signal.name in _KEPT else signal.name


def _verifier(made: _Sketch, signal: Signal) -> list[str]:
    """Adds what a verifier holds completions against: answers or tests, and the executor that runs tests."""
    runs = signal.what in EXECUTED
    what = "tests" if runs else "answers"
    if signal.written_by == "student":
        found = [made.node(f"its own {what}", "generator", reads=["prompts", "student"])]
    else:
        found = [made.node("unit tests" if runs else what, "data", reads=["task"], frozen=True, origin="external")]
    if runs:
        if "executor" not in made.nodes:
            made.node("executor", "task")
        found.append("executor")
    return found


def _references(made: _Sketch, signal: Signal) -> str:
    what = str(signal.what)
    if what == "task":
        return made.node("references", "data", reads=["task"], frozen=True, origin="memory")
    return made.node("references", "generator", reads=["prompts", _judge(made, signal, what, called="teacher")])


def _judge(made: _Sketch, signal: Signal, what: str, called: str = "judge model") -> str:
    """Adds the model that judges or teaches, by what it learned from and whether it stays as it is."""
    if what == "student":
        return "student"
    copied = what in ("start", made.loop.model.what)
    if copied and signal.frozen:
        return made.start()
    learned = signal.trained_on or (["student"] if copied else [])
    people, student = "people" in learned, "student" in learned
    if signal.frozen:
        origin = "external" if people else "memory" if student else "unknown"
        reads = [*(["task"] if people else []), *([made.start()] if student else [])]
        return made.node(called, "state", reads=reads, frozen=True, origin=origin)
    # Made anew on the student's completions in every round: what it began from is all it has of its own.
    reads = ["task"] if people else ["student"] if student else []
    name = made.node(called, "state", reads=reads, origin=None if reads else "unknown")
    training = made.node(f"training of {name}", "trainer", reads=[name, "completions"])
    made.next_round.append([training, name])
    return name
