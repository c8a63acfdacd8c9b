"""What the record of a run says of its signals, for the audit of its log to find."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from freshbits.loop.structure import origins, structures
from freshbits.signals.rubric.file import read_rubric

if TYPE_CHECKING:
    from freshbits.loop.declare import Loop


def recorded(loop: Loop, control: str | None) -> dict[str, dict[str, Any]]:
    """Returns origin and structure of every signal of a run: `{"origins": …, "structures": …}`.

    Where it has rubrics, `rubrics` says which criteria they were read from, so that a run is not gone on with by other
    ones, and with what weights they are summed.

    Under the control `random` every score is drawn by lot, whatever is declared, so every signal is closed.

    >>> from freshbits.loop.declare import Loop
    >>> loop = Loop(task={"environment": "sums"}, model={"config": "tiny"}, signal={"verifier": "exact"},
    ...             train={"method": "rft"})
    >>> recorded(loop, None)
    {'origins': {'exact': 'external'}, 'structures': {'exact': 'open, renewing'}}
    >>> recorded(loop, "random")
    {'origins': {'exact': 'own_state'}, 'structures': {'exact': 'closed'}}
    """
    rubrics = {"rubrics": found} if (found := _rubrics(loop)) else {}
    if control == "random":
        names = [signal.name for signal in loop.signals]
        return {"origins": dict.fromkeys(names, "own_state"), "structures": dict.fromkeys(names, "closed")}
    return {"origins": origins(loop), "structures": structures(loop), **rubrics}


def _rubrics(loop: Loop) -> dict[str, dict[str, Any]]:
    found = {}
    for signal in loop.signals:
        if signal.rubric is not None and Path(signal.rubric).is_file():
            rubric = read_rubric(signal.rubric)
            names = [f"{signal.name}.{each.name}" for each in rubric.criteria]
            found[signal.name] = {"criteria": rubric.digest, "weights": dict(zip(names, rubric.weights, strict=True))}
    return found
