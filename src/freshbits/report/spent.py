"""How the bits are spent: on the task or on surface form, at which rung of the ladder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from freshbits.report.layout import few, filled, item, plain
from freshbits.report.words import estimate_of, number

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.results import Audit, Efficiency

MOST_DETAILED = 3
MOST_SURFACE = 3


def efficiency(console: Console, audit: Audit) -> None:
    """Prints task bits of total bits with η, one partition coarser and finer, surface bits and the ladder's rungs."""
    judged = [(signal, section) for signal, section in few(audit.efficiency) if section.status == "judged"]
    if not judged:
        return
    told = [
        f"{kind}{', '.join(found)}"
        for kind, names in (
            ("answers told apart by ", [section.partition for _, section in judged]),
            ("coarser: ", [(section.coarser or {}).get("partition") for _, section in judged]),
            ("finer: ", [(section.finer or {}).get("partition") for _, section in judged]),
        )
        if (found := list(dict.fromkeys(name for name in names if name)))
    ]
    by = f" ({'; '.join(told)})" if told else ""
    console.print(Text("\nWhere the bits go", style="bold") + Text(plain(by), style="not bold"))
    columns = ["task bits", "of total", "η", "coarser η", "finer η"]
    console.print(filled(columns, [(signal, _spent(section)) for signal, section in judged]))
    said: dict[str, list[str]] = {}
    for signal, section in judged[:MOST_DETAILED]:
        for line in _details(section):
            said.setdefault(line, []).append(signal)
    for line, signals in said.items():
        item(console, f"{', '.join(signals)}: {line}", "dim")
    rungs = _ladder(judged[0][1].ladder)
    if rungs:
        item(console, f"{judged[0][0]}, bits that could be given:  {rungs}", "dim")


def _spent(section: Efficiency) -> list[str]:
    beside = [number(_eta(section.coarser)), number(_eta(section.finer))]
    return [number(section.task_bits), number(section.total_bits), number(section.eta), *beside]


def _eta(beside: Any) -> Any:
    if isinstance(beside, dict) and "eta" in beside:
        return estimate_of(beside["eta"])
    return estimate_of(beside)


def _details(section: Efficiency) -> list[str]:
    lines = [section.reason] if section.reason else []
    surface = [(row.get("feature"), estimate_of(row.get("bits"))) for row in section.surface]
    known = [(name, bits) for name, bits in surface if bits is not None and bits.value is not None]
    known.sort(key=lambda row: -(row[1].value or 0.0))
    if known:
        shown = ", ".join(f"{name} {number(bits, 3)}" for name, bits in known[:MOST_SURFACE])
        lines.append(f"surface, given the answer: {shown}")
    return lines


def _ladder(rungs: list[dict[str, Any]]) -> str:
    """Writes the rungs from the verdict up; those that were not judged are named as such, at the end."""
    known, missing = [], []
    for row in rungs:
        name, bits = str(row.get("rung") or row.get("name")).replace("_", " "), estimate_of(row.get("bits"))
        if bits is None or row.get("status") == "not_judged":
            missing.append(name)
        else:
            known.append(f"{name} {number(bits)}")
    return "  ".join(known) + (f"  (not judged: {', '.join(missing)})" if missing else "")
