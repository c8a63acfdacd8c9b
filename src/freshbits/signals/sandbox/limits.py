"""What a candidate may use."""

from __future__ import annotations

from dataclasses import dataclass


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
