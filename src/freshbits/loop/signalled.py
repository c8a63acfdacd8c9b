"""What a loop's graph says of one signal."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class SignalStructure:
    """Holds what the graph says of one signal.

    Attributes:
        verdict: open, closed or undetermined.
        adjective: renewing, exhaustible or decaying, where open.
        origin: external, memory, own_state, drifting or unknown, as worked out.
        used: whether the student is trained on it.
        path: nodes that carry something from the task to it.
    """

    verdict: str
    adjective: str | None = None
    origin: str = "unknown"
    used: bool = True
    path: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """Returns the verdict with its adjective: "open, renewing"."""
        return self.verdict if self.adjective is None else f"{self.verdict}, {self.adjective}"
