"""`freshbits formats`: what is read."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def formats(
    name: Annotated[str | None, typer.Argument(help="One format: all that is known of it, its traps too.")] = None,
    json_path: Annotated[str | None, typer.Option("--json", help="Write it as JSON here (- for stdout).")] = None,
) -> None:
    """List the formats that are read, and what each can and cannot tell; of one format its traps in full."""
    from dataclasses import asdict

    from freshbits.cli.console import write_json
    from freshbits.errors import InputError
    from freshbits.rollouts.options import nearest
    from freshbits.rollouts.read import formats as cards

    known = {card.name: card for card in cards()}
    if name is not None and name not in known:
        raise InputError(f"{name}: no such format" + nearest(name, known), mend=f"choose one of {', '.join(known)}")
    chosen = list(known.values()) if name is None else [known[name]]
    if json_path is not None:
        told = [asdict(card) for card in chosen]
        write_json(told[0] if name is not None else told, json_path)
    if json_path == "-":
        return
    if name is not None:
        sys.stdout.write(_one(*chosen))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), header_style="bold")
    for column in ("format", "files", "can tell", "cannot tell"):
        table.add_column(column, overflow="fold")
    for card in chosen:
        table.add_row(card.name, card.files, card.tells, card.cannot_tell)
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)


def _one(card: object) -> str:
    """Returns one format's page: four paragraphs, then a line per trap."""
    from textwrap import fill

    from freshbits.report.layout import WIDTH
    from freshbits.rollouts.cards import FormatCard

    assert isinstance(card, FormatCard)
    parts = {"files": card.files, "can tell": card.tells, "cannot tell": card.cannot_tell}
    lines = [f"{card.title} (--format {card.name})", ""]
    lines += [fill(f"{what:<12}{text}", WIDTH, subsequent_indent=" " * 12) for what, text in parts.items()]
    if card.traps:
        lines += ["", "Traps, and what is done about each"]
        lines += [fill(f"  · {trap}", WIDTH, subsequent_indent="    ") for trap in card.traps]
    return "\n".join(lines) + "\n"
