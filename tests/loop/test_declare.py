"""Declarations: what is filled in, what is refused and in which words, and that writing and reading are inverse."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.loop.declared import LOOPS, drawn

import freshbits as fb
from freshbits.errors import InputError
from freshbits.loop import text
from freshbits.loop.checking import read
from freshbits.loop.declare import Graph, Loop
from freshbits.loop.graph import expand
from freshbits.loop.shapes import SHAPES

SUMS = """name: sums
task:   {environment: sums, size: 100, seed: 1}
model:  {config: tiny}
signal: {verifier: exact}
allocation: uniform
train:  {method: rft, rounds: 8, prompts: 80, samples: 8, pool: replace, fresh: 0.0}
meter:  {truth: exact}
"""


def test_the_short_form_is_read_and_every_default_filled_in():
    loop = Loop.loads(SUMS)
    assert loop.signals[0].kind == "verifier"
    assert (loop.signals[0].what, loop.signals[0].name) == ("exact", "exact")
    assert (loop.train.rounds, loop.train.temperature, loop.train.learning_rate) == (8, 1.0, 3e-4)
    assert (loop.task.held_out, loop.meter.samples, loop.seed) == (0.2, 8, 0)


@pytest.mark.parametrize(
    ("model", "rate"), [("{config: tiny}", 3e-4), ("{name: a/b}", 1e-5), ("{name: a/b, peft: {r: 8}}", 1e-4)]
)
def test_the_learning_rate_goes_by_the_model_unless_it_is_given(model, rate):
    words = SUMS.replace("{config: tiny}", model)
    assert Loop.loads(words).train.learning_rate == rate
    assert Loop.loads(words.replace("rounds: 8", "learning_rate: 2e-4")).train.learning_rate == 2e-4


def test_python_takes_the_same_words():
    loop = fb.Loop(
        name="sums",
        task={"environment": "sums", "size": 100, "seed": 1},
        model={"config": "tiny"},
        signal={"verifier": "exact"},
        train={"method": "rft", "prompts": 80},
        meter={"truth": "exact"},
    )
    assert loop == Loop.loads(SUMS)


def test_short_words_stand_for_the_long_ones():
    base = {"task": {"environment": "sums"}, "model": {"config": "tiny"}}
    sft = {"method": "sft"}
    assert Loop(**base, signal={"reference": True}, train=sft) == Loop(**base, signal={"reference": "task"}, train=sft)
    one = Loop(**base, signal={"judge": "rm", "trained_on": "people"}, train={"method": "grpo"})
    assert one == Loop(**base, signal=[{"judge": "rm", "trained_on": ["people"]}], train={"method": "grpo"})
    assert Loop(**base, train={"method": "self"}).signals[0].kind == "none"


REFUSED = [
    (
        "rounds: 8",
        "round: 8",
        "row 6, column 'train.round': train has no key 'round'; write 'rounds'.",
    ),
    (
        "rounds: 8",
        "rounds: eight",
        "row 6, column 'train.rounds': 'eight' is not a whole number.",
    ),
    (
        "rounds: 8",
        "rounds: 8.5",
        "row 6, column 'train.rounds': 8.5 is not a whole number.",
    ),
    (
        "rounds: 8",
        "rounds: true",
        "row 6, column 'train.rounds': True is not a whole number.",
    ),
    (
        "rounds: 8",
        "rounds: 0",
        "row 6, column 'train.rounds': 0 is not at least 1.",
    ),
    (
        "fresh: 0.0",
        "fresh: 1",
        "row 6, column 'train.fresh': 1 is not below 1.",
    ),
    (
        "fresh: 0.0",
        "fresh: 1e999",
        "row 6, column 'train.fresh': inf is not a finite number.",
    ),
    (
        "method: rft",
        "method: rtf",
        "row 6, column 'train.method': 'rtf' is not one of 'self', 'sft', 'rft' or 'grpo'; write rft.",
    ),
    (
        "method: rft, ",
        "",
        "row 6, column 'train.method': this key is missing; give train.method.",
    ),
    (
        "name: sums",
        "nam: sums",
        "row 1, column 'nam': a loop has no key 'nam'; write 'name'.",
    ),
    (
        "name: sums",
        "name: sums\nname: s",
        "row 2: 'name' stands twice, first on line 1; keep one.",
    ),
    (
        "{config: tiny}",
        "tiny",
        "row 3, column 'model': 'tiny' is not a mapping of keys.",
    ),
    (
        "verifier: exact",
        "verifer: exact",
        "row 4, column 'signal.verifer': signal has no key 'verifer'; write 'verifier'.",
    ),
    (
        "verifier: exact",
        "verifier: exact, judge: x",
        "row 4, column 'signal': a signal has verifier and judge; give one of verifier, environment, "
        "rubric, reference, judge, self_judge, majority_vote, confidence, random, none.",
    ),
    (
        "{verifier: exact}",
        "{majority_vote: true, origin: external}",
        "row 4, column 'signal': the signal majority_vote is a function of the model's own outputs, not "
        "external; leave origin out.",
    ),
    (
        "{verifier: exact}",
        "{verifier: exact, trained_on: [people]}",
        "row 4, column 'signal': trained_on says nothing of the signal verifier; it is of judge or "
        "reference or rubric.",
    ),
    (
        "{verifier: exact}",
        "{random: 2}",
        "row 4, column 'signal.random': 2 is not at most 1.",
    ),
    (
        "{verifier: exact}",
        "[{verifier: exact}, {verifier: exact}]",
        "row 4, column 'signal': two signals are called 'exact'; give each its own name.",
    ),
    (
        "{verifier: exact}",
        "[{verifier: exact}, {verifier: math, tpr: 2}]",
        "row 4, column 'signal[1].tpr': 2 is not at most 1.",
    ),
    (
        "{verifier: exact}",
        "none",
        "row 4, column 'signal': rft needs a signal that scores completions; give a signal, or method: self.",
    ),
    (
        "method: rft",
        "method: sft",
        "row 4, column 'signal': sft is trained on references; give signal: {reference: task}, or method: rft.",
    ),
    (
        "{config: tiny}",
        "{config: tiny, base_rate: often}",
        "row 3, column 'model.base_rate': 'often' is no share; write .05, a list of shares, or beta:1,3.",
    ),
    (
        "name: sums",
        "shape: rlvrr",
        "row 1, column 'shape': 'rlvrr' is no shape; write rlvr.",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), REFUSED)
def test_what_is_wrong_is_said_in_one_sentence_with_its_line(old, new, message):
    assert old in SUMS
    with pytest.raises(InputError) as error:
        Loop.loads(SUMS.replace(old, new, 1))
    assert str(error.value) == message


ODD = {
    "name: &a sums": "anchors and aliases are not read",
    "name: *a": "anchors and aliases are not read",
    "name: !!python/object/apply:os.system ['true']": "is not read; leave it out",
    "name: !!binary aGk=": "is not read; leave it out",
    "<<: {name: x}": "a loop has no key '<<'",
    "? [a]\n: b": "a key is a word",
    "- a": "a loop is a mapping of keys",
    "name: [": "this is no YAML",
    "name: \x07": "has no place in YAML",
    "": "a loop is a mapping of keys",
    "name: " + "[" * 40 + "]" * 40: "nested deeper than 24 levels",
    "name: a\n---\nname: b": "this is no YAML",
}


@pytest.mark.parametrize("words", ODD)
def test_odd_yaml_is_refused_before_anything_is_built(words):
    with pytest.raises(InputError, match=ODD[words].replace("[", r"\[")):
        Loop.loads(words)


def test_a_file_is_named_and_large_ones_are_not_read(tmp_path):
    path = tmp_path / "loop.yaml"
    path.write_text(SUMS.replace("rounds: 8", "rounds: x"), encoding="utf-8")
    with pytest.raises(InputError, match=r"loop\.yaml, row 6, column 'train\.rounds': 'x' is not a whole number"):
        Loop.read(path)
    path.write_bytes(b"# " + b"x" * text.MOST_BYTES)
    with pytest.raises(InputError, match="is longer than 256,000 bytes"):
        Loop.read(path)
    path.write_bytes(b"name: \xff")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        Loop.read(path)
    with pytest.raises(InputError, match="cannot be read"):
        Loop.read(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        Loop.read(tmp_path)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
TRICKY = st.sampled_from(
    ["1e-4", "no", "yes", "null", "~", "1:30", "0x1f", "2024-01-01", "=", "<<", "-", "true", " a "]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e6, 1e6) | WORDS | TRICKY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | TRICKY, inner, max_size=3),
    max_leaves=6,
)
SIGNALS = st.one_of(
    st.fixed_dictionaries({"verifier": WORDS | TRICKY}, optional={"options": st.dictionaries(WORDS, JSON, max_size=2)}),
    st.fixed_dictionaries({"judge": WORDS}, optional={"frozen": st.booleans(), "trained_on": st.just(["people"])}),
    st.fixed_dictionaries({"random": st.floats(0, 1)}, optional={"weight": st.floats(-5, 5)}),
    st.just("majority_vote"),
)


@given(
    signal=SIGNALS,
    dataset=WORDS | TRICKY,
    rate=st.floats(1e-12, 1),
    base=st.none() | st.floats(0, 1) | st.lists(st.floats(0, 1), min_size=1, max_size=3) | st.just("beta:1,3"),
)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_back_equal(signal, dataset, rate, base):
    loop = Loop(
        task={"dataset": dataset},
        model={"config": "tiny", "base_rate": base},
        signal={**signal, "name": "a"} if isinstance(signal, dict) else signal,
        train={"method": "rft", "learning_rate": rate},
    )
    assert Loop.loads(loop.dumps()) == loop
    assert Loop.loads(loop.dumps("json")) == loop
    assert json.loads(loop.dumps("json"))["task"]["dataset"] == dataset


@pytest.mark.parametrize("name", LOOPS)
def test_a_graph_is_written_and_read_back_equal(name):
    found = text.parse(LOOPS[name].text)
    graph = Graph.of(found) if "nodes" in found.data else expand(Loop.of(found))
    assert Graph.loads(graph.dumps()) == graph
    assert Graph.loads(graph.dumps("json")) == graph


def test_a_file_may_hold_the_graph_instead(tmp_path):
    path = tmp_path / "graph.yaml"
    path.write_text(drawn("", "completions > training"), encoding="utf-8")
    assert isinstance(read(path), Graph)
    path.write_text(SUMS, encoding="utf-8")
    assert isinstance(read(path), Loop)
    path.write_text(SUMS + drawn("", ""), encoding="utf-8")
    with pytest.raises(InputError, match="a loop has no key 'task'"):
        read(path)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_fills_in_what_is_left_out_and_yields_to_what_is_said(name):
    shape = SHAPES[name]
    base = {"task": {"environment": "sums"}, "model": {"config": "tiny"}, "shape": name}
    if shape.value is None:
        with pytest.raises(
            InputError, match=f"the shape {name} leaves one name open; give signal: {{{shape.kind}: NAME}}"
        ):
            Loop(**base)
        loop = Loop(**base, signal={shape.kind: "big"})
    else:
        loop = Loop(**base)
    assert loop.signals[0].kind == shape.kind
    assert loop.train.method == shape.train["method"]
    assert "shape" not in loop.data()
    assert Loop(**base, signal="majority_vote", train={"method": "grpo"}).signals[0].kind == "majority_vote"
