"""Verifiers that work in killable processes: mathematics and JSON schemas, and the worker under them."""

from __future__ import annotations

import json
import os
import pickle
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshbits.errors import InputError
from freshbits.signals.json_schema import JsonSchema, documents_of, loads
from freshbits.signals.math import Math
from freshbits.signals.signal import Item
from freshbits.signals.worker import Worker

THIS = "tests.signals.test_killable_verifiers"


def misbehave(value):
    """What a worker is asked for below."""
    if value == "hang":
        time.sleep(600)
    if value == "spin":
        while True:
            pass
    if value == "die":
        os._exit(3)
    if value == "print":
        print("noise", flush=True)
    if value == "raise":
        raise ValueError("no")
    if value == "memory":
        return len(bytearray(1 << 40))
    return value


@pytest.fixture(scope="module")
def mathematics():
    signal = Math()
    yield signal
    signal.worker.close()


def test_a_fault_of_one_input_leaves_the_others(tmp_path):
    with Worker(f"{THIS}:misbehave", seconds=0.5) as worker:
        found = worker.run(["a", "raise", "print", "die", "b", "memory", "hang", "spin", "\ud800", "c"])
    assert [each.value for each in found] == ["a", None, "print", None, "b", None, None, None, "\ud800", "c"]
    assert [each.fault.split(":")[0] for each in found] == [
        "", "ValueError", "", "ended its process", "", "MemoryError", *["took longer than 0.5 s"] * 2, "", "",
    ]  # fmt: skip


def test_a_worker_serves_any_thread_and_starts_anew_after_its_end():
    worker = Worker(f"{THIS}:misbehave")
    found = []
    threads = [threading.Thread(target=lambda: found.extend(worker.run([1, 2]))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.value for each in found) == [1, 1, 1, 2, 2, 2]
    worker.close()
    assert [each.value for each in worker.run([3])] == [3]
    process = worker._process
    worker.close()
    assert process is not None
    assert process.poll() is not None


def test_a_worker_sees_no_secrets(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "secret")
    with Worker("tests.signals.test_killable_verifiers:environment") as worker:
        assert "SOME_API_KEY" not in worker.run([None])[0].value


def environment(_):
    return sorted(os.environ)


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        (r"\boxed{\frac{2}{4}}", "0.5"),
        (r"\boxed{1+x^2}", "x^2+1"),
        ("A: 42", "42"),
        ("The answer is 42.", "$42$"),
        (r"\boxed{\sqrt{8}}", r"2\sqrt{2}"),
        (r"\boxed{**73**}", "73"),
        ("She makes $18 per day.", "18"),
        (r"\boxed{(1, 2)}", "(1,2)"),
        ("#### 1,000", "1000"),
        (r"<answer>x=5</answer>", "5"),
    ],
)
def test_equivalent_mathematics_is_accepted(mathematics, text, gold):
    (verdict,) = mathematics.score([Item("?", text, gold)])
    assert verdict.score == 1.0, verdict.evidence


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        (r"\boxed{1-1/e}", "1+1/e"),
        (r"\boxed{1,2,3}", "2"),
        (r"\boxed{2 \text{ or } 3}", "2"),
        ("", "2"),
        (r"\boxed{1} \boxed{2}", "2"),
        (r"\boxed{2} \boxed{1}", "2"),
        ("It is not 42", "42"),
        (r"\boxed{[1,2]}", "(1,2)"),
        (r"\boxed{" + "1+" * 600 + "1}", "601"),
        ("<think>42", "42"),
        (r"\boxed{-2}", "2"),
    ],
)
def test_other_mathematics_is_not(mathematics, text, gold):
    (verdict,) = mathematics.score([Item("?", text, gold)])
    assert verdict.score == 0.0, verdict.evidence


def test_mathematics_that_hangs_stalls_nothing_and_is_unscored():
    signal = Math(seconds=1.0)
    tower = "\\boxed{9^{9^{9^{9^{9}}}}}"
    found = signal.score([Item("?", "1", "1"), Item("?", tower, "1"), Item("?", "2", "2"), Item("?", "1", None)])
    assert [verdict.score for verdict in found] == [1.0, None, 1.0, None]
    assert "longer" in found[1].evidence
    signal.worker.close()


