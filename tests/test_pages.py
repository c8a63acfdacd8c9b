"""Everything that README, docs/ and examples/ show is rerun, executed or checked; what cannot be is listed here."""

from __future__ import annotations

import difflib
import importlib.util
import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
_SPEC = importlib.util.spec_from_file_location("refresh", ROOT / "docs" / "refresh.py")
refresh = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(refresh)
from shown import blocks as shown_blocks  # noqa: E402

PAGES = {str(page.relative_to(ROOT)): page for page in shown_blocks.pages()}
LINKED = {**PAGES, "CHANGELOG.md": ROOT / "CHANGELOG.md"}

# Every block that is not run, and why; a new one is a decision.
NOT_RUN = [
    ("docs/cluster.md", "needs a package that is not installed", "freshbits audit runs/ --engine ray"),
    ("docs/environments.md", "needs a package that is not installed", "freshbits score results.jsonl --signal e"),
    ("docs/how-to/inspect.md", "needs a model", "inspect eval sums.py --model MODEL --epo"),
    ("docs/how-to/lm-eval.md", "needs a model", "lm_eval --model vllm --model_args pretra"),
    ("docs/how-to/verl.md", "needs a package that is not installed", "python -m verl.trainer.main_ppo trainer."),
    ("docs/questions.md", "needs a model", "freshbits score runs/ --signal logprob -"),
    ("docs/rubrics.md", "needs a model", "$ freshbits score pairs.parquet --signal"),
    ("docs/rubrics.md", "needs a model", "freshbits score runs/ --signal rubric --"),
]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_comes_out_now(name):
    shown = PAGES[name].read_text(encoding="utf-8")
    with refresh.folder_of(PAGES[name]) as place:
        now = refresh.refreshed(shown, place)
    differences = difflib.unified_diff(shown.splitlines(), now.splitlines(), "shown", "now", lineterm="")
    assert shown == now, "run `make pages`:\n" + "\n".join(differences)
    if "<!-- public:" in shown and not os.environ.get("FRESHBITS_DATA"):
        pytest.skip("all but the public logs: FRESHBITS_DATA names no folder with them")


def test_something_is_done_with_every_block_and_what_is_not_run_is_listed():
    modes, left = Counter(), []
    for name, page in PAGES.items():
        for block in shown_blocks.blocks(page.read_text(encoding="utf-8")):
            modes[block.mode] += 1
            if block.mode == "not run":
                left.append((name, block.said, block.body[:40].splitlines()[0].rstrip()))
    assert sorted(left) == sorted(NOT_RUN)
    assert modes["rerun"] > 70
    assert modes["executed"] > 30


@pytest.mark.parametrize("name", LINKED)
def test_links_inside_the_repository_lead_somewhere(name):
    text = re.sub(r"^```.*?^```", "", LINKED[name].read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (LINKED[name].parent / target).exists(), target


@pytest.mark.parametrize(("page", "example"), [("docs/environments.md", "guess.yaml"), ("docs/loops.md", "rlvr.yaml")])
def test_a_loop_on_a_page_is_the_example_that_it_names(page, example):
    first = next(b for b in shown_blocks.blocks(PAGES[page].read_text(encoding="utf-8")) if b.language == "yaml")
    stored = (ROOT / "examples" / "loops" / example).read_text(encoding="utf-8")
    assert yaml.safe_load(first.body) == yaml.safe_load(stored)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```console\n$ freshbits formats\n```\n", "nothing is done"),
        ("```text\n$ freshbits formats\n```\n", "nothing is done"),
        ("```python\n>>> 1\n1\n```\n", "nothing is done"),
        ("<!-- not run: too slow -->\n```sh\nfreshbits run a.yaml\n```\n", "too slow"),
        ("<!-- not run: needs a GPU -->\n```sh\nfreshbits audit a --no-such\n```\n", "No such option"),
        ("```sh\nfreshbits audit runs\n```\n", "say above the block"),
        ("```sh\npip install '.[nothing]'\n```\n", "no extra nothing"),
        ("```sh\nmake nothing\n```\n", "the Makefile has no nothing"),
        ("```yaml\nname: a\ntask: {dataset: a}\nsignal: {verifyer: math}\n```\n", "verifyer"),
        ("```yaml\nname: r\ncriteria: [{name: a, text: b, wieght: 1}]\n```\n", "wieght"),
        ("```json\n{\n```\n", "Expecting"),
        ('```json\n{"freshbits": "1", "budget": {}}\n```\n', "is a required property"),
        ("```toml\na = \n```\n", "Invalid value"),
        ("```python\nimport freshbits as fb\nfb.adit('x')\n```\n", "no 'adit'"),
        ("```python\nfrom freshbits.results import Nothing\n```\n", "no 'Nothing'"),
        ("<!-- run -->\n```sh\nfreshbits audit nowhere\n```\n", "exit code 2"),
        ("<!-- run -->\n```sh\ncurl nowhere\n```\n", "no rule how to run"),
        ("<!-- run -->\n```python\nimport trl\n\ntrl.GRPOConfig(log_completion=1)\n```\n", "no log_completion"),
        ("<!-- files: nothing=a -->\n", "no stand-in"),
        ("<!-- quote README.md: Nothing opens so -->\n> x\n", "no line opens"),
    ],
)
def test_what_does_not_hold_is_found(tmp_path, text, problem):
    with pytest.raises(shown_blocks.PageError, match=re.escape(problem)):
        refresh.refreshed(text, tmp_path)


def test_shown_output_is_replaced_by_what_is_printed(tmp_path):
    shown = "<!-- session -->\n```python\n>>> 1 + 1\n3\n```\n"
    assert refresh.refreshed(shown, tmp_path) == shown.replace("3", "2")


def test_the_notebook_shows_what_comes_out_now(tmp_path):
    notebook = ROOT / "examples" / "first_look.ipynb"
    now = refresh.noted(notebook, tmp_path)
    shown = notebook.read_text(encoding="utf-8")
    differences = difflib.unified_diff(shown.splitlines(), now.splitlines(), "shown", "now", lineterm="")
    assert shown == now, "run `make pages`:\n" + "\n".join(differences)
    assert "0.99" in shown


def test_a_page_as_text_comes_back_in_a_notebook_too(tmp_path):
    cells = json.loads((ROOT / "examples" / "first_look.ipynb").read_text(encoding="utf-8"))["cells"]
    first = next(cell for cell in cells if "fb.page" in "".join(cell["source"]))
    assert [output["output_type"] for output in first["outputs"]] == ["stream"]


def test_the_readme_of_the_examples_names_every_one():
    text = PAGES["examples/README.md"].read_text(encoding="utf-8")
    for path in (ROOT / "examples").iterdir():
        if path.name not in ("README.md", "__pycache__"):
            assert f"]({path.name})" in text, path.name
