"""How numbers are written on the page: shares, bits, intervals, trends. Reads results, computes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from freshbits.results import Block, Estimate

BARS = "▁▂▃▄▅▆▇█"


def share(value: Estimate | None) -> str:
    """Writes a share with its interval in per cent.

    >>> from freshbits.results import Estimate
    >>> share(Estimate(0.5, 0.4, 0.61, 0.95, "share", "", 10, 80))
    '50 % [40, 61]'
    """
    if value is None:
        return "unknown"
    if value.value is None:
        return f"[{_percent(value.low)}, {_percent(value.high)}] %"
    return f"{_percent(value.value)} %" + (
        f" [{_percent(value.low)}, {_percent(value.high)}]" if value.low is not None else ""
    )


def number(value: Estimate | None, digits: int = 2) -> str:
    """Writes a number with its interval; bounds alone where there is no value.

    >>> from freshbits.results import Estimate
    >>> number(Estimate(None, 0.1, 0.9, 0.95, "bits", "", 10, 20))
    'in [0.10, 0.90]'
    """
    if value is None:
        return "–"
    low = "?" if value.low is None else f"{value.low:.{digits}f}"
    high = "?" if value.high is None else f"{value.high:.{digits}f}"
    if value.value is None:
        return f"in [{low}, {high}]"
    return f"{value.value:.{digits}f}" + (f" [{low}, {high}]" if value.low is not None else "")


def estimate_of(value: object) -> Estimate | None:
    """Returns an estimate from where sections hold plain data: an `Estimate`, its JSON, or a number without interval.

    >>> estimate_of({"value": 0.5, "low": 0.4, "high": 0.6, "level": 0.9}).level
    0.9
    """
    from freshbits.results import Estimate

    if value is None or isinstance(value, Estimate):
        return value
    if isinstance(value, dict):
        if not {"value", "low", "high"} & value.keys():
            return None
        blank = {"value": None, "low": None, "high": None, "level": 0.95, "unit": "", "method": ""}
        known = {**blank, "prompts": 0, "rollouts": 0, **value}
        return Estimate(**{name: known[name] for name in Estimate.__dataclass_fields__})
    if isinstance(value, (bool, int, float)):
        return Estimate(float(value), None, None, 0.95, "", "", 0, 0)
    return None


def bars(values: list[float | None]) -> str:
    """Draws values between their smallest and largest; a gap where one is missing.

    >>> bars([1.0, 3.0, None, 2.0])
    '▁█ ▅'
    """
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, wide = min(known), max(max(known) - min(known), 1e-9)
    return "".join(" " if v is None else BARS[int((v - low) / wide * (len(BARS) - 1) + 0.5)] for v in values)


def trend(blocks: list[Block]) -> str:
    """Draws contrast bits block by block, and writes the first and the last.

    >>> trend([])
    ''
    """
    values = [block.contrast_bits.value if block.contrast_bits is not None else None for block in blocks]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    top = max(max(known), 1e-9)
    bars = "".join(" " if v is None else BARS[min(int(v / top * (len(BARS) - 1) + 0.5), len(BARS) - 1)] for v in values)
    return f"{bars} {known[0]:.2f} → {known[-1]:.2f}"


def said(name: str, found: Estimate) -> str:
    """Writes an estimate with all that stands behind it: interval, its level, unit, prompts, rollouts.

    >>> from freshbits.results import Estimate
    >>> said("J", Estimate(0.5, 0.4, 0.6, 0.95, "TPR - FPR", "", 10, 80))
    'J: 0.50 [0.40, 0.60] TPR - FPR (95 %; 10 prompts, 80 rollouts)'
    """
    fine = max((abs(end) for end in (found.value, found.low, found.high) if end is not None), default=1.0) < 0.1
    behind = [f"{100 * found.level:.0f} %"] if found.low is not None or found.high is not None else []
    if found.prompts or found.rollouts:
        behind.append(f"{many(found.prompts, 'prompt')}, {many(found.rollouts, 'rollout')}")
    written = " ".join(part for part in (number(found, 3 if fine else 2), found.unit) if part)
    return f"{name}: {written}" + (f" ({'; '.join(behind)})" if behind else "")


def many(count: int, one: str) -> str:
    """Writes a count with its noun.

    >>> many(1, "prompt"), many(1200, "rollout")
    ('1 prompt', '1,200 rollouts')
    """
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def _percent(value: float | None) -> str:
    if value is None:
        return "?"
    return f"{100 * value:.1f}" if 0 < value < 0.01 or 0.99 < value < 1 else f"{100 * value:.0f}"
