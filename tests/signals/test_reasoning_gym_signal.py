"""Reasoning Gym's scorers on logged and regenerated entries, and what they must not be made to run."""

from __future__ import annotations

import json

import pytest

from freshbits.errors import InputError
from freshbits.signals.reasoning_gym import ReasoningGym
from freshbits.signals.reasoning_gym_scorers import arithmetic, evaluates, symbolic
from freshbits.signals.signal import Item
from freshbits.signals.worker import Worker

NAMES = (
    "gcd",
    "countdown",
    "n_queens",
    "spiral_matrix",
    "string_insertion",
    "bitwise_arithmetic",
    "simple_integration",
)


@pytest.fixture(scope="module")
def entries():
    import reasoning_gym

    return {name: reasoning_gym.create_dataset(name, seed=5, size=4)[2] for name in NAMES}


@pytest.fixture(scope="module")
def gym():
    signal = ReasoningGym()
    yield signal
    signal.worker.close()


def item(entry, completion, *, as_json=False):
    metadata = entry["metadata"]
    return Item(
        entry["question"],
        completion,
        entry["answer"],
        fields={"metadata": json.dumps(metadata) if as_json else metadata},
    )


def test_the_data_sets_own_answer_gets_the_full_score(gym, entries):
    items = [item(entry, f"So <answer> {entry['answer']} </answer>", as_json=at % 2 == 0)
             for at, entry in enumerate(entries.values())]  # fmt: skip
    assert [verdict.score for verdict in gym.score(items)] == [1.0] * len(NAMES)


def test_an_answer_that_quotes_the_scorers_own_variables_gets_nothing(gym, entries):
    attacks = {
        "string_insertion": "oracle_answer",
        "spiral_matrix": "oracle_answer.split()",
        "n_queens": 'entry["metadata"]["solutions"][0]',
        "countdown": "exec(chr(112))",
        "simple_integration": "integrand",
    }
    scores = gym.score([item(entries[name], f"<answer>{text}</answer>") for name, text in attacks.items()])
    assert [verdict.score for verdict in scores] == [0.0, 0.0, 0.0, 0.01, 0.0]


def test_a_literal_list_keeps_the_share_that_the_library_gives_it(gym, entries):
    entry = entries["spiral_matrix"]
    listed = str([int(number) for number in entry["answer"].split()])
    assert gym.score([item(entry, f"<answer>{listed}</answer>")])[0].score == pytest.approx(0.1)


def test_the_tag_is_the_answer_and_without_one_the_whole_text_or_nothing(gym, entries):
    entry = entries["gcd"]
    items = [item(entry, text) for text in (f"<answer>0</answer><answer>{entry['answer']}</answer>", entry["answer"])]
    assert [verdict.score for verdict in gym.score(items)] == [1.0, 1.0]
    tagged = ReasoningGym(dataset="gcd", read="tag")
    assert [verdict.score for verdict in tagged.score(items)] == [1.0, 0.0]
    tagged.worker.close()


def test_an_answer_that_makes_the_scorer_raise_is_wrong_and_an_entry_that_does_leaves_its_row_unscored(gym):
    rows = [Item("?", text, gold, fields={"dataset": "prime_factorization"})
            for text, gold in (("2 × 3 = 6 × 1", "2 × 3"), ("2 × 3", "2 × 3"), ("2 × x", "2 × x = 1"))]  # fmt: skip
    found = gym.score(rows)
    assert [verdict.score for verdict in found] == [0.0, 1.0, None]
    assert "cannot read" in found[0].evidence


def test_a_flood_of_tags_takes_linear_time(gym, entries):
    texts = ("<answer>" * 50_000, "</answer>" * 50_000, "<answer></answer>" * 50_000)
    assert [verdict.score for verdict in gym.score([item(entries["gcd"], text) for text in texts])] == [0.0] * 3


