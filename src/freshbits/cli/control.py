"""`freshbits control`: scores of a judge or a reward model at equal features, source by source."""

from __future__ import annotations

from typing import Annotated

import typer

from freshbits.cli.console import Format, Join, JsonPath, Logs, Map, Signal, progress, read_options, show


def control(
    logs: Logs,
    feature: Annotated[
        list[str] | None,
        typer.Option("--feature", help="Held equal; may be repeated [characters headings bullets bold]."),
    ] = None,
    signal: Signal = None,
    map_: Map = None,
    format_: Format = None,
    join: Join = None,
    json_path: JsonPath = None,
) -> None:
    """Say what each source would score if all wrote alike: length and style held equal."""
    from freshbits.remedies.control import USUAL
    from freshbits.remedies.control import control as run
    from freshbits.report.control import control_page
    from freshbits.report.files import write_text
    from freshbits.rollouts.read import read

    log = read(logs, read_options(signal, map_, format_, None, None, join, None, None, None, None))
    with progress() as advance:
        found = run(log, feature or USUAL, advance)
    if json_path is not None:
        write_text(found.dumps(), json_path)
    if json_path != "-":
        show(control_page, found)
