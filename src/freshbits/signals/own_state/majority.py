"""The own-state signal `majority`: agreement with the vote of the model's own completions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from freshbits.signals.options import key_of, known
from freshbits.signals.own_state.votes import WANTS, chosen_form, partition_of, votes
from freshbits.signals.signal import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from freshbits.signals.signal import Item


@dataclass(frozen=True)
class Majority:
    """Scores 1 where a completion's answer class has the most votes of its group, 1/k where it shares them with k - 1.

    The row's own vote counts (it is not left out), as in rewards by majority vote. An answer that cannot be read scores
    0 and is never the majority. A group of one, or one in which no answer can be read, has no vote: unscored. It knows
    nothing of the task that the model does not: `own_state`.

    Attributes:
        read: how answers are told apart (boxed, hash, tag, phrase, choice, last_number, extracted, text, code, exact,
            json:FIELD, regex:…); None: as the audit would, from the first rows of the log.

    References: Wang et al., Self-consistency, ICLR 2023; Zuo et al., TTRL, arXiv:2504.16084.

    >>> from freshbits.signals.signal import Item
    >>> [v.score for v in Majority("last_number").score([Item("q", text) for text in ("4", "4.0", "5", "?")])]
    [1.0, 1.0, 0.0, 0.0]
    """

    read: str | None = None

    name: ClassVar[str] = "majority"
    origin: ClassVar[str] = "own_state"
    needs: ClassVar[tuple[str, ...]] = ()
    wants: ClassVar[tuple[str, ...]] = WANTS
    whole_groups: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.read is not None:
            partition_of(self.read)

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the signal from `--option key=value`.

        Raises:
            InputError: an unknown option or form.
        """
        known(cls.name, options, ("read",))
        return cls(options.get("read"))

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on."""
        return key_of(self)

    def prepared(self, head: pl.DataFrame) -> Self:
        """Returns the signal with its way to read answers chosen from the first rows of a log."""
        return self if self.read is not None else replace(self, read=chosen_form(head))

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores whole groups: one verdict per item, in order."""
        found = votes(items, self.read)
        readable = {item.group for item, vote in zip(items, found, strict=True) if vote.answer is not None}
        verdicts = []
        for item, vote in zip(items, found, strict=True):
            if vote.votes < 2:
                verdicts.append(Verdict(None, "alone in its group: no vote"))
            elif item.group not in readable:
                verdicts.append(Verdict(None, "no answer of its group can be read"))
            else:
                said = "no answer can be read" if vote.answer is None else f"{vote.share:.3g} of {vote.votes} votes"
                verdicts.append(Verdict(1 / vote.tied if vote.tied else 0.0, said))
        return verdicts
