"""What truth lets the page lead with: is the signal open, how reliable is it, where is it worst, where does it peak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from freshbits.report.layout import command, few, filled, item, plain
from freshbits.report.words import bars, estimate_of, many, number, share

if TYPE_CHECKING:
    from rich.console import Console

    from freshbits.results import Audit, Channel, Estimate, Openness

MOST_DETAILED = 3  # signals whose worst stratum and pressure are shown; the table has the others
MOST_NAMED = 3  # signals of one sentence that are named
SURE = 0.05
STYLE = {"open": "bold green", "closed": "bold yellow", "undetermined": "bold magenta"}


def openness(console: Console, audit: Audit) -> None:
    """Prints one sentence per signal: open, closed, undetermined, or not judged and why.

    Nothing is printed for a log without truth whose openness is not judged: the list of what was not judged says so.
    """
    sections = few(audit.openness)
    if not audit.log.truth and not any(section.status == "judged" for _, section in sections):
        return
    console.print()
    said: dict[tuple[str | None, str], list[str]] = {}
    for signal, section in sections:
        if audit.log.truth or section.status == "judged":
            said.setdefault(verdict_of(section), []).append(signal)
    for (verdict, rest), signals in said.items():
        names = plain(", ".join(signals) if len(signals) <= MOST_NAMED else f"{signals[0]} and {len(signals) - 1} more")
        if verdict is None:
            console.print(Text(f"? openness of {names} not judged", style="bold magenta") + _usual(f": {rest}"))
        else:
            is_ = " are " if len(signals) > 1 else " is "
            console.print(Text(names, style="bold") + _usual(is_) + Text(verdict, style=STYLE[verdict]) + _usual(rest))
    for signal, section in sections[:MOST_DETAILED]:
        for line in beside(section):
            item(console, f"{signal}: {line}", "dim")
        if section.status == "judged" and section.needs is not None:
            command(console, "    this would tell more: ", section.needs)


def verdict_of(section: Openness) -> tuple[str | None, str]:
    """Returns the verdict and the rest of its sentence; no verdict where openness was not judged."""
    if section.status != "judged" or section.verdict is None:
        return None, f"{section.reason} ({section.code})"
    adjective = f" ({section.adjective})" if section.adjective else ""
    return section.verdict, f"{adjective}: {section.reason or 'no reason is given'}."


def _usual(text: str) -> Text:
    return Text(plain(text), style="not bold")


def beside(section: Openness) -> list[str]:
    """Says in sentences what was measured beside the verdict."""
    if section.status != "judged":
        return []
    lines = []
    if section.bits is not None:
        measured = f"beyond the model's own state {number(section.bits)} bit per rollout"
        if section.share is not None:
            measured += f", {share(section.share)} of what that state leaves open"
        if section.within_bits is not None and section.between_bits is not None:
            inside, across = number(section.within_bits), number(section.between_bits)
            measured += f"; inside prompts {inside}, between prompts {across}"
        lines.append(measured)
    ceiling = section.sharpening_ceiling
    if section.verdict == "closed" and ceiling is not None:
        lines.append(f"training on it can still sharpen: the majority answer is right for {share(ceiling)} of prompts")
    return lines


def channel(console: Console, audit: Audit) -> None:
    """Prints the rates against truth, and for the first signals where the verifier is worst and where it peaks."""
    if not audit.log.truth:
        return
    judged = [(signal, section) for signal, section in few(audit.channel) if section.status == "judged"]
    if not judged:
        return
    labels = audit.log.labels
    about = ""
    if labels is not None:
        design = labels.design if labels.design.startswith("drawn") else f"design {labels.design}"
        about = f" ({many(labels.rows, 'labelled row')} of {many(labels.prompts, 'prompt')}, {design})"
    console.print(Text("\nAgainst truth", style="bold") + _usual(about))
    columns = ["TPR", "FPR", "J", "PPV", "AUROC", "bits"]
    console.print(filled(columns, [(signal, _rates(section)) for signal, section in judged]))
    for signal, section in judged[:MOST_DETAILED]:
        for line, style in _details(section):
            item(console, f"{signal}: {line}", style)
    if len(judged) > MOST_DETAILED:
        item(console, f"worst strata and pressure of {len(judged) - MOST_DETAILED} more: see --json", "dim")


def _rates(section: Channel) -> list[str]:
    shares = [share(rate) if rate is not None else "–" for rate in (section.tpr, section.fpr)]
    ppv = share(section.ppv) if section.ppv is not None else "–"
    return [*shares, number(section.j), ppv, number(section.auroc), number(section.bits, 3)]


def _details(section: Channel) -> list[tuple[str, str]]:
    lines = (
        [(worst_words(section), "yellow" if section.worst is not None else "dim")] if section.fpr is not None else []
    )
    if section.p_value is not None and section.p_value > SURE:
        lines.append((f"tells right from wrong no better than chance (p = {section.p_value:.2g})", "yellow"))
    wrong = section.negative_j
    if wrong is not None and (wrong.low or 0) > 0:
        lines.append((f"the wrong way round (J below 0) in {share(wrong)} of prompts", "yellow"))
    if section.reason:
        lines.append((section.reason, "yellow" if section.code else "dim"))
    drawn = pressure_words(section)
    return [*lines, (drawn, "")] if drawn else lines


def worst_words(section: Channel) -> str:
    """Says where the verifier is worst, and how surely."""
    worst = section.worst
    if worst is None:
        return "no stratum stands out (each looked at against all rows, false discovery rate 10 %)"
    losing = [worst["loss"]] if worst.get("loss") in ("fpr", "tpr") else ["fpr", "tpr"]
    usual = {"fpr": section.fpr, "tpr": section.tpr}
    rates = [
        f"{name.upper()} {share(found)}" + (f", {_percent(whole)} on all rows" if (whole := usual[name]) else "")
        for name in losing
        if (found := estimate_of(worst.get(name))) is not None
    ]
    sure = [f"q = {worst['q_value']:.1g}"] if worst.get("q_value") is not None else []
    sure += [many(worst["prompts"], "prompt")] if worst.get("prompts") is not None else []
    where = f"worst where {str(worst.get('feature')).replace('_', ' ')} is {worst.get('value')}: {'; '.join(rates)}"
    return where + (f" ({', '.join(sure)})" if sure else "")


def _percent(whole: Estimate) -> str:
    return "unknown" if whole.value is None else f"{100 * whole.value:.0f} %"


def pressure_words(section: Channel, *, bare: bool = False) -> str:
    """Writes the truth of the best of n by the signal: measured up to the n logged, projected beyond.

    Args:
        section: the channel.
        bare: leaves out the small drawing.
    """
    points = [(row["n"], estimate_of(row.get("truth")), row) for row in (section.pressure or {}).get("curve") or []]
    known = [(n, truth, row) for n, truth, row in points if truth is not None and truth.value is not None]
    if len(known) < 2:
        return ""
    ahead = [is_projected(row, truth) for _, truth, row in known]
    drawn = bars([truth.value for _, truth, _ in known])
    seen = "".join(drawn[at] for at in range(len(known)) if not ahead[at])
    beyond = "".join(drawn[at] for at in range(len(known)) if ahead[at])
    logged = [(n, truth) for n, truth, row in known if not is_projected(row, truth)] or [known[0][:2]]
    ends = [f"{_percent(logged[0][1])} at n = {logged[0][0]}", f"{_percent(logged[-1][1])} at {logged[-1][0]}"]
    drawing = "" if bare else f" {seen}{'┊' + beyond if beyond else ''} "
    text = f"best of n by it is right: {drawing}{', '.join(dict.fromkeys(ends))}"
    if beyond:
        text += f", projected{'' if bare else ' (after ┊)'} {_percent(known[-1][1])} at {known[-1][0]}"
    return f"{text}; {_peak(section.pressure or {}, known[-1][0])}"


def is_projected(row: dict[str, Any], truth: Estimate) -> bool:
    """Says whether a point of the curve was projected: it says so, or has the level of projections (90 %)."""
    return bool(row.get("projected", truth.level == 0.9))


def _peak(pressure: dict[str, Any], most: int) -> str:
    """Writes where the curve turns, with its interval; a turn is claimed only where the interval ends before `most`."""
    peak = pressure.get("peak")
    held = peak.get("n") if isinstance(peak, dict) and "n" in peak else peak
    found = estimate_of(peak | {"value": held} if isinstance(held, (int, float)) and isinstance(peak, dict) else held)
    if found is None or found.value is None or found.value >= most:
        return str(pressure.get("reason") or f"no turn up to n = {most}")
    ends = f" [{found.low:g}, {found.high:g}]" if found.low is not None and found.high is not None else ""
    if found.high is None or found.high >= most:
        return f"highest at n = {found.value:g}{ends}, not surely a turn"
    fall, top = (estimate_of(peak.get(name)) if isinstance(peak, dict) else None for name in ("fall", "truth"))
    ends += f" with {share(top)}" if top is not None else ""
    lost = f" ({number(fall)} less at n = {most})" if fall is not None else ""
    return f"peak at n = {found.value:g}{ends}: beyond it, choosing harder by this signal makes it worse{lost}"
