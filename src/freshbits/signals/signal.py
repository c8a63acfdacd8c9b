"""What every signal has in common: a batch of completions in; a score or None, its evidence and its origin out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from freshbits.signals.spending import NOTHING, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Item:
    """Holds one completion to be scored, with what its prompt's row says.

    Attributes:
        prompt: the prompt's text.
        completion: the completion's text; untrusted.
        answer: the reference answer of the prompt, where the log has one.
        group: names the group the completion belongs to (one model's attempts at one prompt at one time); signals
            that compare completions of a group see whole groups.
        fields: further columns that the signal asked for in `needs`, as logged.

    >>> Item("1+1?", "2", answer="2").answer
    '2'
    """

    prompt: str
    completion: str
    answer: str | None = None
    group: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Holds one score with its evidence.

    Attributes:
        score: the score; None where the signal could not score (time-out of its own machinery, no reference, an
            infrastructure fault): unscored, never 0. A wrong completion, one that crashes or runs out of *its* time
            has a score of 0.
        evidence: why, in a few words for a person ("expected 12, read 11"); may quote the completion, so it is
            escaped wherever it is shown.
        parts: further scores, of the columns that the signal's trait `columns` names; empty: all unscored.
        usage: what asking a server for it used.
        passing: whether it is unscored for a reason that may pass (a server that does not answer): an interrupted run
            that goes on asks again.

    >>> Verdict(None, "the row has no reference answer").score is None
    True
    """

    score: float | None
    evidence: str = ""
    parts: tuple[float | None, ...] = field(default=(), repr=False)
    usage: Usage = field(default=NOTHING, repr=False)
    passing: bool = field(default=False, repr=False)


class Signal(Protocol):
    """Describes what a signal offers: its name, where its verdicts come from, what it needs, and scores for a batch.

    What it may offer besides (columns it only wants, threads, fixed batches, …) stands in `traits.Traits`.
    """

    @property
    def name(self) -> str:
        """Name of the column that its scores go to ("exact", "unit_tests")."""
        ...

    @property
    def origin(self) -> str:
        """Where its verdicts come from: external, memory, own_state, drifting or unknown."""
        ...

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on: options, versions. Names cached verdicts."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns it needs besides prompt and completion: `answer`, or columns of the log such as `test`."""
        ...

    @property
    def whole_groups(self) -> bool:
        """Whether a verdict depends on the other completions of its group, so that a batch must hold whole groups."""
        ...

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch: one verdict per item, in order; a fault of one item never takes the others with it."""
        ...
