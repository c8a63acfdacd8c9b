"""The book leaves no number of the report out: every key, field and code is explained in docs/statistics."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import freshbits as fb
from freshbits.results import Audit, Candidate, Estimate, HackForecast, Sft
from freshbits.worlds.hacked import Hacked

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
STATISTICS = ROOT / "docs" / "statistics"
PAGES = {  # the pages on which the keys of a section are explained
    "log": ("log",),
    "prompts": ("log",),
    "remedies": ("log",),
    "freshbits": ("log",),
    "schema": ("log",),
    "openness": ("openness", "index"),
    "budget": ("budget", "noise", "index"),
    "components": ("components", "together", "index"),
    "channel": ("channel", "pressure", "index"),
    "efficiency": ("efficiency", "index"),
    "coverage": ("coverage", "index"),
    "forecast": ("forecast", "index"),
    "hacking": ("hacking", "index"),
    "sft": ("sft", "index"),
}
NAMED = {"budget", "components", "openness", "channel", "efficiency", "forecast", "hacking"}  # signals stand under them
BY_NAME = (
    "by",
    "by_signal",
    "pass_at",
    "informative_groups",
    "resolution",
    "unscored",
    "filter",
)  # keys are names there
ESTIMATE = {field.name for field in dataclasses.fields(Estimate)}


def keys_of(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields (section, key) of a report; names of signals, features and the like are no keys."""

    def walk(section: str, part: Any, named: bool) -> Iterator[tuple[str, str]]:
        if isinstance(part, list):
            for entry in part:
                yield from walk(section, entry, named)
        elif isinstance(part, dict) and set(part) != ESTIMATE:
            for key, below in part.items():
                if not named:
                    yield section, key
                yield from walk(section, below, not named and key in BY_NAME)

    for section, part in report.items():
        if not isinstance(part, (dict, list)):
            yield section, section
        yield from walk(section, part, section in NAMED)


def declared(kind: Any, seen: tuple[Any, ...] = ()) -> Iterator[str]:
    """Yields the names of all fields of a result, and of what it holds."""
    if dataclasses.is_dataclass(kind) and kind is not Estimate and kind not in seen:
        hints = typing.get_type_hints(kind)
        for field in dataclasses.fields(kind):
            yield field.name.removesuffix("_")
            yield from declared(hints[field.name], (*seen, kind))
    for inner in typing.get_args(kind):
        yield from declared(inner, seen)


def explained(section: str) -> set[str]:
    """Returns the words in backticks on the pages of a section, the parts of `a.b` apart."""
    text = "".join((STATISTICS / f"{page}.md").read_text(encoding="utf-8") for page in PAGES[section])
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL).replace("\n", " ")
    return {part for word in re.findall(r"`([^`]+)`", text) for part in word.split(".")}


def check(found: set[tuple[str, str]]) -> None:
    missing = sorted((section, key) for section, key in found if key not in explained(section))
    assert not missing, "explain these keys of the report in docs/statistics: " + ", ".join(map(".".join, missing))


def test_every_key_of_the_recorded_reports_is_explained():
    reports = sorted((ROOT / "tests" / "golden").glob("*.json"))
    assert len(reports) >= 10
    check({key for path in reports for key in keys_of(json.loads(path.read_text(encoding="utf-8")))})


def test_every_key_of_a_report_with_truth_and_rounds_is_explained():
    world = Hacked(prompts=220, name="bullets", right=0.5, trait=(0.15, 0.15), tpr=0.7, lured=0.95, rounds=3)
    rows = world.rows(seed=1).with_columns(region=pl.col("prompt").str.len_chars().gt(18).cast(pl.String))
    report = fb.audit(rows, prompts=True).to_json()
    assert report["channel"]["reward"]["worst"]
    assert report["forecast"]["reward"]["trajectory"]
    check(set(keys_of(report)))


def test_every_field_that_a_report_can_hold_is_explained():
    found = set()
    for section, kind in typing.get_type_hints(Audit).items():
        found |= {(section, name) for name in declared(kind)}
    found |= {("hacking", name) for name in (*declared(HackForecast), *declared(Candidate))}
    found |= {("sft", name) for name in declared(Sft)}
    check(found)


