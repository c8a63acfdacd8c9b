"""How fast a server may be asked: requests and tokens per minute, and a pause that all heed when it asks for one."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = 60.0


class Pace:
    """Lets questions through so that no 60 seconds hold more requests or tokens than allowed.

    Tokens are those expected when a question is asked, put right once the reply says how many they were. A question
    larger than the limit by itself is let through alone.

    Args:
        requests: per minute; None: any number.
        tokens: per minute; None: any number.
        clock, sleep: what tells and what passes the time.

    >>> now = [0.0]
    >>> pace = Pace(2, None, clock=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    >>> [(pace.enter(1), now[0])[1] for _ in range(3)]
    [0.0, 0.0, 60.0]
    """

    def __init__(
        self,
        requests: float | None = None,
        tokens: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.requests, self.tokens = requests, tokens
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._asked: deque[list[float]] = deque()  # [when, tokens]
        self._until = 0.0

    def enter(self, tokens: float) -> list[float]:
        """Waits for a place and returns it, for `leave`."""
        while True:
            with self._lock:
                now = self._clock()
                pause = self._pause(now, tokens)
                if pause <= 0:
                    place = [now, float(tokens)]
                    self._asked.append(place)
                    return place
            self._sleep(pause)

    def leave(self, place: list[float], tokens: float) -> None:
        """Puts the tokens of a question right."""
        with self._lock:
            place[1] = float(tokens)

    def hold(self, seconds: float) -> None:
        """Lets nothing through for so long: the server asked for it."""
        with self._lock:
            self._until = max(self._until, self._clock() + seconds)

    def _pause(self, now: float, tokens: float) -> float:
        while self._asked and self._asked[0][0] <= now - MINUTE:
            self._asked.popleft()
        pause = self._until - now
        if self.requests is not None and len(self._asked) >= self.requests:
            # The place that frees the slot is the one so many back.
            pause = max(pause, self._asked[-max(int(self.requests), 1)][0] + MINUTE - now)
        if self.tokens is not None and self._asked:
            used = sum(each[1] for each in self._asked)
            for when, own in self._asked:
                if used + tokens <= self.tokens:
                    break
                used -= own
                pause = max(pause, when + MINUTE - now)
        return pause
