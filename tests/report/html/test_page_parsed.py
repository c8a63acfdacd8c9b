"""The page without a browser: whole, escaped, self-contained, small, the same every time."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hostile_texts import PAYLOADS

import freshbits as fb
from freshbits.errors import InputError
from freshbits.report.html.drawing import compiled
from freshbits.report.html.escape import join, tag
from freshbits.report.html.measured import HOMES, home, text_of
from freshbits.report.html.numbers import estimates
from freshbits.report.html.page import audit_html, report_html

GOLDEN = Path(__file__).parents[2] / "golden"
KINDS = ["demo", "truth", "hostile", "single", "comparison", "projection"]
QUESTIONS = ["openness", "budget", "channel", "efficiency", "coverage", "forecast", "hacking", "remedies", "prompts"]
LOADS = {"src", "href", "action", "data", "srcset", "poster", "formaction", "xlink:href", "background", "ping"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_well_formed_and_small(pages, read, kind):
    seen = read(pages[kind])
    assert seen.unclosed == []
    assert len(seen.ids) == len(set(seen.ids))
    assert len(seen.of("h1")) == 1
    assert len(pages[kind].encode()) < 2_000_000
    assert pages[kind].startswith('<!doctype html>\n<html lang="en">')


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_asks_nothing_of_a_network(pages, read, kind):
    seen = read(pages[kind])
    for name, attributes in seen.tags:
        for key in LOADS & attributes.keys():
            assert (attributes[key] or "").startswith("#"), f"<{name} {key}={attributes[key]}>"
        assert not any(key.startswith("on") or key == "style" for key in attributes), name
    assert {name for name, _ in seen.tags} & {"link", "img", "iframe", "object", "embed", "base", "form"} == set()
    style = re.search(r"<style>(.*?)</style>", pages[kind], re.S)[1]
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("kind", KINDS)
def test_its_policy_lets_only_its_own_script_and_style_in(pages, read, kind):
    seen = read(pages[kind])
    policy = next(each["content"] for each in seen.of("meta") if each.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for name in ("script", "style"):
        assert len(seen.of(name)) == 1
        text = re.search(rf"<{name}>(.*?)</{name}>", pages[kind], re.S)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


def test_every_question_has_its_panel(pages, read):
    for kind in ("demo", "truth", "single"):
        assert set(QUESTIONS) <= set(read(pages[kind]).ids)


@pytest.mark.parametrize("kind", KINDS)
def test_every_link_of_a_page_leads_somewhere(pages, read, kind):
    seen = read(pages[kind])
    assert {link["href"].removeprefix("#") for link in seen.of("a")} <= set(seen.ids)


def test_every_chart_says_its_finding(pages, read):
    for kind in ("demo", "truth", "projection"):
        charts = read(pages[kind]).of("svg")
        assert len(charts) >= 2
        for chart in charts:
            assert chart["role"] == "img"
            assert re.search(r"\d", chart["aria-label"]), "a finding holds a number"


def test_not_judged_looks_like_itself(pages, read):
    seen = read(pages["single"])
    assert "? not judged" in seen.text
    boxes = [each for each in seen.of("div") if each.get("class") == "box not_judged"]
    assert len(boxes) >= 4
    assert "FORECAST_ONE_ROUND" in seen.text
    assert [each["class"] for each in seen.of("h1")] == ["verdict not_judged"]


def test_every_number_of_a_table_has_its_interval_and_its_method(truth_audit, pages, read):
    seen = read(pages["truth"])
    numbers = [each for each in seen.of("a") if each.get("class") == "number"]
    assert len(numbers) > 30
    assert all("prompts, " in each["title"] and each["href"].startswith("#method-") for each in numbers)
    assert "jackknife over prompts" in seen.text


def test_what_is_shown_is_what_the_report_holds(truth_audit, pages, read):
    tpr = truth_audit.channel["reward"].tpr
    assert "\u00a0%\u00a0[" in pages["truth"], "a number and its interval stay on one line"
    assert f"accepts {100 * tpr.value:.0f} % [{100 * tpr.low:.0f}, {100 * tpr.high:.0f}] of right" in read(
        pages["truth"]
    ).text.replace("\u00a0", " ")
    worst = truth_audit.channel["reward"].worst
    assert worst["value"] == "hard", "the log was made so"
    assert "worst: hard" in pages["truth"]


def test_the_page_and_its_json_give_the_same_bytes(demo_audit, pages):
    stored = json.loads(demo_audit.dumps())
    assert audit_html(demo_audit) == pages["demo"]
    assert report_html(stored) == pages["demo"]


def test_a_stored_report_of_each_kind_opens():
    comparison = fb.compare(Path(__file__).parents[2] / "fixtures" / "rollouts" / "trl" / "plain")
    assert "Which signal is best?" in report_html(json.loads(comparison.dumps()))
    with pytest.raises(InputError, match="no report of freshbits"):
        report_html({"cat": 1})
    with pytest.raises(InputError, match="no report of freshbits"):
        report_html([1])
    with pytest.raises(InputError, match="cannot be read"):
        report_html({"budget": 1})


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_every_golden_report_gives_a_page(path, read):
    seen = read(report_html(json.loads(path.read_text(encoding="utf-8"))))
    assert seen.unclosed == []
    assert set(QUESTIONS) <= set(seen.ids)
    said = seen.text.partition("How this is measured")[0]
    assert {"None", "nan", "inf"} & set(said.split()) == set()


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_every_method_of_a_golden_report_is_explained(path):
    audit = fb.Audit.from_json(json.loads(path.read_text(encoding="utf-8")))
    methods = {found.method for _, found in estimates(audit) if found.method}
    assert methods or path.stem not in ("demo", "lm_eval")
    assert [method for method in methods if home(method) is None] == []


def test_every_explanation_exists():
    for module in {module for _, module in HOMES}:
        assert len(text_of(f"freshbits.{module}")[0][0]) > 20


def test_nothing_of_a_hostile_log_becomes_markup(pages, read):
    page = pages["hostile"]
    seen = read(page)
    allowed = {name for name, _ in read(pages["truth"]).tags}
    assert {name for name, _ in seen.tags} <= allowed
    for payload in PAYLOADS[:-1]:
        bare = payload.strip()
        if "<" in bare:
            assert bare not in page.replace(re.search(r"<script>.*?</script>", page, re.S)[0], "")
    assert "<script>window.hit=1</script>" in seen.text, "it is shown as the text that it is"
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_strings_are_escaped_and_markup_is_not():
    assert tag("p", "<b>", tag("i", "&"), title='"x"').text == '<p title="&quot;x&quot;">&lt;b&gt;<i>&amp;</i></p>'
    assert join("a<", None, tag("b", "c")).text == "a&lt;<b>c</b>"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_survives_as_text_everywhere(payload, read):
    seen = read(tag("p", payload, title=payload, data_copy=payload).text)
    assert [name for name, _ in seen.tags] == ["p"]
    assert seen.unclosed == []
    shown = re.sub(r"[\x00-\x08\x1b]|\u202e", "?", payload.replace("\x07", "?"))
    assert re.sub(r"\s", " ", seen.text) == re.sub(r"\s", " ", shown)
    assert seen.of("p")[0]["title"] == seen.text


def test_a_drawing_lets_in_nothing_but_shapes(hostile_audit):
    from freshbits.report.charts.carried import contrast
    from freshbits.report.html.drawing import figure

    drawn = figure(contrast(hostile_audit)).text
    assert set(re.findall(r"<([a-z0-9]+)", drawn)) <= {
        "figure", "h3", "svg", "g", "path", "line", "rect", "text", "title", "figcaption", "p"
    }  # fmt: skip
    assert "window.hit" in drawn, "names are shown"
    assert not re.search(r"#[0-9a-f]{6}", drawn), "colours are the page's own"


def test_without_vl_convert_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    with pytest.raises(InputError, match=r"freshbits\[html\]"):
        compiled({})


def test_a_report_without_prompts_says_how_to_have_them(demo_audit, read):
    seen = read(audit_html(replace(demo_audit, prompts=[])))
    assert "freshbits audit LOG --html PAGE.html" in seen.text


def test_the_picture_in_the_readme_is_there_and_small():
    root = GOLDEN.parents[1]
    assert "(docs/page.png)" in (root / "README.md").read_text(encoding="utf-8")
    picture = (root / "docs" / "page.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert 20_000 < len(picture) < 300_000
