"""The sandbox: where candidates are loaded and programs run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from freshbits.signals.sandbox.limits import Limits

if TYPE_CHECKING:
    from types import TracebackType

    from freshbits.signals.sandbox.jail import Jail
    from freshbits.signals.sandbox.replies import Output


class Sandbox:
    """Runs untrusted Python behind the strongest wall that holds on this machine, or refuses.

    A context manager; may be used from several threads at once.

    Args:
        level: "auto", "bubblewrap" or "namespaces".
        workers: how many candidates may live side by side; `load` waits for a free place.
        limits: what a candidate may use.
    """

    def __init__(self, level: str = "auto", workers: int = 1, limits: Limits | None = None) -> None:
        self.workers = workers
        self.asked = level
        self.limits = limits or Limits()

    @property
    def level(self) -> str:
        """Names the wall: "bubblewrap" or "namespaces"."""
        raise NotImplementedError

    @property
    def version(self) -> str:
        """Names what a verdict depends on: level, its version and the Python inside."""
        raise NotImplementedError

    def load(self, source: str, *, limits: Limits | None = None) -> Jail:
        """Loads untrusted source as a module in a child of its own, never used again."""
        raise NotImplementedError

    def run(self, source: str, stdin: str = "", *, limits: Limits | None = None) -> Output:
        """Runs an untrusted program on text and reads what it prints."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends every candidate and the pool."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
