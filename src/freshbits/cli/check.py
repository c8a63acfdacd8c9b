"""`freshbits check`: a declared loop, judged before anything is spent."""

from __future__ import annotations

from typing import Annotated

import typer

from freshbits.cli.console import HtmlPath, JsonPath, show, write_json
from freshbits.errors import InputError

_WORDS = ("closed", "undetermined", "exhaustible", "decaying")


def check(
    loop: Annotated[str, typer.Argument(help="YAML or JSON file that declares the loop.", show_default=False)],
    json_path: JsonPath = None,
    html_path: HtmlPath = None,
    fail_on: Annotated[
        list[str] | None, typer.Option("--fail-on", help=f"Exit 1 if the loop is {', '.join(_WORDS)}; may be repeated.")
    ] = None,
) -> None:
    """Say whether a declared loop is open or closed, by which path, and what will become of it."""
    from freshbits.loop.checking import check as run
    from freshbits.report.check import check_page

    for word in fail_on or []:
        if word not in _WORDS:
            raise InputError(f"--fail-on {word!r} is nothing a loop can be", mend=f"choose among {', '.join(_WORDS)}")
    found = run(loop)
    if json_path is not None:
        write_json(found.to_json(), json_path)
    if html_path is not None:
        from freshbits.report.files import write_text
        from freshbits.report.html.loops import check_html

        write_text(check_html(found), html_path)
    if "-" not in (json_path, html_path):
        show(check_page, found)
    failing = {found.structure.verdict, found.structure.adjective} & set(fail_on or [])
    for word in sorted(each for each in failing if each):
        typer.echo(f"{found.name} is {word}", err=True)
    if failing:
        raise typer.Exit(1)
