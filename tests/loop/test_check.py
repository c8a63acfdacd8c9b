"""`freshbits check`: the page, the JSON, the exit codes; the examples and the room's promises."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.loop.declared import LOOPS
from tests.loop.test_structure import loop_of
from typer.testing import CliRunner

import freshbits as fb
from freshbits.cli import app
from freshbits.errors import InputError
from freshbits.loop.checking import Check
from freshbits.loop.shapes import SHAPES
from freshbits.report.check import check_page

EXAMPLES = Path(__file__).parents[2] / "examples" / "loops"
STRUCTURE = {
    "closed": "closed",
    "reference": "open, exhaustible",
    "distillation": "open, renewing",
    "rft": "open, renewing",
    "rlvr": "open, renewing",
    "own_tests": "open, renewing",
    "majority": "closed",
    "judge": "open, renewing",
    "self_judge": "closed",
    "frozen_judge": "open, exhaustible",
    "retrained_judge": "open, decaying",
    "mixed": "open, renewing",
    "retrieval": "open, exhaustible",
    "guess": "open, renewing",
}


def run(*arguments: object):
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def test_every_shape_has_an_example_and_every_example_its_structure():
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == set(STRUCTURE)
    assert set(SHAPES) | {"retrieval", "guess"} == set(STRUCTURE)


@pytest.mark.parametrize("name", STRUCTURE)
def test_an_example_is_what_its_page_says(name):
    found = fb.check(EXAMPLES / f"{name}.yaml")
    words = [found.structure.verdict, found.structure.adjective]
    assert ", ".join(word for word in words if word) == STRUCTURE[name]
    first = " ".join(check_page(found).split("\n\n")[0].split())
    assert first.startswith(f"{found.name} is {STRUCTURE[name]}: {found.structure.reason}")


@pytest.mark.parametrize("name", LOOPS)
def test_a_page_is_written_of_every_loop_and_its_json_is_inverse(name):
    found = fb.check(loop_of(LOOPS[name].text))
    page = check_page(found)
    assert found.structure.verdict in page
    assert all(line == line.rstrip() for line in page.splitlines())
    assert Check.from_json(json.loads(found.dumps())).to_json() == found.to_json()


@pytest.mark.parametrize("document", ["docs/loops.md", "docs/questions.md"])
def test_declarations_shown_in_the_documents_can_be_read(document):
    text = (EXAMPLES.parents[1] / document).read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if block.startswith("name:")]
    assert blocks
    for block in blocks:
        assert fb.Loop.loads(block).name


def test_the_page_on_loops_lists_every_shape_with_its_structure():
    text = (EXAMPLES.parents[1] / "docs" / "loops.md").read_text(encoding="utf-8")
    for name, shape in SHAPES.items():
        assert f"| `{name}` | {shape.words} | {STRUCTURE[name]} |\n" in text


def test_the_json_has_its_keys():
    found = json.loads(run(EXAMPLES / "rft.yaml", "--json", "-").stdout)
    assert list(found) == ["freshbits", "schema", "name", "structure", "projection"]
    assert list(found["structure"]) == [
        "verdict", "adjective", "reason", "path", "way", "cut", "parts", "signals", "needs",
    ]  # fmt: skip
    assert found["structure"]["cut"] == [["task", "answers"]]
    assert found["structure"]["path"] == ["task", "answers", "exact", "filter", "training", "student"]
    assert found["structure"]["signals"]["exact"]["origin"] == "external"
    assert found["projection"]["status"] == "judged"


def test_json_goes_to_a_file_beside_the_page(tmp_path):
    ran = run(EXAMPLES / "closed.yaml", "--json", tmp_path / "check.json")
    assert ran.exit_code == 0
    assert ran.stdout.startswith("self-training is closed: nothing is scored")
    assert json.loads((tmp_path / "check.json").read_text())["structure"]["verdict"] == "closed"


@pytest.mark.parametrize(
    ("name", "word", "code"),
    [
        ("closed", "closed", 1),
        ("rft", "closed", 0),
        ("retrained_judge", "decaying", 1),
        ("reference", "exhaustible", 1),
        ("reference", "closed", 0),
    ],
)
def test_a_gate_fails_where_the_loop_is_what_it_names(name, word, code):
    ran = run(EXAMPLES / f"{name}.yaml", "--fail-on", word)
    assert ran.exit_code == code
    assert (f" is {word}" in ran.stderr) == bool(code)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.yaml"], "none.yaml: cannot be read (No such file or directory); name a YAML file."),
        ([EXAMPLES / "rft.yaml", "--fail-on", "open"], "--fail-on 'open' is nothing a loop can be; choose among"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(arguments, message):
    command = [sys.executable, "-m", "freshbits", "check", *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"freshbits: {message}")
    assert len(ran.stderr.splitlines()) == 1


def test_names_of_a_declaration_are_never_obeyed_by_a_terminal():
    with pytest.raises(InputError):
        fb.Loop(name="a\x1b[2J", task={"environment": "sums"}, model={"config": "t"}, train={"method": "self"})
    loop = fb.Loop(
        task={"environment": "sums"},
        model={"config": "tiny"},
        signal={"verifier": "a\x1b[2Jb", "name": "x"},
        train={"method": "rft"},
    )
    assert "\x1b" not in check_page(fb.check(loop))


def test_checking_loads_no_models():
    code = (
        "import sys, freshbits as fb; fb.check(sys.argv[1]); "
        "print(sorted({'torch', 'transformers', 'trl', 'polars', 'datasets'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(EXAMPLES / "rlvr.yaml")], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
