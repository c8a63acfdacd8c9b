"""The control `moved`: another signal's scores, given to other prompts."""

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

WITHIN = ("run", "round", "step", "source", "region")


@dataclass(frozen=True)
class Moved:
    """Gives the rows of a prompt a signal's scores on another prompt of the same run, round, step, source and region.

    Inside such a stratum prompts stand in an order by hash, and each takes from the next, row by row in its order (from
    the start again where it has more rows). So the scores are as frequent and as clustered as the signal's and say
    nothing about the rows that they stand beside: `own_state`, a control that no measure may call open. Rows of a
    prompt that is alone in its stratum, and rows that take an unscored one, are unscored.

    Attributes:
        like: the logged signal whose scores are moved.
        seed: another seed, another order.

    >>> from freshbits.signals.signal import Item
    >>> rows = [Item(prompt, "a", fields={"signal.r": score}) for prompt, score in (("p", 1.0), ("p", 0.0), ("q", 0.5))]
    >>> [v.score for v in Moved("r").score(rows)]
    [0.5, 0.5, 1.0]
    """

    like: str
    seed: int = 0

    name: ClassVar[str] = "moved"
    origin: ClassVar[str] = "own_state"
    wants: ClassVar[tuple[str, ...]] = WITHIN
    whole_groups: ClassVar[bool] = True
    whole_log: ClassVar[bool] = True

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the control from `--option key=value`.

        Raises:
            InputError: an unknown option or value, or no signal to move.
        """
        known(cls.name, options, ("like", "seed"))
        if "like" not in options:
            raise InputError("moved needs a signal of the log to move", mend="name it with --option like=NAME")
        return cls(options["like"], int(number(options, "seed", cls.seed)))

    @property
    def key(self) -> str:
        """Everything besides the items that a verdict depends on."""
        return key_of(self)

    @property
    def needs(self) -> tuple[str, ...]:
        """The signal whose scores are moved."""
        return (SIGNAL + self.like,)

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores all rows at once: one verdict per item, in order."""
        strata: dict[tuple[object, ...], dict[str, list[int]]] = {}
        for row, item in enumerate(items):
            place = tuple(item.fields.get(name) for name in WITHIN)
            strata.setdefault(place, {}).setdefault(item.prompt, []).append(row)
        verdicts = [Verdict(None, "no other prompt to take from")] * len(items)
        for prompts in strata.values():
            order = sorted(prompts, key=self._place)
            for prompt, donor in zip(order, order[1:] + order[:1], strict=True):
                if prompt == donor:
                    continue
                for at, row in enumerate(prompts[prompt]):
                    score = items[prompts[donor][at % len(prompts[donor])]].fields[SIGNAL + self.like]
                    verdicts[row] = Verdict(
                        score, "from another prompt" if score is not None else "took an unscored one"
                    )
        return verdicts

    def _place(self, prompt: str) -> bytes:
        return blake2b(f"{self.seed}\x00{prompt}".encode("utf-8", "replace"), digest_size=16).digest()
