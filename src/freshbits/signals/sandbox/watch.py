"""What a candidate and everything it started use together: the kernel's own limits hold per process only.

Runs inside the jail, so it imports the standard library alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

_UTIME, _STIME, _CUTIME, _CSTIME, _THREADS, _RSS = 11, 12, 13, 14, 17, 21  # fields after the name in /proc/PID/stat
_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Use:
    """Holds processes and threads, seconds of CPU, megabytes of resident memory, and whether one has work to do now."""

    processes: int
    cpu_s: float
    memory_mb: float
    busy: bool


class Watch:
    """Sums up every process of the jail but the trusted ones, through a descriptor of /proc.

    Args:
        proc: descriptor of a /proc of the jail's pid namespace.
    """

    def __init__(self, proc: int) -> None:
        self.proc = proc
        self.trusted = set(self._pids())
        self.ticks = os.sysconf("SC_CLK_TCK")
        self.page = os.sysconf("SC_PAGE_SIZE")

    def use(self, most_mb: float) -> Use:
        """Reads what is used now.

        Resident memory counts shared pages once for each process, so where it passes `most_mb` the processes are read
        again, each with its share of them.
        """
        processes, ticks, pages, busy = 0, 0, 0, False
        pids = [pid for pid in self._pids() if pid not in self.trusted]
        for pid in pids:
            fields = self._fields(pid)
            if not fields:
                continue
            processes += int(fields[_THREADS])
            ticks += sum(int(fields[at]) for at in (_UTIME, _STIME, _CUTIME, _CSTIME))
            pages += int(fields[_RSS])
            busy |= fields[0] in (b"R", b"D")
        memory = pages * self.page / _MEGABYTE
        if memory > most_mb:
            memory = sum(map(self._share_mb, pids))
        return Use(processes, ticks / self.ticks, memory, busy)

    def _share_mb(self, pid: int) -> float:
        for line in self._read(f"{pid}/smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) / 1024
        # A process may hide this file (by making itself undumpable), which must not hide its memory.
        fields = self._fields(pid)
        return int(fields[_RSS]) * self.page / _MEGABYTE if fields else 0.0

    def _fields(self, pid: int) -> list[bytes]:
        """Reads what follows the name in /proc/PID/stat; nothing where the process has ended."""
        text = self._read(f"{pid}/stat")
        fields = text[text.rfind(b")") + 2 :].split()
        return fields if len(fields) > _RSS else []

    def _pids(self) -> list[int]:
        return [int(name) for name in os.listdir(self.proc) if name.isdigit()]

    def _read(self, path: str) -> bytes:
        try:
            file = os.open(path, os.O_RDONLY, dir_fd=self.proc)
        except OSError:
            return b""
        try:
            return os.read(file, 4096)
        except OSError:
            return b""
        finally:
            os.close(file)
