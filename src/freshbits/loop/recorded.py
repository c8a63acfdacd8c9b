"""What the record of a run says of its signals, for the audit of its log to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshbits.loop.structure import origins, structures

if TYPE_CHECKING:
    from freshbits.loop.declare import Loop


def recorded(loop: Loop, control: str | None) -> dict[str, dict[str, str]]:
    """Returns origin and structure of every signal of a run: `{"origins": …, "structures": …}`.

    Under the control `random` every score is drawn by lot, whatever is declared, so every signal is closed.

    >>> from freshbits.loop.declare import Loop
    >>> loop = Loop(task={"environment": "sums"}, model={"config": "tiny"}, signal={"verifier": "exact"},
    ...             train={"method": "rft"})
    >>> recorded(loop, None)
    {'origins': {'exact': 'external'}, 'structures': {'exact': 'open, renewing'}}
    >>> recorded(loop, "random")
    {'origins': {'exact': 'own_state'}, 'structures': {'exact': 'closed'}}
    """
    if control == "random":
        names = [signal.name for signal in loop.signals]
        return {"origins": dict.fromkeys(names, "own_state"), "structures": dict.fromkeys(names, "closed")}
    return {"origins": origins(loop), "structures": structures(loop)}
