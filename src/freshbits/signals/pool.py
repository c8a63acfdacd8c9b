"""Batches of completions handed to a signal: here, in threads, or in processes; a fault stays with its own item."""

from __future__ import annotations

import contextlib
import math
import pickle
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import fields, is_dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from freshbits.errors import FreshbitsError, InputError
from freshbits.signals.signal import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.signals.signal import Item, Signal

Units = list[list["Item"]]  # what may be scored apart: single items, or whole groups
LONGEST_EVIDENCE = 400


class Answer(NamedTuple):
    """Holds the verdicts of a batch, in order of its items, and the seconds that they took."""

    verdicts: list[Verdict]
    seconds: float


def answer(signal: Signal, units: Units) -> Answer:
    """Scores a batch; where the signal raises, unit by unit, so that only the faulty ones are left unscored.

    Raises:
        FreshbitsError: if the signal says that it cannot work at all, or answers with too few verdicts.
    """
    started = time.monotonic()
    items = [item for unit in units for item in unit]
    try:
        found = list(signal.score(items))
    except FreshbitsError:
        raise
    except Exception as error:
        if len(units) > 1:
            verdicts = [verdict for unit in units for verdict in answer(signal, [unit]).verdicts]
            return Answer(verdicts, time.monotonic() - started)
        found = [Verdict(None, f"{signal.name} failed: {type(error).__name__}: {error}")] * len(items)
    if len(found) != len(items):
        raise FreshbitsError(
            f"the signal {signal.name} gave {len(found)} verdicts for {len(items)} completions: one each is needed."
        )
    return Answer([_clean(verdict) for verdict in found], time.monotonic() - started)


def _clean(verdict: Verdict) -> Verdict:
    score, evidence = verdict.score, verdict.evidence
    if score is not None:
        score = float(score)
        if not math.isfinite(score):
            score, evidence = None, f"the score is {score}"
    evidence = evidence.encode("utf-8", "replace").decode()
    parts = tuple(None if part is None or not math.isfinite(part) else float(part) for part in verdict.parts)
    shown = evidence if len(evidence) <= LONGEST_EVIDENCE else evidence[: LONGEST_EVIDENCE - 1] + "…"
    return Verdict(score, shown, parts, verdict.usage, verdict.passing)


class Here:
    """Scores each batch at once, in this process."""

    workers = 1

    def __init__(self, signal: Signal) -> None:
        self._signal = signal

    def submit(self, units: Units) -> Future[Answer]:
        """Returns the answer, already there."""
        future: Future[Answer] = Future()
        future.set_result(answer(self._signal, units))
        return future

    def close(self) -> None:
        """Has nothing to close."""


class Threads:
    """Scores batches in threads that end with the program, even while they wait for a server."""

    def __init__(self, signal: Signal, workers: int) -> None:
        self._signal = signal
        self.workers = workers
        self._asked: SimpleQueue[tuple[Units, Future[Answer]] | None] = SimpleQueue()
        for _ in range(workers):
            threading.Thread(target=self._work, daemon=True).start()

    def submit(self, units: Units) -> Future[Answer]:
        """Puts a batch in line."""
        future: Future[Answer] = Future()
        self._asked.put((units, future))
        return future

    def close(self) -> None:
        """Sends the threads home once they are done."""
        for _ in range(self.workers):
            self._asked.put(None)

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            units, future = asked
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(answer(self._signal, units))
            except BaseException as error:
                future.set_exception(error)


class Processes:
    """Scores batches in processes of their own; one that dies is named, and what came before it is kept."""

    def __init__(self, signal: Signal, packed: bytes, workers: int) -> None:
        from multiprocessing import get_context

        self._name = signal.name
        self.workers = workers
        # Spawned, not forked: a fork of a process whose threads hold locks (Polars has some) may never wake up.
        context = get_context("spawn")
        self._pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(packed,))

    def submit(self, units: Units) -> Future[Answer]:
        """Sends a batch to a process."""
        try:
            return self._pool.submit(_remote, units)
        except BrokenProcessPool:
            raise died(self._name) from None

    def close(self) -> None:
        """Ends the processes after the batches they are at."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def died(name: str) -> FreshbitsError:
    """Returns the error for a worker process that was killed or crashed."""
    return InputError(
        f"a process that scored {name} died (killed, out of memory, or crashed by a completion)",
        mend="run the command again, with --workers 1 to see more; verdicts so far are kept",
    )


def pool(signal: Signal, workers: int, *, threads: bool) -> Here | Threads | Processes:
    """Chooses where a signal is asked: here for one worker, in threads where it waits or cannot be sent away."""
    if workers <= 1:
        return Here(signal)
    if not threads:
        with contextlib.suppress(pickle.PicklingError, AttributeError, TypeError):
            return Processes(signal, pickle.dumps(recipe(signal)), workers)
    return Threads(signal, workers)


def recipe(signal: Signal) -> tuple[Any, dict[str, Any]] | Signal:
    """Returns how to make the signal again: what it holds open (a process, a client) cannot travel."""
    held: Any = signal
    if not is_dataclass(held):
        return signal
    return type(signal), {field.name: getattr(signal, field.name) for field in fields(held) if field.init}


_SENT: list[Signal] = []


def _begin(packed: bytes) -> None:
    import signal as handlers

    handlers.signal(handlers.SIGINT, handlers.SIG_IGN)  # Ctrl-C is the parent's to answer
    recipe = pickle.loads(packed)
    _SENT[:] = [recipe[0](**recipe[1]) if isinstance(recipe, tuple) else recipe]


def _remote(units: Sequence[list[Item]]) -> Answer:
    return answer(_SENT[0], list(units))
