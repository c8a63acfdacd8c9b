"""One signal at work on a log: each content is scored once, its verdict kept, journaled and found again by row."""

from __future__ import annotations

from array import array
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from freshbits.errors import FreshbitsError
from freshbits.signals.contents import keys_of
from freshbits.signals.machines import Machines
from freshbits.signals.pool import Threads, died, pool
from freshbits.signals.signal import Verdict
from freshbits.signals.spending import NOTHING
from freshbits.signals.traits import remember, traits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from freshbits.cluster import Cluster
    from freshbits.signals.journal import Journal
    from freshbits.signals.pool import Answer
    from freshbits.signals.signal import Item, Signal

SMALLEST, FIRST, LARGEST = 1, 16, 4096  # rows of a batch
SHORT, LONG = 0.25, 1.0  # seconds that a batch should take: often enough on disk, rarely enough not to cost
NO_COMPLETION = Verdict(None, "there is no completion")


class Applied:
    """Applies one signal to items as they come and keeps what it says, by content.

    Args:
        signal: what scores.
        number: its number in the journal.
        journal: where new verdicts go; None keeps them in memory only.
        workers: batches at once; None where the signal may choose.
        heard: called after each batch with the number of verdicts given so far.
        name: of the column that it fills; the signal's own where None.
        machines: the cluster that scores; this machine does where None.

    Attributes:
        rows: number of the verdict of each row, in the order in which rows were placed; -1 not yet.
        scored: contents that the signal was asked for. known: taken from the journal.
        usage: what servers were asked for, also by the run that the journal is from.
    """

    def __init__(
        self,
        signal: Signal,
        number: int = 0,
        journal: Journal | None = None,
        workers: int | None = None,
        heard: Callable[[int], None] | None = None,
        name: str | None = None,
        machines: Cluster | None = None,
    ) -> None:
        self.signal = signal
        self.name = name or signal.name
        self.rows: array[int] = array("q")
        self.scored = self.known = 0
        self.seconds = 0.0
        said = traits(signal)
        count = 1 if said.alone else workers if workers is not None else max(said.threads, 1)
        self._pool = Machines(signal, machines) if machines else pool(signal, count, threads=bool(said.threads))
        self._fixed = said.batch
        self._size = said.batch or FIRST
        self._number, self._journal, self._heard = number, journal, heard
        self._index: dict[bytes, int] = {}
        self._scores: array[float] = array("d")
        self._evidence: list[str] = []
        self._parts: dict[int, tuple[float | None, ...]] = {}
        self.usage = NOTHING
        self._texts: dict[str, str] = {}
        self._waiting: list[tuple[list[Item], list[bytes]]] = []
        self._waiting_rows = 0
        self._flying: dict[Future[Answer], list[bytes]] = {}
        self._none = self._keep(b"", NO_COMPLETION)

    def verdict(self, row: int) -> Verdict:
        """Returns the verdict of a row."""
        at = self.rows[row]
        score = self._scores[at]
        return Verdict(score if score == score else None, self._evidence[at], self._parts.get(at, ()))

    def is_missing(self, row: int) -> bool:
        """Returns whether a row has no completion, so that nothing was asked."""
        return self.rows[row] == self._none

    def remember(self, keys: Sequence[bytes], verdicts: Sequence[Verdict]) -> None:
        """Takes over verdicts that the journal holds."""
        used = NOTHING
        for key, verdict in zip(keys, verdicts, strict=True):
            self._keep(key, verdict)
            used += verdict.usage
        remember(self.signal, used)
        self.known += len(keys)

    def offer(self, items: Sequence[Item | None], *, group: bool = False) -> list[int]:
        """Asks for verdicts on rows (None: no completion) or on one whole group; returns their numbers, at once.

        The verdicts are there after `finish`.
        """
        present = [item for item in items if item is not None]
        keys = iter(keys_of(self.signal, present))
        units = [present] if group and present else [[item] for item in present]
        numbers = iter([number for unit in units for number in self._ask(unit, [next(keys) for _ in unit])])
        return [self._none if item is None else next(numbers) for item in items]

    def settle(self, items: Sequence[Item | None]) -> None:
        """Scores all rows at once and places them, without the journal."""
        present = [item for item in items if item is not None]
        verdicts = iter(self._pool.submit([present]).result().verdicts if present else [])
        self.rows = array("q", [self._none if i is None else self._keep(None, next(verdicts)) for i in items])
        self.scored += len(present)

    def finish(self) -> None:
        """Waits for all that was asked."""
        self._send()
        while self._flying:
            self._collect()

    def close(self) -> None:
        """Lets the workers go, whatever they are at."""
        self._pool.close()

    def _ask(self, unit: list[Item], keys: list[bytes]) -> list[int]:
        if keys[0] in self._index:
            return [self._index[key] for key in keys]
        numbers = [self._keep(key, None) for key in keys]
        # Fixed batches hold the same contents on every run, so a unit never straddles two of them.
        self._waiting.append((unit, keys))
        self._waiting_rows += len(unit)
        if self._waiting_rows >= self._size:
            self._send()
        return numbers

    def _send(self) -> None:
        if not self._waiting:
            return
        units = [unit for unit, _ in self._waiting]
        keys = [key for _, keys in self._waiting for key in keys]
        self._waiting, self._waiting_rows = [], 0
        self._flying[self._pool.submit(units)] = keys
        while len(self._flying) >= (2 * self._pool.workers if self._pool.workers > 1 else 1):
            self._collect()

    def _collect(self) -> None:
        done, _ = wait(self._flying, return_when=FIRST_COMPLETED)
        for future in done:
            keys = self._flying.pop(future)
            try:
                answered = future.result()
            except BrokenProcessPool:
                raise died(self.signal.name) from None
            except FreshbitsError:
                self._keep_rest(done)
                raise
            if self._journal is not None:
                self._journal.add(self._number, keys, answered.verdicts)
            for key, verdict in zip(keys, answered.verdicts, strict=True):
                self._fill(self._index[key], verdict)
            self.scored += len(keys)
            self.seconds += answered.seconds
            self._resize(len(keys), answered.seconds)
            if self._heard is not None:
                self._heard(self.scored + self.known)

    def _keep_rest(self, done: Iterable[Future[Answer]]) -> None:
        """Writes down what else was asked and answered: a run that cannot go on loses nothing that was paid for."""
        if self._journal is None or not isinstance(self._pool, Threads):
            return
        wait(self._flying)
        for future in {*done, *self._flying}:
            keys = self._flying.pop(future, None)
            if keys is not None and future.exception() is None:
                self._journal.add(self._number, keys, future.result().verdicts)

    def _resize(self, rows: int, seconds: float) -> None:
        if self._fixed is not None:
            return
        if seconds < SHORT and rows >= self._size:
            self._size = min(2 * self._size, LARGEST)
        elif seconds > LONG:
            self._size = max(self._size // 2, SMALLEST)

    def _keep(self, key: bytes | None, verdict: Verdict | None) -> int:
        number = len(self._scores)
        if key is not None:
            self._index[key] = number
        self._scores.append(float("nan"))
        self._evidence.append("")
        if verdict is not None:
            self._fill(number, verdict)
        return number

    def _fill(self, number: int, verdict: Verdict) -> None:
        self._scores[number] = float("nan") if verdict.score is None else verdict.score
        self._evidence[number] = self._texts.setdefault(verdict.evidence, verdict.evidence)
        self.usage += verdict.usage
        if verdict.parts:
            self._parts[number] = verdict.parts