def test_every_code_of_a_section_is_explained():
    everything = set().union(*(explained(section) for section in PAGES)) | explained("forecast")
    prefixes = "OPEN|CHANNEL|EFF|HACK|FORECAST|BUDGET|LADDER|NO|FEW"
    codes = {
        code
        for path in (ROOT / "src" / "freshbits" / "criteria").glob("*.py")
        for code in re.findall(rf'"((?:{prefixes})_[A-Z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(codes) > 30
    assert not codes - everything


def test_a_key_that_nobody_explains_is_noticed():
    with pytest.raises(AssertionError, match=r"budget\.brand_new"):
        check(set(keys_of({"budget": {"reward": {"brand_new": 1.0}}})))


def test_the_figures_of_the_concepts_are_what_the_laws_give():
    vl_convert = pytest.importorskip("vl_convert")
    spec = importlib.util.spec_from_file_location("figures", ROOT / "docs" / "figures.py")
    figures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(figures)
    lines = re.compile(
        r'aria-roledescription="line mark" d="([^"]+)"'
    )  # where labels stand depends on a machine's fonts
    for draw in figures.FIGURES:
        now = vl_convert.vegalite_to_svg(figures.drawing(draw))
        drawn = (ROOT / "docs" / "figures" / f"{draw.__name__}.svg").read_text(encoding="utf-8")
        assert lines.findall(drawn)
        assert lines.findall(drawn) == lines.findall(now), "run python docs/figures.py"


BOOK = [
    *sorted((ROOT / "docs" / "concepts").glob("*.md")),
    *sorted(STATISTICS.glob("*.md")),
    *(ROOT / "docs" / f"{name}.md" for name in ("paper", "limits", "calculator", "overhead")),
]
RESULTS = {path.stem for path in (ROOT / "benchmarks" / "results").glob("*.*")}
DEFINED = {"1.96"}  # figures of formulas, not of measurements


def told(text: str) -> Iterator[tuple[str, set[str]]]:
    """Yields the decimals of every paragraph, point and row that names results, with the results named there."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"<!-- (?:rows|quote|figures)[^\n]*-->\n(?:[|>][^\n]*\n)*", "", text)  # put in by docs/refresh.py
    for part in re.split(r"\n\n|\n(?=\|)|\n(?=- )", text):
        named = set(re.findall(r"results/(\w+)\.(?:md|json)", part))
        named |= RESULTS & set(re.findall(r"\b(?:calibration|hacking)_\w+", part))
        prose = re.sub(r"arXiv[: ][\d.,; and]+|\]\([^)]*\)|\d{4}\.\d{5}", "", part)
        if named:
            for figure in set(re.findall(r"(?<![\w.])\d*\.\d+", prose)) - DEFINED:
                yield figure, named


def test_every_decimal_that_is_told_of_a_result_stands_in_it():
    strange = []
    for page in BOOK:
        for figure, named in told(page.read_text(encoding="utf-8")):
            files = [path for name in named for path in (ROOT / "benchmarks" / "results").glob(f"{name}.*")]
            stored = " ".join(path.read_text(encoding="utf-8") for path in files)
            if figure not in stored:
                strange.append(f"{page.name}: {figure} is not in {sorted(named)}")
    assert not strange, "\n".join(strange)


def test_a_figure_that_no_result_holds_is_noticed():
    found = dict(told("[a](../benchmarks/results/loops.md) says .123456 and arXiv 2605.16379\n"))
    assert found == {".123456": {"loops"}}


def test_the_limits_name_the_worst_coverage_of_every_calibration():
    limits = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8").replace(" %", "%")
    missing = []
    for path in sorted((ROOT / "benchmarks" / "results").glob("calibration_*.md")):
        pooled = path.read_text(encoding="utf-8").split("## Every world")[0]
        worst = [float(share) for share in re.findall(r"\| (\d+\.\d)% \| [\d.]+ \|$", pooled, re.MULTILINE)]
        if worst and "worst world" in pooled and min(worst) < 90 and not re.search(rf"(?<!\d){min(worst)}%", limits):
            missing.append(f"{path.name}: {min(worst)}%")
    assert not missing, missing


def test_rows_and_figures_are_taken_from_their_files(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("refresh_of_the_book", ROOT / "docs" / "refresh.py")
    refresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(refresh)
    places = importlib.import_module("shown.places")
    monkeypatch.setattr(places, "ROOT", tmp_path)
    table = "# A\n\n| x | y, z | y, z | w |\n| --- | --- | --- | --- |\n| one | 1 | 2 | 3 |\n| two | 4 | 5 | 6 |\n"
    (tmp_path / "a.md").write_text(table, encoding="utf-8")
    (tmp_path / "a.json").write_text('{"k": [{"l": 12345}]}', encoding="utf-8")
    page = (
        "<!-- rows a.md: two -->\n| stale |\n\n"
        "<!-- rows a.md [x; w as last]: one; two -->\n\n"
        "<!-- figures a.json: rows = k/0/l -->\n"
    )
    assert refresh.refreshed(page, tmp_path) == (
        "<!-- rows a.md: two -->\n| x | y, z | y, z | w |\n| --- | --- | --- | --- |\n| two | 4 | 5 | 6 |\n\n"
        "<!-- rows a.md [x; w as last]: one; two -->\n| x | last |\n| --- | --- |\n| one | 3 |\n| two | 6 |\n\n"
        "<!-- figures a.json: rows = k/0/l -->\n|  | figure |\n| --- | --- |\n| rows | 12,345 |\n"
    )
    for wrong, said in (("a.md: three", "no table has rows"), ("a.md [x; y, z]: one", "2 columns are called 'y, z'")):
        with pytest.raises(places.PageError, match=said):
            refresh.refreshed(f"<!-- rows {wrong} -->\n", tmp_path)
