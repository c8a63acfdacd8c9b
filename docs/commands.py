"""Writes docs/commands.md: every command with its arguments, options and exit codes, as its own help gives them.

python docs/commands.py           # or: make pages
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

import freshbits.cli

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).with_name("commands.md")
EXITS = "Exit codes: "  # how the sentence of `freshbits.cli` begins

OPENING = """# Commands

This page is made from the help of the commands: `freshbits COMMAND --help` prints the same. Where the
meaning of an option takes more than a line, the page named under the command has it.

`LOG` is a file, a directory as the trainer left it, or several; what is recognised is printed first. Options of reading
(`--map`, `--format`, `--truth`, `--join`, `--accept`, `--weight`, `--origin`) mean the same everywhere.
"""

# Where more is said about a command.
MORE = {
    "audit": "[what the report holds](report.md), [a first audit](../README.md#five-minutes)",
    "forecast": "[before the run](forecast.md)",
    "check": "[loops](loops.md)",
    "run": "[loops](loops.md#run-it), [environments](environments.md)",
    "control": "[shortcuts](hacking.md#cures)",
    "rebalance": "[shortcuts](hacking.md#cures)",
    "select": "[which rows to train on](efficient.md#which-rows-to-train-on-select)",
    "allocate": "[which prompts to ask](efficient.md#which-prompts-to-ask-allocate)",
    "plan": "[which way to train](efficient.md#which-way-to-train-plan)",
    "score": "[rubrics](rubrics.md), [environments](environments.md#score-logged-episodes-again)",
}


def page() -> str:
    """Returns the whole page."""
    group: Any = typer.main.get_command(freshbits.cli.app)
    rows = [f"| [`{name}`](#{name}) | {cell(command.help)} |" for name, command in group.commands.items()]
    parts = [OPENING, "\n".join(["| command | what it does |", "| --- | --- |", *rows, ""])]
    parts += [f"## Exit codes\n\n{exits()}\n"]
    parts += ["\n".join(section(name, command)) for name, command in group.commands.items()]
    return "\n".join(parts)


def exits() -> str:
    """Returns the exit codes as a table, read from the sentence of the command line's own docstring."""
    (line,) = [line for line in (freshbits.cli.__doc__ or "").splitlines() if line.startswith(EXITS)]
    sentence = line.removeprefix(EXITS).split(".")[0]
    rows = [code.strip().split(" ", 1) for code in sentence.split(",")]
    return "\n".join(["| code | meaning |", "| --- | --- |", *(f"| {code} | {words} |" for code, words in rows)])


def section(name: str, command: Any) -> Iterator[str]:
    """Yields the lines about one command."""
    context = command.make_context(f"freshbits {name}", [], resilient_parsing=True)
    yield f"## {name}\n"
    yield f"{command.help}\n"
    yield f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```\n"
    if name in MORE:
        yield f"More: {MORE[name]}.\n"
    kinds = {"argument": [], "option": []}  # type: dict[str, list[tuple[str, str]]]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and "--help" not in parameter.opts:
            kinds[parameter.param_type_name].append(record)
    for kind, records in kinds.items():
        if records:
            rows = [f"| `{cell(declared)}` | {cell(meaning)} |" for declared, meaning in records]
            yield "\n".join([f"| {kind} | meaning |", "| --- | --- |", *rows, ""])


def cell(text: str) -> str:
    """Returns a text that may stand in a cell of a table.

    >>> cell("NAME=external|memory")
    'NAME=external\\\\|memory'
    """
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.name} written")


if __name__ == "__main__":
    main()
