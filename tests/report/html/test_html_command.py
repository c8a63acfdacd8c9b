"""`--html` and `freshbits report`: one file each, written whole or not at all."""

from __future__ import annotations

import json

import pytest


def test_audit_writes_a_page_with_quoted_prompts(freshbits, trl_log, tmp_path):
    page, stored = tmp_path / "a.html", tmp_path / "a.json"
    ran = freshbits("audit", trl_log, "--html", page, "--json", stored)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("TRL completions")
    text = page.read_text(encoding="utf-8")
    assert 'id="prompts"' in text
    assert "Show 2 rollouts" in text
    again = tmp_path / "b.html"
    assert freshbits("report", stored, "-o", again).code == 0
    assert again.read_text(encoding="utf-8") == text


def test_no_text_leaves_out_what_people_and_models_wrote(freshbits, trl_log, tmp_path):
    page, stored = tmp_path / "a.html", tmp_path / "a.json"
    assert freshbits("audit", trl_log, "--html", page, "--json", stored, "--no-text").code == 0
    told = json.loads(stored.read_text(encoding="utf-8"))["prompts"]
    assert told
    assert all(each["prompt"] is None and each["rollouts"] == [] for each in told)
    assert "rollouts</summary>" not in page.read_text(encoding="utf-8")


def test_json_alone_holds_no_prompts_unless_asked(freshbits, trl_log, tmp_path):
    stored = tmp_path / "a.json"
    freshbits("audit", trl_log, "--json", stored)
    assert "prompts" not in json.loads(stored.read_text(encoding="utf-8"))
    freshbits("audit", trl_log, "--json", stored, "--text")
    assert json.loads(stored.read_text(encoding="utf-8"))["prompts"][0]["rollouts"]


def test_compare_and_forecast_write_pages_that_report_writes_too(freshbits, trl_log, tmp_path):
    commands = {
        "compare": ["compare", trl_log],
        "projection": ["forecast", "--tpr", ".9", "--fpr", ".5", "--base-rate", ".05", "--keep", "8"],
        "forecast": ["forecast", trl_log],
    }
    for name, command in commands.items():
        page, stored, again = (tmp_path / f"{name}{ending}" for ending in (".html", ".json", "2.html"))
        assert freshbits(*command, "--html", page, "--json", stored).code == 0
        assert freshbits("report", stored, "-o", again).code == 0
        assert page.read_bytes() == again.read_bytes()
        assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_page_on_standard_output_stands_alone(freshbits, trl_log):
    ran = freshbits("compare", trl_log, "--html", "-")
    assert ran.out.startswith("<!doctype html>")
    assert ran.out.endswith("</html>\n")


@pytest.mark.parametrize("content", [None, "no json", '{"cat": 1}', '{"budget": {"a": 1}}'])
def test_what_is_no_report_is_one_sentence(freshbits, tmp_path, content):
    stored = tmp_path / "a.json"
    if content is not None:
        stored.write_text(content)
    ran = freshbits("report", stored, "-o", tmp_path / "a.html")
    assert ran.code == 2
    assert ran.err.startswith("freshbits: ")
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "a.html").exists()
