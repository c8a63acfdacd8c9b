"""Finds what a document shows: fenced blocks with the comment above them, quotations, tables, files to make.

A comment on the line above a block says what is done with it:

    <!-- output -->                  every `$ command` of a console block is rerun, and all that it prints is put in
    <!-- output: Bits | Not -->      the same, but of the last command only the paragraphs that open with these words
                                     are shown; `[…]` stands for what was left out
    <!-- public: Bits | Not -->      the same on the public logs; as it is where FRESHBITS_DATA does not name them
    <!-- session -->                 a block of Python with prompts is rerun
    <!-- run -->                     commands or Python are executed; what they print is not compared
    <!-- file: NAME -->              the block is put into this file, and checked as one without a comment
    <!-- not run: reason -->         commands that cannot be run here, for one of REASONS; their options are checked
                                     no comment: YAML, JSON, TOML and Python are checked, and so are the commands
                                     that set up (pip, make, git)

and elsewhere:

    <!-- files: trl=runs -->         the stand-in `trl` is made as `runs` before what follows
    <!-- quote FILE: opening -->     the line of FILE that opens so, as a quotation
    <!-- rows FILE [a, b]: x; y -->  the rows that open with x or y of the first table of FILE that has both, under its
                                     header; of its columns those named (`a as title`), all without brackets
    <!-- figures FILE: a = k/l -->   numbers of a JSON file as a table: what each is called, and where it stands; `;`
                                     between them

A command that is to fail says so: `$ freshbits audit … --fail-on …  # exit code 1`.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
REASONS = ("needs a GPU", "needs a model", "needs a package that is not installed")
SHELL = ("console", "sh", "bash")
DATA = ("yaml", "yml", "json", "jsonl", "toml")

PLACE = re.compile(
    r"(?:^(?P<comment>[ \t]*<!-- [^\n]* -->)\n)?"
    r"^(?P<indent>[ \t]*)(?P<ticks>`{3,})(?P<language>\w*)(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=indent)(?P=ticks)[ \t]*\n"
    r"|^<!-- files: (?P<files>[^\n]*?) -->\n"
    r"|^<!-- quote (?P<file>\S+): (?P<opening>[^\n]*?) -->\n> [^\n]*\n"
    r"|^<!-- rows (?P<table>\S+)(?: \[(?P<columns>[^\]\n]*)\])?: (?P<rows>[^\n]*?) -->\n(?:\|[^\n]*\n)*"
    r"|^<!-- figures (?P<numbers>\S+): (?P<places>[^\n]*?) -->\n(?:\|[^\n]*\n)*",
    re.DOTALL | re.MULTILINE,
)
_MARK = re.compile(r"<!-- (output|public|session|run|file|not run)(?:: (.*?))? -->")

Mode = Literal["rerun", "executed", "checked", "not run", "text"]


class PageError(Exception):
    """A document shows what does not hold; the message says where."""


@dataclass(frozen=True)
class Block:
    """One fenced block.

    `mark` is the word of the comment above it ("" without one) and `said` what follows the colon.
    """

    language: str
    body: str
    mark: str
    said: str
    indent: str
    line: int

    @property
    def mode(self) -> Mode:
        """Says what is done with the block, and refuses one for which nothing is."""
        where = f"line {self.line}"
        prompts = any(line.startswith(("$ ", ">>> ")) for line in self.body.splitlines())
        if self.mark in ("output", "public") and self.language == "console":
            return "rerun"
        if self.mark == "session" and self.language == "python":
            return "rerun"
        if self.mark == "run" and self.language in (*SHELL, "python"):
            return "executed"
        if self.mark == "not run":
            if self.said not in REASONS:
                raise PageError(f"{where}: {self.said!r} is none of {REASONS}")
            return "not run"
        if self.mark == "file" or (not self.mark and self.language in ("python", *DATA, "sh", "bash") and not prompts):
            return "checked"
        if self.mark or prompts or self.language == "console":
            raise PageError(f"{where}: nothing is done with this block of {self.language or 'text'} {self.mark!r}")
        return "text"


def block_of(place: re.Match[str]) -> Block:
    """Returns the block that a place holds."""
    mark = _MARK.fullmatch((place["comment"] or "").strip())
    return Block(
        place["language"],
        textwrap.dedent(place["body"]),
        mark[1] if mark else "",
        (mark[2] or "") if mark else "",
        place["indent"],
        place.string.count("\n", 0, place.start("ticks")) + 1,
    )


def blocks(text: str) -> list[Block]:
    """Returns all fenced blocks of a document.

    >>> [(b.mode, b.line) for b in blocks("<!-- output -->\\n```console\\n$ freshbits formats\\n```\\n")]
    [('rerun', 2)]
    """
    return [block_of(place) for place in PLACE.finditer(text) if place["ticks"]]


def pages() -> list[Path]:
    """Returns every document whose blocks are looked after."""
    return [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "examples").rglob("*.md")),
    ]


def commands(body: str) -> list[str]:
    """Returns the commands of a block for a shell: without prompts, comments and output; long ones joined.

    >>> commands("$ freshbits formats\\nformat …\\n")
    ['freshbits formats']
    >>> commands("# first\\nfreshbits score a \\\\\\n  -o b\\n")
    ['freshbits score a -o b']
    """
    prompted = any(line.startswith("$ ") for line in body.splitlines())
    found: list[str] = []
    going = False
    for line in body.splitlines():
        starts = line.startswith("$ ") if prompted else bool(line.strip()) and not line.startswith("#")
        if not going and not starts:
            continue
        part = line.removeprefix("$ ").strip()
        whole = f"{found.pop()} {part}" if going else part
        going = whole.endswith("\\")
        found.append(whole.removesuffix("\\").rstrip())
    return found
