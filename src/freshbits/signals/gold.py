r"""Gold answers checked first: does a signal accept what is known to be right?

A verifier that rejects the reference answers themselves cannot be right about completions, and its 0s look like a
weak model. So each prompt's own gold is scored before the log is: the reference completion where there is one, else
the reference answer in the forms in which a completion would state it. A gold is accepted where any form is.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from freshbits.signals.signal import Item, Verdict
from freshbits.signals.stated import quoted
from freshbits.signals.stated import references as read_references

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.signals.signal import Signal

FORMS = {
    "bare": "{}",
    "sentence": "The answer is {}.",
    "box": r"The answer is \boxed{{{}}}.",
    "hash": "So that is it.\n#### {}",
    "tag": "<answer>{}</answer>",
}
"""Name -> how a completion states an answer in that form; from the loosest to the most explicit."""


@dataclass(frozen=True, slots=True)
class GoldFault:
    """Holds one gold that was not accepted.

    Attributes:
        row: its place among the rows that were checked, from 0.
        prompt: the prompt's text. gold: the reference answer or completion. evidence: what the signal said.
    """

    row: int
    prompt: str
    gold: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Gold:
    """Holds what a signal says about golds.

    Attributes:
        signal: its name. prompts: distinct golds that were checked. accepted: how many of them it accepts.
        rejected: those it scores and rejects in every form. unscored: those it can score in none.
        missing: rows without a gold. forms: form -> share of golds accepted in it.
    """

    signal: str
    prompts: int
    accepted: int
    rejected: tuple[GoldFault, ...]
    unscored: tuple[GoldFault, ...]
    missing: int
    forms: dict[str, float]

    @property
    def form(self) -> str | None:
        """The form in which most golds are accepted, the loosest of several; None where no gold is."""
        return next(iter(self._best), None)

    @property
    def marked(self) -> str | None:
        """The form in which most golds are accepted, the most explicit of several; None where no gold is."""
        return next(reversed(self._best), None)

    @property
    def _best(self) -> list[str]:
        most = max(self.forms.values(), default=0.0)
        return [form for form, share in self.forms.items() if share == most > 0]

    @property
    def sentence(self) -> str:
        """What was found, for a person.

        >>> Gold("exact", 2, 1, (GoldFault(1, "1+1?", "2", "expected '2', read ''"),), (), 0, {"bare": 0.5}).sentence
        "exact rejects 1 of 2 gold answers: row 2, gold '2': expected '2', read ''"
        """
        if self.prompts == 0:
            return f"{self.signal}: no row has a gold answer to check"
        said = f"{self.signal} accepts {self.accepted} of {self.prompts} gold answers"
        for what, faults in (("rejects", self.rejected), ("cannot score", self.unscored)):
            if faults:
                first = faults[0]
                said = f"{self.signal} {what} {len(faults)} of {self.prompts} gold answers: row {first.row + 1}, gold "
                return said + f"{quoted(first.gold)}: {first.evidence}"
        return said

    def to_json(self) -> dict[str, Any]:
        """Returns the check as plain data."""
        return asdict(self) | {"form": self.form, "marked": self.marked}

    def dumps(self) -> str:
        """Returns the check as JSON text."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n"


def check_gold(
    signal: Signal, rows: Sequence[Item], references: Sequence[str | None] | None = None, *, accept: float = 1.0
) -> Gold:
    r"""Scores the golds of rows with a signal; each gold of a prompt once.

    Args:
        signal: any signal.
        rows: rows of the log; their completions are not looked at.
        references: a completion known to be right per row (a canonical solution); None where a row has none. Without
            them the reference answers are checked, in the forms of `FORMS`.
        accept: the least score that accepts.

    >>> from freshbits.signals.numeric import Numeric
    >>> found = check_gold(Numeric("boxed"), [Item("6*7?", "", "42"), Item("Capital?", "", "Paris")])
    >>> found.accepted, found.form, found.unscored[0].evidence
    (1, 'box', "the reference 'Paris' is no number")
    """
    given = references if references is not None else [None] * len(rows)
    golds: dict[tuple[str, str], tuple[int, dict[str, str]]] = {}
    missing = 0
    for at, (item, completion) in enumerate(zip(rows, given, strict=True)):
        written = {"reference": completion} if completion else _forms(item.answer)
        if not written:
            missing += 1
            continue
        golds.setdefault((item.prompt, next(iter(written.values()))), (at, written))
    names = list(dict.fromkeys(form for _, written in golds.values() for form in written))
    verdicts: dict[str, list[Verdict | None]] = {name: _scored(signal, rows, golds, name) for name in names}
    accepted: list[bool] = []
    rejected: list[GoldFault] = []
    unscored: list[GoldFault] = []
    for number, ((prompt, gold), (at, _)) in enumerate(golds.items()):
        own = [one for name in names if (one := verdicts[name][number]) is not None]
        accepted.append(any(_is_accepted(one, accept) for one in own))
        if not accepted[-1]:
            seen = [one for one in own if one.score is not None]
            fault = GoldFault(at, prompt, gold, (seen or own)[0].evidence)
            (rejected if seen else unscored).append(fault)
    shares = {
        name: sum(one is not None and _is_accepted(one, accept) for one in verdicts[name]) / len(golds)
        for name in names
    }
    return Gold(signal.name, len(golds), sum(accepted), tuple(rejected), tuple(unscored), missing, shares)


def _forms(answer: str | None) -> dict[str, str]:
    (gold,) = read_references([answer])
    if answer is None or gold is None:
        return {}
    return {name: answer if name == "bare" else form.format(gold) for name, form in FORMS.items()}


def _scored(
    signal: Signal, rows: Sequence[Item], golds: dict[tuple[str, str], tuple[int, dict[str, str]]], name: str
) -> list[Verdict | None]:
    asked = [(number, at, written[name]) for number, (at, written) in enumerate(golds.values()) if name in written]
    # Each gold is a group of its own: it must stand without the attempts of a model beside it.
    items = [
        Item(rows[at].prompt, text, rows[at].answer, f"gold {number}", rows[at].fields) for number, at, text in asked
    ]
    found: list[Verdict | None] = [None] * len(golds)
    for (number, _, _), verdict in zip(asked, signal.score(items), strict=True):
        found[number] = verdict
    return found


def _is_accepted(verdict: Verdict, least: float) -> bool:
    return verdict.score is not None and verdict.score >= least - 1e-9
