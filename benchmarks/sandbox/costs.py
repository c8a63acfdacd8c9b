"""What a judged candidate costs against a bare interpreter, and what bombs cost a batch."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.sandbox.candidates import BOMBS, CASES, HONEST_RIGHT, HONEST_WRONG, rewarded

from freshbits.signals.sandbox import Limits, Sandbox

if TYPE_CHECKING:
    from freshbits.signals.sandbox import Jail

ROUNDS = 3
LIMITS = Limits(cpu_s=4.0, wall_s=20.0)


def costs(levels: list[str], times: int) -> list[dict[str, Any]]:
    """Measures CPU seconds per execution, of this process and everything it started, in alternating rounds.

    A bare execution is one `python -I -S -c` that defines the function and calls it once per case; a judged one loads
    the same source in a child of its own, calls it once per case and compares.
    """
    source = HONEST_RIGHT["plain"]
    bare = f"{source}\nfor numbers in {[numbers for numbers, _ in CASES]!r}: solve(numbers)"
    spent: dict[str, list[float]] = {name: [] for name in ("bare", *levels)}
    call_ms = {}
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = time.process_time()
        for _ in range(times):
            subprocess.run([sys.executable, "-I", "-S", "-c", bare], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        children = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        spent["bare"].append((time.process_time() - own + children) / times)
        for level in levels:
            spent[level].append(_judged_s(level, source, times) / times)
    for level in levels:
        with Sandbox(level, limits=LIMITS) as sandbox, sandbox.load(source) as jail:
            call_ms[level] = min(_calls_s(jail, 200) for _ in range(ROUNDS)) * 1000
    base = statistics.median(spent["bare"])
    return [
        {
            "execution": name,
            "cpu_ms": round(1000 * statistics.median(seconds), 2),
            "executions_per_cpu_s": round(1 / statistics.median(seconds), 1),
            "times_bare": round(base / statistics.median(seconds), 2),
            "call_ms": round(call_ms[name], 3) if name in call_ms else None,
        }
        for name, seconds in spent.items()
    ]


def batches(levels: list[str], candidates: int, workers: int) -> list[dict[str, Any]]:
    """Judges a batch of honest candidates without and with three bombs among them, in alternating rounds."""
    honest = [HONEST_RIGHT["plain"], HONEST_WRONG["off by one"]] * (candidates // 2)
    expected = [1.0, 0.0] * (candidates // 2)
    bombed, bombed_expected = list(honest), list(expected)
    for place, bomb in zip((candidates // 7, candidates // 3, candidates // 2), BOMBS.values(), strict=True):
        bombed[place], bombed_expected[place] = bomb, 0.0
    rows = []
    for level in levels:
        seconds: dict[str, list[float]] = {"without": [], "with": []}
        wrong = 0
        with Sandbox(level, workers=workers, limits=LIMITS) as sandbox, ThreadPoolExecutor(workers) as threads:
            _ = sandbox.run("")
            for _ in range(ROUNDS):
                for name, sources, truth in (("without", honest, expected), ("with", bombed, bombed_expected)):
                    began = time.perf_counter()
                    verdicts = list(threads.map(lambda source: rewarded(sandbox, source, wall_s=20.0)[0], sources))
                    seconds[name].append(time.perf_counter() - began)
                    wrong += sum(verdict != true for verdict, true in zip(verdicts, truth, strict=True))
        without, with_bombs = statistics.median(seconds["without"]), statistics.median(seconds["with"])
        rows.append(
            {
                "level": level,
                "candidates": candidates,
                "workers": workers,
                "wrong_verdicts": wrong,
                "seconds_without": round(without, 2),
                "seconds_with_bombs": round(with_bombs, 2),
                "times": round(with_bombs / without, 2),
            }
        )
    return rows


def _judged_s(level: str, source: str, times: int) -> float:
    """CPU seconds of this process and of the pool's, which are read while it stands: bwrap leaves them uncounted."""
    with Sandbox(level, limits=LIMITS) as sandbox:
        rewarded(sandbox, source)
        start, own = _below_s(), time.process_time()
        for _ in range(times):
            if rewarded(sandbox, source)[0] != 1.0:
                raise AssertionError("an honest candidate was not rewarded")
        return time.process_time() - own + _below_s() - start


def _below_s() -> float:
    """CPU seconds of all processes below this one, with those of their children that ended."""
    parents, seconds = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            seconds[int(entry.name)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    found: set[int] = set()
    new = {os.getpid()}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return sum(seconds[pid] for pid in found)


def _calls_s(jail: Jail, calls: int) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        jail.call("solve", [[1, 2, 3]])
    return (time.perf_counter() - began) / calls


def machine() -> dict[str, Any]:
    """Says what the figures were taken on."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "kernel": os.uname().release,
        "python": sys.version.split()[0],
    }