def test_mathematics_works_in_a_thread_and_in_any_order(mathematics):
    items = [Item("?", text, "1/2") for text in ("0.5", "2", "\\boxed{1/2}", "", "\ud800", "x")]
    found = []
    thread = threading.Thread(target=lambda: found.extend(mathematics.score(items)))
    thread.start()
    thread.join()
    assert found == mathematics.score(items[::-1])[::-1]
    assert [verdict.score for verdict in found] == [1.0, 0.0, 1.0, 0.0, 0.0, 0.0]


SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[a-z]+$"}, "next": {"$ref": "#"}},
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def form():
    signal = JsonSchema(json.dumps(SCHEMA))
    yield signal
    signal.worker.close()


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ('{"name": "a"}', 1.0), ('Here:\n```json\n{"name": "a", "next": {"name": "b"}}\n```\nDone.', 1.0),
        ('```\n{"name": "a"}\n```\n```json\n{"name": "a"}\n```', 1.0), ('<think>{}</think>{"name": "a"}', 1.0),
        ('{"name": 1}', 0.0), ('{"name": "A"}', 0.0), ("{}", 0.0), ("", 0.0), ("no JSON", 0.0), ('{"name": "a"', 0.0),
        ('{"name": "a", "name": "b"}', 0.0), ("NaN", 0.0), ("[" * 100_000, 0.0), ("1" * 5000, 0.0),
        ('{"name": "a", "next": ' * 100 + "{}" + "}" * 100, 0.0),
        ('```json\n{"name": "a"}\n```\n```json\n{"name": "b"}\n```', 0.0), ('Sure: {"name": "a"}', 0.0),
        ("```py\n1\n```", 0.0),
    ],
)  # fmt: skip
def test_json_is_valid_or_not(form, text, score):
    (verdict,) = form.score([Item("?", text)])
    assert verdict.score == score, verdict.evidence


def test_a_schema_is_never_fetched_and_may_stand_in_a_column():
    signal = JsonSchema(column="schema")
    rows = [SCHEMA, '{"$ref": "http://localhost:9/x"}', '{"type": "nothing"}', None, "{", '{"$ref": "#"}']
    found = signal.score([Item("?", '{"name": "a"}', fields={"schema": row}) for row in rows])
    assert [verdict.score for verdict in found] == [1.0, None, None, None, None, None]
    assert "refers" in found[1].evidence
    signal.worker.close()


def test_a_pattern_of_a_schema_that_never_ends_leaves_its_row_unscored():
    signal = JsonSchema(json.dumps({"type": "string", "pattern": "^(a+)+$"}), seconds=0.5)
    found = signal.score([Item("?", '"' + "a" * 60 + '!"'), Item("?", '"aaa"')])
    assert [verdict.score for verdict in found] == [None, 1.0]
    signal.worker.close()


def test_a_schema_file_is_checked(tmp_path):
    good, bad, none = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "none.json"
    good.write_text('{"type": "integer"}')
    bad.write_text('{"type": "nothing"}')
    signal = JsonSchema.from_options({"schema": str(good)})
    assert signal.score([Item("?", "4")])[0].score == 1.0
    assert pickle.loads(pickle.dumps(signal)) == signal
    signal.worker.close()
    for options in (
        {"schema": str(bad)},
        {"schema": str(none)},
        {},
        {"schema": str(good), "column": "a"},
        {"shcema": "x"},
    ):
        with pytest.raises(InputError):
            JsonSchema.from_options(options)


def test_a_flood_of_fences_is_no_json(form):
    for flood in ("```a\n", "```\n", "{", '"', "[", "<think>"):
        assert form.score([Item("?", flood * 100_000)])[0].score == 0.0


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(max_size=30) | st.sampled_from(["$", "\\frac{", "\\boxed{1", "{}", "\x00", "1/0"]), max_size=4))
def test_any_text_has_a_verdict(mathematics, form, parts):
    items = [Item("?", part, "1/2") for part in ("1/2", *parts, "0.5")]
    verdicts = mathematics.score(items)
    assert [verdicts[0].score, verdicts[-1].score] == [1.0, 1.0]
    assert form.score(items) == [form.score([item])[0] for item in items]


def test_strict_json_is_read_and_the_rest_refused():
    assert loads("[1, {}]") == [1, {}]
    for text in ("", "NaN", "[1,]", '{"a": 1, "a": 1}', "[" * 70 + "]" * 70):
        with pytest.raises(ValueError, match=r"\w"):
            loads(text)
    assert documents_of("~~~\n1\n~~~") == ["~~~\n1\n~~~"]
