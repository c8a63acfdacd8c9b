"""The figures of scale as a page."""

from __future__ import annotations

from typing import Any


def page(figures: dict[str, Any]) -> str:
    """Lays out the figures."""
    audits = figures["audits"]
    lines = [
        "# How an audit grows with the log",
        "",
        f"Made by `python -m benchmarks.scale` on {figures['cores']} cores that others used too, Polars "
        f"{figures['polars']}. CPU seconds of one process without imports; peak memory of that process. Rollouts have "
        "0.8 kB of text and prompts 0.3 kB, eight rollouts a group; later files repeat the texts with another ending.",
        "",
        "| rollouts | groups | prompts | CPU s, whole audit | of which reading and counting | µs per rollout, counting "
        "| peak MB |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {run['rows']:,} | {run['groups']:,} | {run['prompts']:,} | {run['cpu_s']:.1f} | {run['gather_s']:.1f} "
        f"| {run['gather_s'] / run['rows'] * 1e6:.2f} | {run['peak_mb']:,} |"
        for run in audits.values()
    ]
    two, most = audits.get("2000000"), list(audits.values())[-1]
    if two is not None and most["rows"] > two["rows"]:
        ratios = [most[name] / most["rows"] / (two[name] / two["rows"]) for name in ("cpu_s", "gather_s")]
        lines += [
            "",
            f"CPU per rollout at {most['rows'] // 1_000_000} million against 2 million: {ratios[0]:.2f} for the whole "
            f"audit, {ratios[1]:.2f} for reading and counting.",
        ]
    files, peers = figures["files"], figures["peers"]
    engines = {name: run for name, run in peers.items() if name not in ("rows", "equal")}
    lines += [
        "",
        "## JSON lines against Parquet",
        "",
        f"The whole audit of the same {files['rows']:,} rollouts: {files['parquet']['cpu_s']:.1f} CPU s from one "
        f"Parquet file, {files['jsonl']['cpu_s']:.1f} from one file of JSON lines "
        f"({files['jsonl']['cpu_s'] / files['parquet']['cpu_s']:.2f} times); reading and counting alone "
        f"{files['parquet']['gather_s']:.1f} and {files['jsonl']['gather_s']:.1f} "
        f"({files['jsonl']['gather_s'] / files['parquet']['gather_s']:.2f} times).",
        "",
        "## Other engines, a part of the audit",
        "",
        f"Twelve features, counts of the groups and bits from the counts of {peers['rows']:,} rollouts; the three gave "
        f"{'the same numbers' if peers['equal'] else 'DIFFERENT numbers'}. freshbits reads answers into classes, makes "
        "keys and draws its samples in the same pass; the others do not. scikit-learn has nothing that counts these.",
        "",
        "| engine | CPU s | peak MB |",
        "|---|---|---|",
        *(f"| {name} | {run['cpu_s']:.1f} | {run['peak_mb']:,} |" for name, run in engines.items()),
        "",
    ]
    return "\n".join(lines)
