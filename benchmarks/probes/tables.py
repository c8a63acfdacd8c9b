"""What is made of the runs."""

from __future__ import annotations

from typing import Any


def results(dev_rows: Any, dev: Any, held_rows: Any, held: Any) -> dict[str, Any]:
    """Returns the results."""
    return {}


def markdown(found: dict[str, Any]) -> str:
    """Writes the table."""
    return ""