def test_a_row_without_what_the_scorer_needs_is_unscored_whatever_it_says(gym):
    rows = [
        Item("?", "<answer>x</answer>", "1", fields={"dataset": "jugs"}),
        Item("?", "", "1", fields={"dataset": "jugs"}),
        Item("?", "4", "4", fields={"dataset": "no such"}),
        Item("?", "4", None, fields={"dataset": "gcd"}),
        Item("?", "4", "4"),
        Item("?", "4", "4", fields={"dataset": "gcd"}),
    ]
    found = gym.score(rows)
    assert [verdict.score for verdict in found] == [None, None, None, None, None, 1.0]
    assert "needs metadata" in found[0].evidence
    assert "no data set" in found[2].evidence


def test_entries_are_made_again_and_found_by_their_question(entries):
    signal = ReasoningGym.from_options({"dataset": "countdown", "seed": "5", "size": "4"})
    entry = entries["countdown"]
    prompt = "You are a helpful assistant.\n\n" + entry["question"].replace("\n", "\n\n")
    items = [Item(prompt, f"<answer>{entry['answer']}</answer>"), Item("Another question?", "4")]
    right, unknown = signal.score(items)
    assert right.score == 1.0
    assert unknown.score is None
    assert "seed" in unknown.evidence
    signal.worker.close()


def test_a_config_that_the_data_set_refuses_is_named():
    signal = ReasoningGym.from_options({"dataset": "gcd", "size": "2", "config.nonsense": "1"})
    (verdict,) = signal.score([Item("?", "4", "4")])
    assert verdict.score is None
    assert "refuses its config" in verdict.evidence
    signal.worker.close()


@pytest.mark.parametrize(
    "options", [{"size": "4"}, {"dataset": "gcd", "size": "1.5"}, {"dataset": "gcd", "seed": "x"}, {"datset": "gcd"}]
)
def test_bad_options_of_the_gym_are_bad_input(options):
    with pytest.raises(InputError):
        ReasoningGym.from_options(options)


def test_only_mathematics_is_parsed_and_only_arithmetic_evaluated():
    hostile = ("__import__('os')", "x.__class__", "exec(chr(112))", "open(x)", "lambdify(x)", "[x]", "x;y", "x" * 3000)
    for text in (*hostile, "x=1"):
        with pytest.raises(ValueError, match=r"\w"):
            symbolic(text)
    assert str(symbolic("x**2/2 + sin(x)*exp(x)")) == "x**2/2 + exp(x)*sin(x)"
    for text in ("f(1)", "1 << 10**9", "1 ** 9", "'a'", "x", "1.5", "(1).real"):
        with pytest.raises(ValueError, match=r"\w"):
            arithmetic(text)
    assert evaluates("x = eval(answer)")
    assert not evaluates("self.evaluate(answer)")
    assert arithmetic("(0x10 - 0x1) << (0x2 >> 0x1)") == 30


def unguarded(_):
    """Which data sets the signal refuses because their modules evaluate text."""
    import re
    from importlib.util import find_spec
    from pathlib import Path

    from freshbits.signals import reasoning_gym_scorers as scorers

    origin = find_spec("reasoning_gym").origin
    listed = {*scorers.LITERAL, *scorers.ARITHMETIC, *scorers.SYMBOLIC, *scorers.GENERATES}
    found = []
    for file in sorted(Path(origin).parent.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        name = re.search(r'^DATASET_NAME = "(\w+)"', text, re.MULTILINE)
        if name and scorers.evaluates(text) and name.group(1) not in listed:
            found.append(name.group(1))
    return found


def test_every_scorer_that_evaluates_text_is_guarded():
    """A new version of the library may evaluate elsewhere: the signal refuses that data set, and this names it."""
    with Worker("tests.signals.test_reasoning_gym_signal:unguarded", seconds=60) as worker:
        (outcome,) = worker.run([None])
    assert (outcome.fault, outcome.value) == ("", [])
