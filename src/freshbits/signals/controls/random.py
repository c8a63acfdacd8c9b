"""The control `random`: verdicts by lot."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, ClassVar, Self

from freshbits.errors import InputError
from freshbits.rollouts.schema import SIGNAL
from freshbits.signals.options import key_of, known, number
from freshbits.signals.signal import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.signal import Item


@dataclass(frozen=True)
class Random:
    """Scores 1 with probability `rate`, else 0; or draws a score of another signal, as often as that one has it.

    The lot of a row is drawn from a hash of its group, prompt, completion and the number of equal rows before it: the
    same log gives the same verdicts in any order of groups, and equal completions have lots of their own. It carries
    nothing from outside the model, so its origin is `own_state`: a measure that calls it open is wrong. Where it
    follows a signal, rows that this one left unscored are unscored too.

    Attributes:
        rate: probability of a 1.
        like: the logged signal whose scores are drawn; None: `rate` holds.
        seed: another seed, other lots.

    >>> from freshbits.signals.signal import Item
    >>> rows = [Item("q", "a", group=str(place)) for place in range(4000)]
    >>> abs(sum(v.score for v in Random(rate=0.25).score(rows)) / 4000 - 0.25) < 0.02
    True
    """

    rate: float = 0.5
    like: str | None = None
    seed: int = 0

    name: ClassVar[str] = "random"
    origin: ClassVar[str] = "own_state"
    whole_groups: ClassVar[bool] = True
    whole_log: ClassVar[bool] = True

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the control from `--option key=value`.

        Raises:
            InputError: an unknown option or value, or both `rate` and `like`.
        """
        known(cls.name, options, ("rate", "like", "seed"))
        rate = number(options, "rate", cls.rate)
        if rate > 1 or ("rate" in options and "like" in options):
            raise InputError(
                "--option rate is a probability, and stands alone or not at all beside like",
                mend="write it like --option rate=0.3, or --option like=reward",
            )
        return cls(rate, options.get("like"), int(number(options, "seed", cls.seed)))

    @property
    def key(self) -> str:
        """Everything besides the items that a verdict depends on."""
        return key_of(self)

    @property
    def needs(self) -> tuple[str, ...]:
        """The signal whose scores are drawn, if any."""
        return () if self.like is None else (SIGNAL + self.like,)

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores all rows at once: one verdict per item, in order."""
        lots = self._lots(items)
        if self.like is None:
            return [Verdict(float(lot < self.rate), "by lot") for lot in lots]
        theirs = [item.fields[SIGNAL + self.like] for item in items]
        drawn = sorted(score for score in theirs if score is not None)
        return [
            Verdict(None, f"{self.like} is unscored")
            if score is None
            else Verdict(drawn[int(lot * len(drawn))], "by lot")
            for lot, score in zip(lots, theirs, strict=True)
        ]

    def _lots(self, items: Sequence[Item]) -> list[float]:
        """Returns a number in [0, 1) per item."""
        met: dict[bytes, int] = {}
        lots = []
        for item in items:
            content = "\x00".join((str(self.seed), item.group, item.prompt, item.completion)).encode("utf-8", "replace")
            before = met.get(content, 0)
            met[content] = before + 1
            digest = blake2b(content + before.to_bytes(8, "little"), digest_size=8).digest()
            lots.append((int.from_bytes(digest, "little") >> 11) / 2**53)
        return lots
