"""The way that information takes through a graph: the shortest path that what is held fixed does not block."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    import networkx as nx

Held = TypeVar("Held")


def trail(dag: nx.DiGraph[Held], sources: Iterable[Held], target: Held, given: set[Held]) -> list[Held] | None:
    """Returns the shortest active path from any source to the target, or None where all are blocked.

    A path passes a node that is held fixed only where two arrows meet in it, and passes two meeting arrows only where
    that node or something after it is held fixed: the ball of Shachter 1998, Bayes-ball, UAI 14. None is returned
    exactly where the sources and the target are d-separated.

    >>> import networkx as nx
    >>> chain = nx.DiGraph([("task", "verdict"), ("student", "text"), ("text", "verdict")])
    >>> trail(chain, ["task"], "verdict", {"student"}), trail(chain, ["task"], "text", {"student"})
    (['task', 'verdict'], None)
    """
    import networkx as nx

    opened = set(given).union(*(nx.ancestors(dag, node) for node in given))
    queue: deque[tuple[Held, bool]] = deque((source, True) for source in sources if source not in given)
    before: dict[tuple[Held, bool], tuple[Held, bool] | None] = dict.fromkeys(queue)
    while queue:
        state = queue.popleft()
        node, from_child = state
        if node == target:
            return _walked(before, state)
        steps: list[tuple[Held, bool]] = []
        if node not in given:
            steps += [(child, False) for child in dag.successors(node)]
        if (from_child and node not in given) or (not from_child and node in opened):
            steps += [(parent, True) for parent in dag.predecessors(node)]
        for step in steps:
            if step not in before:
                before[step] = state
                queue.append(step)
    return None


def _walked(before: dict[tuple[Held, bool], tuple[Held, bool] | None], state: tuple[Held, bool]) -> list[Held]:
    found = []
    here: tuple[Held, bool] | None = state
    while here is not None:
        found.append(here[0])
        here = before[here]
    return found[::-1]
