"""A slow signal that writes down every completion it is asked for; run as a program it scores a log with it."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from freshbits.signals.scoring import score
from freshbits.signals.signal import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.signals.signal import Item


@dataclass(frozen=True)
class Counting:
    """Scores the number in a completion's last digit, slowly; unscored for 7."""

    asked: str = ""
    seconds: float = 0.0

    name: ClassVar[str] = "counting"
    origin: ClassVar[str] = "external"
    key: ClassVar[str] = "1"
    needs: ClassVar[tuple[str, ...]] = ()
    whole_groups: ClassVar[bool] = False

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch, one completion after the other."""
        found = []
        for item in items:
            time.sleep(self.seconds)
            if self.asked:
                with Path(self.asked).open("a") as file:
                    file.write(item.completion + "\n")
            last = int(item.completion[-1])
            found.append(Verdict(None, "seven is not scored") if last == 7 else Verdict(last / 9, f"digit {last}"))
        return found


@dataclass(frozen=True)
class Dying(Counting):
    """Takes its process with it when it meets a completion that ends in 99."""

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch, if it lives."""
        if any(item.completion.endswith("99") for item in items):
            os._exit(1)
        return super().score(items)


if __name__ == "__main__":
    log, out, asked, seconds = sys.argv[1:]
    score(log, Counting(asked, float(seconds)), out=out)
