"""The figures of the study as a page."""

from __future__ import annotations

from typing import Any

HEAD = """# An audit on two Ray nodes of one machine

`python -m benchmarks.cluster`, {cores} shared processors, Polars {polars}, Ray {ray}. The two nodes have one processor
each and share the machine with the one process that they are held against, so nothing can be gained here: the table
says what a cluster costs, and that the report is the same. Start: the nodes and the connection. Count: reading and
counting. CPU and memory are those of all processes together, Ray's own among them. Other programs ran on the machine at
the same time: CPU seconds are the figures to compare, the others are for scale.

| rows | run | start s | count s | audit s | wall s | CPU s | peak MB | report |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |
"""


def table(found: dict[str, Any]) -> str:
    """Returns the figures as Markdown."""
    lines = []
    for log in found["logs"]:
        for run in ("one process", "two nodes", "one node killed"):
            told = log[run]
            if "failed" in told:
                lines.append(f"| {log['rows']:,} | {run} | failed: {told['failed']} | | | | | | |")
                continue
            killed = f" ({told['killed_at']})" if "killed_at" in told else ""
            cells = (told["start_s"], told["count_s"], told["audit_s"], told["wall_s"], told["cpu_s"])
            numbers = " | ".join(f"{value:.1f}" for value in cells)
            lines.append(
                f"| {log['rows']:,} | {run}{killed} | {numbers} | {told['peak_mb']:,} | `{told['report'][:12]}` |"
            )
    same = all(log["same report"] for log in found["logs"])
    end = "All runs of a log gave the same report, byte for byte." if same else "REPORTS DIFFER."
    return HEAD.format(**found) + "\n".join(lines) + f"\n\n{end}\n"
