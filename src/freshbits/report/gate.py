"""Gates: `--fail-on 'budget.dead_groups>0.5'` turns any number of the report into an exit code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from freshbits.errors import InputError

if TYPE_CHECKING:
    from freshbits.results import Audit, Json

PER_SIGNAL = ("openness", "budget", "components", "channel", "efficiency", "forecast", "hacking")
OPERATORS = {
    ">": float.__gt__,
    ">=": float.__ge__,
    "<": float.__lt__,
    "<=": float.__le__,
}


@dataclass(frozen=True)
class Gate:
    """Holds one condition on a number of the report, true if it holds for any signal.

    >>> gate = Gate.parse("budget.dead_groups>0.5")
    >>> gate.path, gate.operator, gate.limit
    (('budget', 'dead_groups'), '>', 0.5)
    """

    path: tuple[str, ...]
    operator: str
    limit: float

    @classmethod
    def parse(cls, text: str) -> Gate:
        """Reads `section.key>number`.

        Raises:
            InputError: if the text is not of that form.
        """
        match = re.fullmatch(r"\s*([a-z_0-9.@]+)\s*(>=|<=|>|<)\s*(-?\d+\.?\d*(?:[eE]-?\d+)?)\s*", text)
        if not match:
            raise InputError(f"--fail-on {text!r} is not of the form section.key>number", mend="say 'hacking.risk>0.5'")
        return cls(tuple(match[1].split(".")), match[2], float(match[3]))

    def failing(self, audit: Audit) -> list[str]:
        """Returns where the condition holds, as sentences; a number that was not judged never fails a gate.

        Raises:
            InputError: if the report has no such number.
        """
        report = audit.to_json()
        section, *rest = self.path
        if section not in report:
            raise InputError(f"the report has no section {section!r}", mend=f"choose among {', '.join(report)}")
        places: list[tuple[str, Json]] = [(section, report[section])]
        if section in PER_SIGNAL:
            places = [(f"{section} of {signal}", part) for signal, part in report[section].items()]
        found = []
        for name, place in places:
            value = _number(place, rest)
            if value is not None and OPERATORS[self.operator](value, self.limit):
                found.append(f"{name}: {'.'.join(rest)} is {value:g}, {self.operator} {self.limit:g}")
        return found


def _number(place: object, path: list[str]) -> float | None:
    for key in path:
        if not isinstance(place, dict) or key not in place:
            raise InputError(f"the report has no number {'.'.join(path)!r}", mend="look it up in --json")
        place = place[key]
        if place is None:
            return None
    if isinstance(place, dict) and "value" in place:
        place = place["value"]
    return float(place) if isinstance(place, (int, float)) else None
