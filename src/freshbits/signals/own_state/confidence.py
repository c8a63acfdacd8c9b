"""The own-state signal `confidence`: how sure the model is of what it wrote."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from freshbits.signals.options import key_of, known, one_of
from freshbits.signals.own_state.votes import WANTS, chosen_form, partition_of, votes
from freshbits.signals.signal import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from freshbits.signals.signal import Item


@dataclass(frozen=True)
class Confidence:
    """Scores the vote share of a completion's answer class in its group, or exp of its mean log-probability per token.

    `votes`: share of the group's rollouts, the row's own included, in its class; 0 where its answer cannot be read,
    unscored in a group of one. `logprob`: exp(logprob / tokens), in (0, 1], from logged columns; unscored where one is
    missing. Both are functions of the model's own state: `own_state`.

    Attributes:
        by: "votes" or "logprob".
        read: how answers are told apart for votes; as in `Majority`.

    >>> from freshbits.signals.signal import Item
    >>> [v.score for v in Confidence().score([Item("q", text) for text in ("4", "4", "4", "5")])]
    [0.75, 0.75, 0.75, 0.25]
    >>> row = Item("q", "4", fields={"logprob": -0.7, "tokens": 1})
    >>> round(Confidence(by="logprob").score([row])[0].score, 3)
    0.497
    """

    by: str = "votes"
    read: str | None = None

    name: ClassVar[str] = "confidence"
    origin: ClassVar[str] = "own_state"

    def __post_init__(self) -> None:
        if self.read is not None:
            partition_of(self.read)

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the signal from `--option key=value`.

        Raises:
            InputError: an unknown option or value.
        """
        known(cls.name, options, ("by", "read"))
        return cls(one_of(options, "by", ("votes", "logprob"), cls.by), options.get("read"))

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on."""
        return key_of(self)

    @property
    def needs(self) -> tuple[str, ...]:
        """The logged columns that it is computed from."""
        return ("logprob", "tokens") if self.by == "logprob" else ()

    @property
    def wants(self) -> tuple[str, ...]:
        """Columns that say which rows are one rollout, judged again."""
        return WANTS if self.by == "votes" else ()

    @property
    def whole_groups(self) -> bool:
        """Votes are those of the whole group."""
        return self.by == "votes"

    def prepared(self, head: pl.DataFrame) -> Self:
        """Returns the signal with its way to read answers chosen from the first rows of a log."""
        return self if self.read is not None or self.by != "votes" else replace(self, read=chosen_form(head))

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores rows, or whole groups where votes are counted: one verdict per item, in order."""
        if self.by == "logprob":
            return [_by_logprob(item) for item in items]
        return [
            Verdict(None, "alone in its group: no vote")
            if vote.votes < 2
            else Verdict(0.0, "no answer can be read")
            if vote.answer is None
            else Verdict(vote.share, f"{vote.votes} votes")
            for vote in votes(items, self.read)
        ]


def _by_logprob(item: Item) -> Verdict:
    logprob, tokens = item.fields.get("logprob"), item.fields.get("tokens")
    if logprob is None or not tokens:
        return Verdict(None, "no log-probability is logged")
    if logprob > 0:
        return Verdict(None, f"the log-probability is {logprob:.3g}, above 0")
    return Verdict(math.exp(logprob / tokens), f"{logprob / tokens:.3g} nats per token")
