"""Batches of completions handed to the machines of a cluster; each of them has a sandbox of its own.

A batch whose machine dies is asked again. Its verdicts come back whole or not at all, and are journaled here alone, so
no completion is ever scored twice.
"""

from __future__ import annotations

import pickle
from concurrent.futures import Future
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from freshbits.cluster import said
from freshbits.errors import InputError
from freshbits.signals.pool import Answer, answer, recipe
from freshbits.signals.traits import traits

if TYPE_CHECKING:
    from freshbits.cluster import Cluster
    from freshbits.signals.pool import Units
    from freshbits.signals.signal import Signal


class Machines:
    """Scores batches on a cluster.

    Args:
        signal: what scores; it travels as what it was made from.
        machines: the cluster.

    Raises:
        InputError: if the signal cannot be sent to other machines.
    """

    def __init__(self, signal: Signal, machines: Cluster) -> None:
        require_travels(signal)
        try:
            made: Any = recipe(signal)
            if isinstance(made, tuple) and "workers" in made[1]:  # a task has one processor
                made[1]["workers"] = 1
            self._packed = pickle.dumps(made)
        except (pickle.PicklingError, AttributeError, TypeError):
            raise InputError(
                f"{signal.name} holds what cannot be sent to other machines", mend="leave out --engine ray"
            ) from None
        self._key = signal.key
        self._machines = machines
        self.workers = max(machines.cpus, 2)
        self._asked: set[Any] = set()

    def submit(self, units: Units) -> Future[Answer]:
        """Sends a batch to a machine."""
        place = self._machines.send(score_there, self._packed, self._key, units)
        self._asked.add(place)
        future: Future[Answer] = Future()

        def done(told: Future[Any]) -> None:
            self._asked.discard(place)
            error = told.exception()
            if error is None:
                future.set_result(told.result())
                return
            try:
                future.set_exception(said(error))
            except BaseException as unknown:
                future.set_exception(unknown)

        place.future().add_done_callback(done)
        return future

    def close(self) -> None:
        """Stops the batches that nobody waits for any more."""
        self._machines.drop(list(self._asked))


def require_travels(signal: Signal) -> None:
    """Raises where other machines would not help a signal, with the reason.

    >>> from freshbits.signals.controls.random import Random
    >>> require_travels(Random())
    Traceback (most recent call last):
    freshbits.errors.InputError: --engine ray: random must see the whole log at once; apply it without --engine ray.
    """
    known = traits(signal)
    why = None
    if known.judges:
        why = "asks a server, whose limits no cluster widens"
    elif known.alone:
        why = "is asked in this process only, one batch at a time"
    elif known.whole_log:
        why = "must see the whole log at once"
    if why is not None:
        raise InputError(f"--engine ray: {signal.name} {why}", mend="apply it without --engine ray")


def score_there(packed: bytes, key: str, units: Units) -> Answer:
    """Scores a batch on the machine that this runs on.

    Raises:
        InputError: if verdicts would depend on the machine: other versions, another sandbox, or none.
    """
    return answer(_made(packed, key), units)


@lru_cache(maxsize=8)
def _made(packed: bytes, key: str) -> Signal:
    found = pickle.loads(packed)
    signal: Signal = found[0](**found[1]) if isinstance(found, tuple) else found
    if signal.key != key:
        raise InputError(
            f"a machine of the cluster would score as {signal.key!r}, and this one as {key!r}",
            mend="give all machines the same versions and the same sandbox",
        )
    return signal
