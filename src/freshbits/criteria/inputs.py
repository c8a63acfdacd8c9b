"""What every criterion is given: the tally, what the reader knew, and the command that would mend what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from freshbits.tally.quotes import Quotes
    from freshbits.tally.tally import Tally
    from freshbits.tally.texts import Texts

NEARLY_ALL = 0.9  # share of the rows that are labelled, above which more labels are no advice
LABELS = (300, 1_000, 3_000, 10_000)


@dataclass(frozen=True)
class Evidence:
    """Holds what the criteria judge by.

    Attributes:
        tally: the counts.
        truth: whether any row is labelled with truth.
        pairs: whether rows are judged pairs (the group statistics do not apply).
        filtered: why dead groups may be missing from the log; None where it is the unbiased sample.
        weights: weights of signals in the total, where logged or given.
        origins: origin of signals, where declared or known by the reader.
        structures: signal -> what the declared loop's graph says of it ("closed", "open, renewing", …), where declared.
        judges: signal -> judge, where several judges scored the same thing (no components of one reward).
        quotes: beginnings of the texts of the sampled and the labelled rows; None where there are none or --no-text.
        where: the log as it was named on the command line, for commands to copy.
        made: "set" or "pairs" where the rows were made to be trained on, else None.
        texts: what is left of such a set's texts.
        judged_by: signal -> the model that gave it, where such a set names one ("" where rows name it).
    """

    tally: Tally
    truth: bool = False
    pairs: bool = False
    filtered: str | None = None
    weights: dict[str, float] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    structures: dict[str, str] = field(default_factory=dict)
    judges: dict[str, str] = field(default_factory=dict)
    quotes: Quotes | None = None
    where: str = "LOG"
    made: str | None = None
    texts: Texts | None = None
    judged_by: dict[str, str] = field(default_factory=dict)

    def components(self) -> list[str]:
        """Names the scored signals that are components of one reward: not alternative judges, no total."""
        apart = {*self.judges, *(["total"] if self.weights and "total" not in self.weights else [])}
        scored = [name for name, values in self.tally.values.items() if values.scored]
        return [
            name for name in scored if name not in apart and not any(part.startswith(f"{name}.") for part in scored)
        ]

    def summed_with(self, signal: str) -> list[str]:
        """Names the components of the same total: a rubric's criteria, `RUBRIC.NAME`, are summed among themselves."""
        rubrics = tuple(f"{name}." for name in self.tally.values)
        own = next((rubric for rubric in rubrics if signal.startswith(rubric)), None)
        return [
            name
            for name in self.components()
            if (name.startswith(own) if own is not None else not name.startswith(rubrics))
        ]

    def label_command(self, signal: str | None = None) -> str:
        """Returns the command that draws rows to label, for one signal where there are several."""
        return self._label(300, signal)

    def more_labels(self, signal: str | None = None) -> str:
        """Returns what would narrow an interval against truth: more rows to label, or more prompts where all are."""
        groups = self.tally.groups
        known = int(groups["truth"].sum()) if "truth" in groups.columns else 0
        if known >= NEARLY_ALL * self.tally.rows:
            return "log more prompts: nearly every rollout of these is labelled"
        return self._label(next(size for size in LABELS if size > 1.5 * known or size == LABELS[-1]), signal)

    def _label(self, rows: int, signal: str | None) -> str:
        several = len(self.tally.values) > 1 and signal is not None
        chosen = f" --signal {quoted(signal)}" if several else ""
        return f"freshbits label {self.where} -n {rows} -o labels.csv{chosen}"


def quoted(name: str | None) -> str:
    """Quotes a name for a shell.

    >>> quoted("reward@gpt-4"), quoted("a b")
    ('reward@gpt-4', "'a b'")
    """
    import shlex

    return shlex.quote(name or "")
