"""One candidate behind the wall, and calls of its functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from freshbits.signals.sandbox.replies import Reply


class Jail:
    """Holds one loaded candidate; its functions are called with data and answer with data.

    Made by `Sandbox.load`; a context manager. Not for several threads at once: one call at a time.

    Attributes:
        loaded: how loading its source ended; where that is not `ok`, every call answers the same.
    """

    loaded: Reply

    def call(
        self,
        name: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        wall_s: float | None = None,
        back: bool = False,
    ) -> Reply:
        """Calls a function of the candidate, named as in its source (`solve`, `Solution.parse`), with data."""
        raise NotImplementedError

    def new(self, name: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Reply:
        """Makes an object of the candidate that stays inside; `value` is the number that names it."""
        raise NotImplementedError

    def method(
        self, handle: int, name: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Reply:
        """Calls a method of an object that `new` made."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the candidate and everything it started."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
