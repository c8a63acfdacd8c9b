"""The overview that `freshbits --help` prints: laid out here, so that no library is loaded for it."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

ABOUT = "Says in bits what a generation-training loop takes in, from the rollout logs it left."
OPTIONS = {"--version": "Print the version.", "--help": "Show this message and exit; after a command, its options."}
WIDEST = 100


def overview(commands: Mapping[str, str]) -> str:
    """Lays out the commands, one to a line or more, as wide as the terminal but at most 100 columns.

    >>> print(overview({"audit": "Say what a log proves."}).splitlines()[-1])
      audit      Say what a log proves.
    """
    width = min(max(_columns(), 50), WIDEST)
    lines = ["Usage: freshbits [OPTIONS] COMMAND [ARGS]...", "", *_wrapped(ABOUT, width, "  ", "  "), ""]
    for title, entries in (("Options", OPTIONS), ("Commands", commands)):
        lines.append(f"{title}:")
        for name, words in entries.items():
            lines += _wrapped(words, width, f"  {name:<11}", " " * 13)
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def _columns() -> int:
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError, AttributeError):  # a pipe, or no descriptor at all
        return 80


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    lines, line = [], first
    for word in text.split():
        space = "" if line in (first, rest) else " "
        if len(line) + len(space) + len(word) > width and space:
            lines.append(line)
            line, space = rest, ""
        line += space + word
    return [*lines, line]
