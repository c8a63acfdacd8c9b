"""d-separation against two independent ways: paths blocked one by one, and partial covariances of random models."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from tests.loop.declared import LOOPS
from tests.loop.test_structure import graph_of

from freshbits.loop.trail import trail
from freshbits.loop.unroll import separated, unroll


def connected(dag: nx.DiGraph, source, target, given: set) -> bool:
    """Tells whether any undirected path is active, by the definition: one node after the other."""
    after = {node: {node} | nx.descendants(dag, node) for node in dag}

    def active(path: list) -> bool:
        for before, here, behind in zip(path, path[1:], path[2:], strict=False):
            meets = dag.has_edge(before, here) and dag.has_edge(behind, here)
            if meets and not after[here] & given:
                return False
            if not meets and here in given:
                return False
        return True

    return any(active(path) for path in nx.all_simple_paths(dag.to_undirected(), source, target))


def random_dag(rng: np.random.Generator) -> nx.DiGraph:
    size = int(rng.integers(3, 8))
    dag = nx.DiGraph()
    dag.add_nodes_from((str(node), 0) for node in range(size))
    density = rng.uniform(0.2, 0.7)
    dag.add_edges_from(
        ((str(a), 0), (str(b), 0)) for a in range(size) for b in range(a + 1, size) if rng.random() < density
    )
    return dag


def test_random_graphs_are_separated_as_their_paths_are_blocked():
    rng = np.random.default_rng(1)
    answers = []
    for _ in range(600):
        dag = random_dag(rng)
        nodes = list(dag)
        source, target, *rest = [nodes[at] for at in rng.permutation(len(nodes))]
        given = {node for node in rest if rng.random() < 0.4}
        expected = not connected(dag, source, target, given)
        assert separated(dag, [source[0]], target, given) == expected
        assert (trail(dag, [source], target, given) is None) == expected
        answers.append(expected)
    assert 0.2 < np.mean(answers) < 0.8


@pytest.mark.parametrize("name", LOOPS)
def test_a_trail_is_an_active_path_of_the_graph(name):
    unrolled = unroll(graph_of(LOOPS[name].text))
    for task in unrolled.tasks:
        for node in unrolled.dag:
            if node in unrolled.given or node == (task, 0):
                continue
            found = trail(unrolled.dag, [(task, 0)], node, unrolled.given)
            assert (found is None) == separated(unrolled.dag, [task], node, unrolled.given)
            if found is not None:
                along = nx.DiGraph(unrolled.dag)
                assert found[0] == (task, 0)
                assert found[-1] == node
                assert all(along.has_edge(a, b) or along.has_edge(b, a) for a, b in pairwise(found))


@pytest.mark.parametrize("name", LOOPS)
def test_what_is_separated_is_what_does_not_covary(name):
    """In a random linear model, X and S have no partial covariance given Z and Q exactly where they are separated."""
    unrolled = unroll(graph_of(LOOPS[name].text))
    nodes = list(unrolled.dag)
    at = {node: place for place, node in enumerate(nodes)}
    rng = np.random.default_rng(7)
    weights = np.zeros((len(nodes), len(nodes)))
    for tail, head in unrolled.dag.edges:
        weights[at[head], at[tail]] = rng.uniform(0.5, 1.5) * rng.choice([-1, 1])
    spread = np.linalg.inv(np.eye(len(nodes)) - weights)
    covariance = spread @ spread.T
    given = [at[node] for node in sorted(unrolled.given)]
    for task in unrolled.tasks:
        for node in nodes:
            if node in unrolled.given or node == (task, 0):
                continue
            pair = [at[task, 0], at[node]]
            inner = covariance[np.ix_(given, given)]
            cross = covariance[np.ix_(pair, given)]
            left = covariance[np.ix_(pair, pair)] - cross @ np.linalg.solve(inner, cross.T)
            partial = abs(left[0, 1]) / np.sqrt(left[0, 0] * left[1, 1])
            assert (partial < 1e-9) == separated(unrolled.dag, [task], node, unrolled.given), (task, node, partial)
