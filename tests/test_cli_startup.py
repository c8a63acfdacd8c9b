"""What the command line loads before it does anything: asking for help costs little more than Python itself."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import freshbits.cli
from freshbits.cli import COMMANDS
from freshbits.cli.overview import overview

SHARED = {"__init__", "commands", "console", "overview"}  # no commands themselves
HEAVY = {"numpy", "polars", "rich", "scipy", "sklearn", "torch", "threadpoolctl", "networkx"}


def loaded(*words: str) -> set[str]:
    """Returns the modules that are there once the command line has exited."""
    code = (
        "import sys, json, atexit\n"
        f"sys.argv = ['freshbits', *{words!r}]\n"
        "atexit.register(lambda: print('\\n' + json.dumps(sorted(sys.modules)), file=sys.stderr))\n"
        "from freshbits.cli import main\n"
        "main()"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0
    return set(json.loads(run.stderr.splitlines()[-1]))


def test_every_command_stands_in_the_overview_in_its_own_words():
    files = {path.stem for path in Path(freshbits.cli.__file__).parent.glob("*.py")} - SHARED
    assert set(COMMANDS) == files
    for name, words in COMMANDS.items():
        command = getattr(importlib.import_module(f"freshbits.cli.{name}"), name)
        assert inspect.getdoc(command).split("\n")[0] == words


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_overview_and_the_version_load_nothing_but_a_few_small_modules(option):
    bare = subprocess.run(
        [sys.executable, "-c", "import sys, json, atexit; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    new = loaded(option) - set(json.loads(bare.stdout))
    assert {name.split(".")[0] for name in new} <= {"freshbits", "__future__"}
    assert {name for name in new if name.startswith("freshbits")} <= {
        "freshbits", "freshbits.version", "freshbits.cli", "freshbits.cli.overview",
    }  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_loads_no_tables_and_no_other_command(command):
    modules = loaded(command, "--help")
    assert not modules & HEAVY
    assert {name for name in modules if name.startswith("freshbits.cli.")} <= {
        f"freshbits.cli.{name}" for name in (*SHARED, command)
    }


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_the_overview_fits_and_says_every_word(columns, monkeypatch):
    monkeypatch.setitem(os.environ, "COLUMNS", str(columns))
    text = overview(COMMANDS)
    assert max(map(len, text.splitlines())) <= min(columns, 100)
    said = " ".join(text.split())
    for name, words in COMMANDS.items():
        assert f"{name} {words}" in said


def test_no_command_is_the_overview_and_bad_usage():
    run = subprocess.run([sys.executable, "-m", "freshbits"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == overview(COMMANDS)


def test_an_unknown_command_is_named_among_all_of_them():
    run = subprocess.run([sys.executable, "-m", "freshbits", "audi"], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "audit" in run.stderr
