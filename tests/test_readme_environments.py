"""The page on environments shows what its sessions print now; its example is the one that was run."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "environments.md"
EXAMPLE = ROOT / "examples" / "loops" / "guess.yaml"


def test_the_sessions_print_what_the_page_shows(tmp_path):
    spec = importlib.util.spec_from_file_location("refresh", ROOT / "docs" / "refresh.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shown = PAGE.read_text(encoding="utf-8")
    assert module.refreshed(shown, tmp_path) == shown, "run `make pages`"


def test_the_loop_on_the_page_is_the_example():
    text = PAGE.read_text(encoding="utf-8")
    shown = text.split("```yaml\n", 1)[1].split("```", 1)[0]
    assert yaml.safe_load(shown) == yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
