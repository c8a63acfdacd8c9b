"""How the tests of one candidate ended."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Result:
    """Collects one mark per test, with a note where it helps a person.

    Attributes:
        marks: per test `1` passed, `0` failed, `x` broken (the test cannot be used), `v` vacuous (it passes without
            asking the candidate), `-` not run (an earlier failure, or too many slow tests): counts as failed.
        notes: test -> (kind, note); kinds are `wrong`, `raised`, `timeout`, `died` and the like.
        unscored: why there is no verdict at all, or "".
        beside: why the tests can run beside the candidate only, or "".
    """

    marks: list[str]
    notes: dict[int, tuple[str, str]] = field(default_factory=dict)
    unscored: str = ""
    beside: str = ""

    @classmethod
    def of(cls, tests: int) -> Result:
        """Makes a result in which no test has run."""
        return cls(["-"] * tests)

    def note(self, test: int, mark: str, kind: str = "", note: str = "") -> None:
        """Notes the mark of one test."""
        self.marks[test] = mark
        if kind:
            self.notes[test] = (kind, note)

    @property
    def vector(self) -> str:
        """One mark per test.

        >>> Result(["1", "0"]).vector
        '10'
        """
        return "".join(self.marks)
