"""The page on rubrics shows what is computed now. `make pages` puts in what has changed."""

from __future__ import annotations

import difflib
import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "rubrics.md"


def test_the_page_on_rubrics_shows_what_is_computed(tmp_path):
    spec = importlib.util.spec_from_file_location("refresh", ROOT / "docs" / "refresh.py")
    refresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(refresh)
    shown = PAGE.read_text(encoding="utf-8")
    now = refresh.refreshed(shown, tmp_path)
    differences = difflib.unified_diff(shown.splitlines(), now.splitlines(), "shown", "now", lineterm="")
    assert shown == now, "run `make pages`:\n" + "\n".join(differences)


def test_its_links_lead_somewhere_and_its_options_are_those_that_are_read():
    text = PAGE.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in target:
            assert (PAGE.parent / target).exists(), target
    from freshbits.signals.rubric.options import Options

    known = set(Options.__dataclass_fields__)
    named = set(re.findall(r"`(\w+)=[^`]*`", text)) | set(re.findall(r"--option (\w+)=", text))
    assert known - named == {"model"}
    assert named - known == set()
