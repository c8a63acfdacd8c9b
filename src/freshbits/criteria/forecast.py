"""Forecast: what will happen to accuracy and variety if the loop goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freshbits.results import Forecast

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence


def forecast(evidence: Evidence) -> Forecast:
    """Says whether the log could carry a forecast at all; the fits come with a later version."""
    rounds = int(np.unique(evidence.tally.groups["round"].to_numpy()).size)
    if rounds < 2:
        return Forecast(
            status="not_judged",
            code="FORECAST_ONE_ROUND",
            reason="one round says nothing about change",
            needs="log at least two rounds of the same prompts",
        )
    return Forecast(status="not_judged", code="NOT_YET", reason="fits to a log come with a later version")
