"""What a candidate may use."""

from __future__ import annotations

from dataclasses import dataclass

from freshbits.errors import InputError

LEAST_MB = 64  # of address space: a bare interpreter takes about half


@dataclass(frozen=True, slots=True)
class Limits:
    """Holds what one candidate may use before it is stopped.

    Attributes:
        cpu_s: seconds of CPU, of all its processes together.
        wall_s: seconds a load, a call or a program may take by the clock. Longer than `cpu_s`, so that a busy machine
            does not turn a right answer into a time-out.
        memory_mb: megabytes of address space of each process, and of resident memory of all together.
        processes: processes and threads side by side.
        file_mb: megabytes of one file, of everything below /tmp, and of what a loaded candidate may print.
        reply_kb: kilobytes of one reply.
        output_mb: megabytes of standard output that `Sandbox.run` reads.

    Raises:
        InputError: for limits that no Python can live within.

    >>> Limits(cpu_s=1.0).memory_mb
    512
    """

    cpu_s: float = 4.0
    wall_s: float = 8.0
    memory_mb: int = 512
    processes: int = 64
    file_mb: int = 8
    reply_kb: int = 64
    output_mb: float = 1.0

    def __post_init__(self) -> None:
        if self.memory_mb < LEAST_MB:
            raise InputError(f"{self.memory_mb} MB of memory for a candidate", mend=f"give at least {LEAST_MB}")
        if min(self.processes, self.file_mb, self.reply_kb) < 1 or not self.output_mb > 0 or not self.wall_s > 0:
            raise InputError("a limit of nothing for a candidate", mend="give each a positive number")
