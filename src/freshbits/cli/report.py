"""`freshbits report`: the page of a report that was stored as JSON."""

from __future__ import annotations

from typing import Annotated

import typer

from freshbits.errors import InputError


def report(
    stored: Annotated[str, typer.Argument(help="What --json wrote: an audit, a comparison, a forecast.")],
    output: Annotated[str, typer.Option("-o", "--output", help="Write the page here (- for stdout).")],
) -> None:
    """Write the page of a stored report: one HTML file that needs no network."""
    import json
    from pathlib import Path

    from freshbits.report.files import write_text
    from freshbits.report.html.page import report_html

    try:
        data = json.loads(Path(stored).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError("the report cannot be opened", file=stored, mend=str(error.strerror)) from None
    except (UnicodeDecodeError, ValueError):
        raise InputError("the report is not JSON", file=stored, mend="write it with --json PATH") from None
    write_text(report_html(data), output)
