"""Numbers on the page: each with its interval, what stands behind it, and a link to how it is measured."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING

from freshbits.report.html.escape import Html, tag
from freshbits.report.html.measured import home, text_of
from freshbits.report.words import estimate_of, many, number, said, share
from freshbits.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMING = ("feature", "name", "region", "rung", "round", "n", "form")  # what tells the rows of a list apart
MOST_ROWS = 400  # of one table of numbers; the JSON report has all
SHARES = ("share", "probability")


@dataclass
class Numbers:
    """Writes numbers and remembers by which methods they were measured, for the appendix."""

    methods: dict[str, list[str]] = field(default_factory=dict)

    def show(self, found: Estimate | None, digits: int = 2) -> Html | str:
        """Writes a number with its interval, linked to its method; what stands behind it is its title."""
        if found is None:
            return "–"
        written = share(found) if found.unit.startswith(SHARES) else number(found, digits)
        value, _, interval = written.partition(" [") if found.value is not None else (written, "", "")
        ends = tag("span", f" [{interval}", class_="ends") if interval else None
        title = said("", found).removeprefix(": ")
        if not found.method:
            return tag("span", value, ends, class_="number", title=title)
        return tag("a", value, ends, class_="number", href=f"#{self.anchor(found)}", title=title)

    def anchor(self, found: Estimate) -> str:
        """Returns the place in the appendix that explains an estimate."""
        units = self.methods.setdefault(found.method, [])
        if found.unit and found.unit not in units:
            units.append(found.unit)
        return f"method-{list(self.methods).index(found.method) + 1}"

    def table(self, title: str, sections: dict[str, object]) -> Html | None:
        """Writes every estimate of some sections as a table that is opened on demand; None without any."""
        rows = [(name, path, found) for name, held in sections.items() for path, found in estimates(held)]
        if not rows:
            return None
        heads = ("number", "value", "interval", "level", "unit", "prompts", "rollouts", "measured by")
        body = [
            tag(
                "tr",
                tag("th", " · ".join(part for part in (name, path) if part), scope="row"),
                tag("td", "–" if found.value is None else f"{found.value:.4g}"),
                tag("td", f"{_end(found.low)} to {_end(found.high)}" if _bounded(found) else "–"),
                tag("td", f"{100 * found.level:.0f} %" if _bounded(found) else "–"),
                tag("td", found.unit),
                tag("td", f"{found.prompts:,}"),
                tag("td", f"{found.rollouts:,}"),
                tag("td", tag("a", found.method, href=f"#{self.anchor(found)}") if found.method else "–"),
            )
            for name, path, found in rows[:MOST_ROWS]
        ]
        left = len(rows) - MOST_ROWS
        more = tag("p", f"{left:,} more in the JSON report.", class_="note") if left > 0 else None
        table = tag(
            "table", tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))), tag("tbody", *body)
        )
        count = many(min(len(rows), MOST_ROWS), "number")
        return tag(
            "details",
            tag("summary", f"Show the {count} of this part"),
            tag("div", table, class_="scroll", tabindex=0, role="region", aria_label=f"Numbers: {title}"),
            more,
            class_="numbers",
        )

    def appendix(self) -> Html:
        """Writes how each number on the page is measured, and where the formula stands."""
        homes: dict[str | None, list[tuple[int, str, list[str]]]] = {}
        for place, (method, units) in enumerate(self.methods.items(), start=1):
            homes.setdefault(home(method), []).append((place, method, units))
        return tag("div", *(_explained(module, methods) for module, methods in homes.items()), class_="methods")


def _explained(module: str | None, methods: list[tuple[int, str, list[str]]]) -> Html:
    """Writes the methods of one module, and its text."""
    heads = [
        tag(
            "h3",
            method[:1].upper() + method[1:],
            tag("span", f" in {', '.join(units)}", class_="note") if units else None,
            id=f"method-{place}",
        )
        for place, method, units in methods
    ]
    text = [tag("pre" if formula else "p", part) for part, formula in text_of(module)] if module else []
    where = tag("p", "Formula and code: ", tag("code", module), class_="note") if module else None
    return tag("section", *heads, *text, where, class_="method")


def estimates(held: object, path: str = "") -> Iterator[tuple[str, Estimate]]:
    """Yields every estimate inside a section with the path to it, in the section's order."""
    found = estimate_of(held) if isinstance(held, (dict, Estimate)) else None
    if found is not None and (isinstance(held, Estimate) or "method" in held):  # type: ignore[operator]
        yield path, found
    elif is_dataclass(held) and not isinstance(held, type):
        for each in fields(held):
            yield from estimates(getattr(held, each.name), _under(path, each.name.rstrip("_")))
    elif isinstance(held, dict):
        for key, inner in held.items():
            yield from estimates(inner, _under(path, str(key)))
    elif isinstance(held, list):
        for place, inner in enumerate(held):
            yield from estimates(inner, _under(path, _name(inner, place)))


def _name(held: object, place: int) -> str:
    for key in NAMING:
        value = held.get(key) if isinstance(held, dict) else getattr(held, key, None)
        if value is not None:
            return f"{key} {value}" if isinstance(value, int) else str(value)
    return str(place + 1)


def _under(path: str, name: str) -> str:
    name = name.replace("_", " ") if len(name) < 40 else name
    return f"{path} · {name}" if path else name


def _bounded(found: Estimate) -> bool:
    return found.low is not None or found.high is not None


def _end(value: float | None) -> str:
    return "?" if value is None else f"{value:.4g}"
