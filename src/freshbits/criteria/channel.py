"""Channel: how reliable the verifier is, and where it is worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.results import Channel

if TYPE_CHECKING:
    from freshbits.criteria.inputs import Evidence


def channel(evidence: Evidence, signal: str) -> Channel:
    """Says what the channel needs before TPR and FPR can be read from the log."""
    if evidence.truth:
        return Channel(
            status="not_judged",
            code="NOT_YET",
            reason="rates against the truth column come with a later version",
        )
    return Channel(
        status="not_judged",
        code="CHANNEL_NO_TRUTH",
        reason="how often the signal is wrong needs truth on some rows",
        needs=evidence.label_command(signal),
    )
