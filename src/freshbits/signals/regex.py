"""The verifier `regex`: a pattern that the completion must match, with a time limit on the match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from freshbits.errors import InputError
from freshbits.signals.options import key_of, known, number, one_of, require
from freshbits.signals.signal import Verdict
from freshbits.signals.stated import chosen, quoted, reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.signal import Item


@dataclass(frozen=True)
class Regex:
    """Accepts a completion that a regular expression matches.

    The pattern is the reference: written by a person it makes the verdict external. A match that takes longer than
    `seconds` is stopped and leaves the completion unscored: a pattern with nested repeats can be made to run for ever
    by the text it is asked about. Write such patterns with possessive or atomic groups. The syntax is that of the
    package `regex`, which reads what Python's `re` reads.

    Attributes:
        pattern: the regular expression; "" where a column holds it.
        column: the column of the log that holds each row's pattern; "" for none.
        mode: "search" finds the pattern anywhere, "full" asks that it match all of the text.
        read: which text is matched (`stated.FORMS`): the whole completion, or the answer it states.
        seconds: the longest that one match may take.

    >>> from freshbits.signals.signal import Item
    >>> [v.score for v in Regex(r"^\\d+$", mode="full").score([Item("", "42"), Item("", "42!")])]
    [1.0, 0.0]
    """

    pattern: str = ""
    column: str = ""
    mode: str = "search"
    read: str = "whole"
    seconds: float = 1.0

    name: ClassVar[str] = "regex"
    origin: ClassVar[str] = "external"
    whole_groups: ClassVar[bool] = False

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the verifier from `--option key=value`.

        Raises:
            InputError: a package is missing, an unknown option or value, no pattern, or one that does not compile.
        """
        require(cls.name, "regex")
        known(cls.name, options, ("pattern", "column", "mode", "read", "seconds"))
        pattern, column = options.get("pattern", ""), options.get("column", "")
        if (pattern == "") == (column == ""):
            raise InputError(
                "the signal regex needs one pattern" + ("" if pattern == "" else ", not a pattern and a column"),
                mend="pass --option pattern=REGEX or --option column=NAME",
            )
        if pattern:
            try:
                _compiled(pattern)
            except ValueError as error:
                raise InputError(f"--option pattern={pattern} does not compile: {error}") from error
        return cls(
            pattern,
            column,
            one_of(options, "mode", ("search", "full"), cls.mode),
            chosen(options, cls.read),
            number(options, "seconds", cls.seconds, positive=True),
        )

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on."""
        from importlib.metadata import version

        return key_of(self, f"regex {version('regex')}")

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns it needs besides the completion."""
        return (self.column,) if self.column else ()

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch: one verdict per item, in order."""
        read = reader(self.read)([item.completion for item in items])
        return [self._one(item, stated[-1] if stated else None) for item, stated in zip(items, read, strict=True)]

    def _one(self, item: Item, text: str | None) -> Verdict:
        pattern = self.pattern
        if self.column:
            logged = item.fields.get(self.column)
            if not isinstance(logged, str) or not logged:
                return Verdict(None, f"the row has no pattern in {self.column}")
            pattern = logged
        try:
            compiled = _compiled(pattern)
        except ValueError as error:
            return Verdict(None, f"the pattern does not compile: {error}")
        if text is None and self.read != "whole":
            return Verdict(0.0, "states no answer in this form")
        match = compiled.fullmatch if self.mode == "full" else compiled.search
        try:
            found = match(text or "", timeout=self.seconds)
        except (TimeoutError, MemoryError):
            return Verdict(None, f"the match took longer than {self.seconds:g} s")
        if found is None:
            return Verdict(0.0, "does not match")
        return Verdict(1.0, f"matches {quoted(found.group(0))}")


def _compiled(pattern: str) -> Any:
    """Compiles a pattern; the package keeps the last ones.

    Raises:
        ValueError: it does not compile.
    """
    import regex

    try:
        return regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
