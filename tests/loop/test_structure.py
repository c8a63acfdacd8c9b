"""Structure: every declared loop comes out as it is known to be, with its path and what would close it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from tests.loop.declared import CLOSED, LOOPS, OPEN, drawn, short

from freshbits.errors import InputError
from freshbits.loop import text
from freshbits.loop.cut import way
from freshbits.loop.declare import Graph, Loop
from freshbits.loop.graph import draw, expand
from freshbits.loop.structure import origins, structure, structures
from freshbits.loop.unroll import unroll


def loop_of(words: str) -> Loop | Graph:
    found = text.parse(words)
    return Graph.of(found) if "nodes" in found.data else Loop.of(found)


def graph_of(words: str) -> Graph:
    loop = loop_of(words)
    return loop if isinstance(loop, Graph) else expand(loop)


def test_there_are_thirty_known_loops_ten_of_them_closed():
    assert len(LOOPS) >= 30
    assert len(CLOSED) >= 10


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_has_its_known_structure(name):
    known = LOOPS[name]
    found = structure(loop_of(known.text))
    assert (found.verdict, found.adjective) == (known.verdict, known.adjective), found
    assert known.says in found.reason
    if known.through is not None:
        assert known.through in found.path
        assert found.path[0] in ("task", "executor", "environment")
    if known.cut is not None:
        assert {tuple(arrow) for arrow in found.cut} == set(known.cut)
    if known.parts is not None:
        assert tuple(found.parts) == known.parts
    assert (found.way is None) == (found.verdict == "closed")
    assert (found.needs is not None) == (found.verdict == "undetermined"), found.needs


@pytest.mark.parametrize("name", OPEN)
def test_a_cut_closes_the_loop_and_none_of_its_arrows_can_be_spared(name):
    loop = loop_of(OPEN[name].text)
    graph = graph_of(OPEN[name].text)
    found = [(tail, head) for tail, head in structure(loop).cut]
    assert found
    also = [arrow for arrow in found if list(arrow) not in graph.edges]  # what a declared origin stands for
    rest = [arrow for arrow in also if arrow not in found]
    assert way(unroll(graph, without=found, also=rest)) is None
    for fewer in combinations(found, len(found) - 1):
        left = [arrow for arrow in also if arrow not in fewer]
        assert way(unroll(graph, without=fewer, also=left)) is not None


def random_graph(rng: np.random.Generator) -> Graph:
    """Draws a usual student with up to seven further nodes of any kind, joined at random."""
    nodes = {
        "task": {"kind": "task"},
        "prompts": {"kind": "prompts"},
        "student": {"kind": "state"},
        "completions": {"kind": "generator"},
        "training": {"kind": "trainer"},
    }
    kinds = ["task", "data", "state", "generator", "signal", "filter"]
    extra = [f"n{number}" for number in range(int(rng.integers(1, 8)))]
    for name in extra:
        origin = str(rng.choice(["external", "memory", "drifting", "unknown"])) if rng.random() < 0.3 else None
        nodes[name] = {"kind": str(rng.choice(kinds)), "frozen": bool(rng.random() < 0.3), "origin": origin}
    order, dense = ["task", "prompts", "student", *extra, "completions", "training"], rng.uniform(0.05, 0.6)
    edges = [["student", "completions"], ["prompts", "completions"], ["completions", "training"]]
    pairs = [(a, b) for at, a in enumerate(order) for b in order[at + 1 :] if nodes[b]["kind"] != "task"]
    edges += [[a, b] for a, b in pairs if rng.random() < dense]
    return Graph(nodes=nodes, edges=edges, next_round=[["training", "student"]])


def test_random_graphs_have_a_structure_whose_cut_closes_them():
    rng = np.random.default_rng(5)
    seen = set()
    for _ in range(150):
        graph = random_graph(rng)
        found = structure(graph)
        seen.add((found.verdict, found.adjective))
        if found.verdict == "open":
            gone = {(tail, head) for tail, head in found.cut}
            assert gone
            assert way(unroll(graph, without=gone)) is None
            assert found.path[-1] == "student"
        else:
            assert not found.cut
    assert {("closed", None), ("open", "renewing"), ("open", "exhaustible"), ("undetermined", None)} <= seen


def test_without_the_prompts_held_fixed_every_loop_would_look_open():
    words = drawn("filter: {kind: filter}", "completions > filter; filter > training")
    assert structure(loop_of(words)).verdict == "closed"
    assert structure(loop_of(words.replace("prompts: {kind: prompts}", "prompts: {kind: data}"))).verdict == "closed"
    renamed = words.replace("prompts: {kind: prompts}", "inputs: {kind: data}").replace("prompts", "inputs")
    found = structure(loop_of(renamed))
    assert (found.verdict, found.way) == ("open", "task → inputs → completions → filter → training ⇢ student")
    assert found.needs == "if inputs holds the round's prompts, write `kind: prompts`: they are held fixed"


def test_an_open_path_is_written_with_its_step_into_the_next_round():
    found = structure(loop_of(short("{judge: rm, trained_on: [people, student], frozen: false}")))
    assert found.way == (
        "task → judge model → training of judge model ⇢ judge model → judge → filter → training ⇢ student"
    )
    assert found.path[-1] == "student"


def test_signals_keep_their_own_structure_beside_the_loops():
    loop = loop_of(short("[majority_vote, {verifier: exact}, {judge: start}, {judge: rm, name: other}]", "grpo"))
    assert structures(loop) == {"majority": "closed", "exact": "open, renewing", "judge": "open, exhaustible"}
    assert origins(loop) == {"majority": "own_state", "exact": "external", "judge": "memory", "other": "unknown"}


def test_a_signal_that_nothing_is_trained_on_is_open_by_itself():
    found = structure(loop_of(short("{verifier: exact}", "self")))
    assert found.verdict == "closed"
    assert found.signals["exact"].words == "open, renewing"
    assert not found.signals["exact"].used


def test_signals_may_bear_the_names_of_other_nodes():
    loop = loop_of(
        short("[{verifier: exact, name: filter}, {verifier: math, name: task}, {judge: x, name: answers}]", "grpo")
    )
    assert set(draw(loop).signals) == {"filter", "task", "answers"}
    assert structure(loop).signals["task"].words == "open, renewing"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (drawn("score: {kind: signal}", "scores > score"), "there is no node 'scores'; write 'score'"),
        (drawn("facts: {kind: task}", "student > facts"), "'student' leads to 'facts', a part of the task"),
        (drawn("a: {kind: data}\nb: {kind: data}", "a > b; b > a"), "a round runs in a circle: a → b → a"),
        (drawn("judge: {kind: state, frozen: true}", "", "training > judge"), "'judge' is the same in every round"),
        ("nodes: {a: {kind: data}}", "nothing is trained from round to round"),
        (
            drawn(
                "verdict: {kind: signal, origin: own_state}",
                "task > verdict; completions > verdict; verdict > training",
            ),
            "'verdict' is declared own_state, but arrows bring something to it: task → verdict",
        ),
        (
            drawn("", "completions > training").replace("task: {kind: task}", "task: {kind: data}"),
            "no node is of kind task",
        ),
    ],
)
def test_a_graph_that_makes_no_sense_is_refused(words, message):
    with pytest.raises(InputError, match=message):
        structure(loop_of(words))
