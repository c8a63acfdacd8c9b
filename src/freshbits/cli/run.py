"""`freshbits run`: a declared loop, run round by round, metered, resumed."""

from __future__ import annotations

from typing import Annotated

import typer

from freshbits.cli.console import HtmlPath, JsonPath, show


def run(
    loop: Annotated[str, typer.Argument(help="YAML or JSON file that declares the loop.", show_default=False)],
    out: Annotated[str, typer.Option("-o", "--out", help="Directory of the run.", show_default=False)],
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that lies there.")] = False,
    control: Annotated[
        str | None, typer.Option("--control", help="Run a control instead: fresh, frozen or random.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Another seed than the loop's.")] = None,
    json_path: JsonPath = None,
    html_path: HtmlPath = None,
) -> None:
    """Run a loop: generate, score, train, again; every round on disk, whole, with what it offered."""
    from freshbits.loop.declare import Loop
    from freshbits.loop.run import control_named
    from freshbits.loop.run import run as begin
    from freshbits.report.files import write_text
    from freshbits.report.run import run_page

    declared = Loop.read(loop)
    if seed is not None:
        declared = Loop(**{**declared.data(), "seed": seed})
    result = begin(declared, out, resume=resume, control=control_named(control), progress=_tell)
    if json_path is not None:
        write_text(result.dumps(), json_path)
    if html_path is not None:
        from freshbits.report.html.loops import run_html

        write_text(run_html(result), html_path)
    if "-" not in (json_path, html_path):
        show(run_page, result)


def _tell(words: str) -> None:
    """Rounds take their time: each is told when it is done, beside what is printed in the end."""
    typer.echo(words, err=True)
