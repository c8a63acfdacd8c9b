"""Runs commands and Python of a document, and returns what they print. Nothing is put through a shell."""

from __future__ import annotations

import code
import contextlib
import doctest
import io
import re
import runpy
import shlex
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

from shown.blocks import ROOT, PageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CUT = "[…]"
PROGRAMS = {"python": [sys.executable], "freshbits": [sys.executable, "-m", "freshbits"], "cat": ["cat"], "ls": ["ls"]}
ALONE = ("run",)  # what trains sets torch up for good: in a process of its own


def run(command: str, folder: Path) -> str:
    """Runs one command in a folder and returns what it prints.

    freshbits and its modules run in this process, which has them loaded; scripts and all else in one of their own.
    """
    name, *arguments = shlex.split(command, comments=True)
    expected = re.search(r"# exit code (\d+)$", command)
    if name not in PROGRAMS:
        raise PageError(f"{command}: no rule how to run {name!r}; rules are there for {sorted(PROGRAMS)}")
    if name == "freshbits" and arguments[:1] and arguments[0] not in ALONE:
        from freshbits.cli import main

        printed, complaints, ended = _here(main, ["freshbits", *arguments], folder)
    elif name == "python" and arguments[:1] == ["-m"] and arguments[1].startswith("freshbits.worlds."):
        module = lambda: runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)  # noqa: E731
        printed, complaints, ended = _here(module, arguments[1:], folder)
    else:
        given = [str(ROOT / each) if re.fullmatch(r"examples/.*\.py", each) else each for each in arguments]
        ran = subprocess.run([*PROGRAMS[name], *given], cwd=folder, capture_output=True, text=True, check=False)
        printed, complaints, ended = ran.stdout, ran.stderr, ran.returncode
    if ended != (int(expected[1]) if expected else 0):
        raise PageError(f"{command}: exit code {ended}\n{complaints[-2000:]}")
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())


def chosen(printed: str, openings: list[str]) -> str:
    """Keeps the paragraphs that open with one of the texts; `[…]` stands for each run of those left out.

    >>> print(chosen("a 1\\n\\nb 2\\n\\nc 3\\nc 4\\n", ["a", "c"]), end="")
    a 1
    <BLANKLINE>
    […]
    <BLANKLINE>
    c 3
    c 4
    """
    paragraphs = printed.strip("\n").split("\n\n")
    missing = [opening for opening in openings if not any(p.lstrip().startswith(opening) for p in paragraphs)]
    if missing:
        raise PageError(f"no paragraph opens with {missing}")
    kept: list[str] = []
    for paragraph in paragraphs:
        shown = paragraph if paragraph.lstrip().startswith(tuple(openings)) else CUT
        if shown != CUT or kept[-1:] != [CUT]:
            kept.append(shown)
    return "\n\n".join(kept) + "\n"


def session(block: str, names: dict[str, object], folder: Path) -> str:
    """Reruns a Python session; names live on from one block of a document to the next."""
    console = code.InteractiveConsole(names)
    lines = []
    with contextlib.chdir(folder):
        for example in doctest.DocTestParser().get_examples(block):
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                line = example.source.rstrip("\n")
                console.runsource(f"{line}\n" if "\n" in line else line, symbol="single")
            head, *rest = example.source.splitlines()
            lines += [f">>> {head}", *(f"... {line}" for line in rest), *said.getvalue().splitlines()]
    return "".join(f"{line}\n" for line in lines)


def _here(call: Callable[[], object], argv: list[str], folder: Path) -> tuple[str, str, int]:
    """Calls in this process as if started with `argv` in `folder`: what is printed, complained, the exit code."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, argv
    ended: object = 0
    try:
        with (
            contextlib.chdir(folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("default")
            warnings.filterwarnings(
                "ignore", message=".*found in sys.modules"
            )  # runpy; it is a fresh start all the same
            call()
    except SystemExit as end:
        ended = end.code
    finally:
        sys.argv = before
    return out.getvalue(), err.getvalue(), ended if isinstance(ended, int) else int(ended is not None)
