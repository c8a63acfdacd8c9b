"""README and gallery show what the commands print now. `make pages` puts in what has changed."""

from __future__ import annotations

import difflib
import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def refresh() -> ModuleType:
    spec = importlib.util.spec_from_file_location("refresh", ROOT / "docs" / "refresh.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check(refresh: ModuleType, document: Path, place: Path) -> None:
    shown = document.read_text(encoding="utf-8")
    now = refresh.refreshed(shown, place)
    differences = difflib.unified_diff(shown.splitlines(), now.splitlines(), "shown", "now", lineterm="")
    assert shown == now, "run `make pages`:\n" + "\n".join(differences)


def test_readme_shows_what_the_demo_prints(refresh, tmp_path):
    check(refresh, refresh.README, tmp_path)


def test_the_forecast_page_shows_what_is_computed(refresh, tmp_path):
    check(refresh, refresh.FORECAST, tmp_path)


def test_the_page_on_hacking_shows_what_is_judged(refresh, tmp_path):
    check(refresh, refresh.HACKING, tmp_path)


def test_the_page_on_sets_shows_what_is_judged(refresh, tmp_path):
    check(refresh, refresh.SETS, tmp_path)


def test_the_page_on_spending_well_shows_what_is_computed(refresh, tmp_path):
    check(refresh, refresh.EFFICIENT, tmp_path)


def test_the_page_on_loops_shows_what_is_checked(refresh):
    with refresh.folder_of(refresh.LOOPS) as place:
        check(refresh, refresh.LOOPS, place)


def test_gallery_shows_what_the_public_logs_give(refresh):
    with refresh.folder_of(refresh.GALLERY) as place:
        if place is None:
            pytest.skip("FRESHBITS_DATA names no folder with the public logs")
        check(refresh, refresh.GALLERY, place)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "docs/forecast.md",
        "docs/hacking.md",
        "docs/loops.md",
        "docs/efficient.md",
        "docs/sft_sets.md",
        "docs/gallery.md",
    ],
)
def test_every_block_with_output_is_one_that_is_rerun(refresh, name):
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"([^\n]*)\n```(console|python)\n(.*?)```", text, re.DOTALL)
    assert blocks
    for before, kind, body in blocks:
        if kind == "console" or ">>> " in body:
            assert before.startswith(("<!-- output", "<!-- session")), body


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/forecast.md",
        "docs/loops.md",
        "docs/efficient.md",
        "docs/sft_sets.md",
        "docs/gallery.md",
    ],
)
def test_links_inside_the_repository_lead_somewhere(name):
    document = ROOT / name
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target
