"""The page on rubrics names the options that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "rubrics.md"


def test_the_options_on_the_page_are_those_that_are_read():
    text = PAGE.read_text(encoding="utf-8")
    from freshbits.signals.rubric.options import Options

    known = set(Options.__dataclass_fields__)
    named = set(re.findall(r"`(\w+)=[^`]*`", text)) | set(re.findall(r"--option (\w+)=", text))
    assert known - named == {"model"}
    assert named - known == set()
