"""CPU seconds and memory of a process and of all that it starts, found by a mark in their environment."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from types import TracebackType

EVERY = 0.25  # seconds between two looks; what lives shorter is missed
TICKS = os.sysconf("SC_CLK_TCK")


class Meter:
    """Looks at the marked processes until the block ends."""

    MARK: ClassVar[str] = "FRESHBITS_MEASURED"

    def __init__(self, mark: str) -> None:
        self._mark = f"{self.MARK}={mark}".encode()
        self._cpu: dict[tuple[int, str], float] = {}
        self._ours: dict[int, bool] = {}
        self._peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Meter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def figures(self) -> dict[str, float]:
        """Returns CPU seconds of all processes, and the most memory that they held together (PSS)."""
        return {"cpu_s": round(sum(self._cpu.values()), 1), "peak_mb": round(self._peak / 1024)}

    def _look(self) -> None:
        turn = 0
        while not self._done.wait(EVERY):
            held = 0
            for place in Path("/proc").iterdir():
                if place.name.isdigit() and self._is_ours(int(place.name), place):
                    held += self._count(int(place.name), place, memory=turn % 4 == 0)
            self._peak = max(self._peak, held)
            turn += 1

    def _is_ours(self, number: int, place: Path) -> bool:
        if number == os.getpid():
            return False
        if not self._ours.get(number):
            try:
                self._ours[number] = self._mark in (place / "environ").read_bytes().split(b"\0")
            except OSError:
                return False
        return self._ours[number]

    def _count(self, number: int, place: Path, *, memory: bool) -> int:
        try:
            words = (place / "stat").read_text().rpartition(")")[2].split()
            self._cpu[number, words[19]] = (int(words[11]) + int(words[12])) / TICKS  # by pid and start
            if not memory:
                return 0
            rollup = (place / "smaps_rollup").read_text().splitlines()
        except (OSError, IndexError):
            return 0
        return next((int(line.split()[1]) for line in rollup if line.startswith("Pss:")), 0)
