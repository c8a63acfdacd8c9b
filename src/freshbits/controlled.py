"""What control answers: each source's score as it is and at equal features, frozen, to JSON and back."""

from __future__ import annotations

import json
import typing
from dataclasses import dataclass

from freshbits.plain import from_plain, to_plain
from freshbits.results import SCHEMA, Estimate, Json


@dataclass(frozen=True, kw_only=True)
class Controlled:
    """Holds one source's mean score, raw and at equal features, and the shift between them."""

    source: str
    raw: Estimate
    controlled: Estimate
    shift: Estimate


@dataclass(frozen=True, kw_only=True)
class Slope:
    """Holds what one step of a feature is paid, in units of the score, sources and prompts held fixed."""

    feature: str
    slope: Estimate
    per_deviation: float


@dataclass(frozen=True, kw_only=True)
class Controls:
    """Holds what `freshbits.control` found, per signal.

    Attributes:
        control: signal -> its sources, the highest controlled score first.
        slopes: signal -> what each feature is paid.
        swapped: signal -> pairs of sources whose order turns.
        pairs: signal -> number of pairs of sources.
        notes: what to know about the log, one sentence each.
    """

    control: dict[str, list[Controlled]]
    slopes: dict[str, list[Slope]]
    swapped: dict[str, int]
    pairs: dict[str, int]
    notes: list[str]

    def to_json(self) -> Json:
        """Returns the result as plain data."""
        from freshbits.version import __version__

        return {"freshbits": __version__, "schema": SCHEMA, **to_plain(self)}

    @classmethod
    def from_json(cls, data: Json) -> Controls:
        """Rebuilds the result from what `to_json` gave."""
        return typing.cast("Controls", from_plain(cls, data))

    def dumps(self) -> str:
        """Returns the result as JSON text; the same log gives the same bytes."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
