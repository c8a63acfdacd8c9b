"""Which column of a row holds its tests, and which shape they have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from freshbits.signals.suites.code import from_list, from_text
from freshbits.signals.suites.shape import Pairs, Programs, Suite, Unusable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TESTS = ("test", "tests", "test_list", "test_cases", "unit_tests", "input_output", "public_tests", "private_tests")
INPUTS, OUTPUTS = ("inputs", "input_list"), ("outputs", "expected_outputs")
ENTRIES = ("entry_point", "fn_name", "function_name", "func_name")
SETUPS = ("test_setup_code", "test_setup", "setup_code")


def entry_of(fields: Mapping[str, Any]) -> str:
    """Returns the entry point that a row names, in a column of its own or beside its inputs and outputs.

    >>> entry_of({"entry_point": "Solution().f"}), entry_of({"tests": '{"fn_name": "g", "inputs": [], "outputs": []}'})
    ('Solution().f', 'g')
    """
    given = _first(fields, ENTRIES)
    if isinstance(given, str) and given.strip():
        return given.strip()
    data = _data(_first(fields, TESTS))
    name = data.get("fn_name") or data.get("entry_point") if isinstance(data, dict) else None
    return name if isinstance(name, str) else ""


def suite_of(fields: Mapping[str, Any], preamble: str = "", setup: str = "") -> Suite | Unusable:
    """Makes the suite of a row.

    Shapes, in the first of the columns `TESTS` that is filled:
    - Python: `check(candidate)`, asserts, `test_…` functions, `unittest` classes (`suites.code`);
    - a list of texts (or its JSON): each a test by itself;
    - a list of `{"input": …, "output": …}`: with an entry point, arguments (a list, a dict of names, or one value)
      and the value expected; without one, what a program reads and what it should print;
    - `{"inputs": […], "outputs": […], "fn_name": …}` (APPS, TACO), or columns `inputs` and `outputs`.
      Functional rows may write arguments as lines of JSON (LiveCodeBench: `"testtype": "functional"`).

    Args:
        fields: the row's columns.
        preamble: what the prompt defines besides the entry point; runs before the tests.
        setup: further source that runs before the tests.

    >>> len(suite_of({"tests": '[{"input": [1, 2], "output": 3}]', "entry_point": "add"}))
    1
    """
    entry = entry_of(fields)
    value = _first(fields, TESTS)
    data = _data(value)
    before = "\n".join(part for part in (preamble, setup, str(_first(fields, SETUPS) or "")) if part.strip())
    if data is None:
        inputs, outputs = _data(_first(fields, INPUTS)), _data(_first(fields, OUTPUTS))
        if isinstance(inputs, list) and isinstance(outputs, list):
            data = {"inputs": inputs, "outputs": outputs}
    if isinstance(data, dict) and isinstance(data.get("inputs", data.get("input")), list):
        inputs, outputs = data.get("inputs", data.get("input")), data.get("outputs", data.get("output"))
        if not isinstance(inputs, list) or not isinstance(outputs, list) or len(inputs) != len(outputs):
            return Unusable("inputs and outputs of the tests are not of one length")
        data = [{"input": one, "output": other} for one, other in zip(inputs, outputs, strict=True)]
    if isinstance(data, str) and data.strip():
        return from_text(data, entry, before)
    if not isinstance(data, list) or not data:
        return Unusable("the row has no tests")
    if all(isinstance(test, str) for test in data):
        return from_list(tuple(data), entry, before)
    if all(isinstance(test, dict) and "input" in test and "output" in test for test in data):
        return _pairs(data, entry) if entry else _programs(data)
    return Unusable("the tests are of no known shape (texts, or objects with input and output)")


def _first(fields: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((fields[name] for name in names if fields.get(name) not in (None, "", [], {})), None)


def _data(value: Any) -> Any:
    """Returns a column's value; text that is a JSON list or object is read."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return value
    return value


def _pairs(data: list[dict[str, Any]], entry: str) -> Pairs | Unusable:
    cases: list[tuple[tuple[Any, ...] | dict[str, Any], Any]] = []
    for test in data:
        given, expected = test["input"], test["output"]
        if test.get("testtype") == "functional" and isinstance(given, str) and isinstance(expected, str):
            try:
                given, expected = [json.loads(line) for line in given.splitlines()], json.loads(expected)
            except ValueError:
                return Unusable("a functional test is not written as lines of JSON")
        args = given if isinstance(given, dict) else tuple(given) if isinstance(given, list) else (given,)
        cases.append((args, expected))
    return Pairs(entry, tuple(cases))


def _programs(data: list[dict[str, Any]]) -> Programs | Unusable:
    cases = []
    for test in data:
        parts = [_text(test["input"]), _text(test["output"])]
        if parts[0] is None or parts[1] is None:
            return Unusable("without an entry point, inputs and outputs of the tests must be text")
        cases.append((parts[0], parts[1]))
    return Programs(tuple(cases))


def _text(value: Any) -> str | None:
    """Returns text, or lines of text joined, as some sets write them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return None
