"""Pictures become still SVG: drawn by vl-convert, stripped to shapes and text, in the page's own colours.

A still drawing needs no script, prints, and is a hundredth of the size of a charting library inlined in the page. What
is left of it is rebuilt from a short list of elements and attributes, so that nothing else can come in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from freshbits.errors import FreshbitsError, InputError
from freshbits.report.charts.picture import PALETTE
from freshbits.report.html.escape import Html, tag
from freshbits.report.html.parts import unbroken

if TYPE_CHECKING:
    from freshbits.report.charts.picture import Picture

WIDE, NARROW = 680, 300
GRAMMAR = "6.1"  # of Vega-Lite; pinned, so that the same results give the same bytes
ELEMENTS = frozenset({"g", "path", "line", "rect", "text"})
ATTRIBUTES = (
    "transform", "d", "x", "y", "x2", "y2", "width", "height", "fill", "stroke", "stroke-width", "stroke-dasharray",
    "opacity", "text-anchor", "font-size",
)  # fmt: skip
COLOURS = {colour: f"var(--{name})" for name, colour in PALETTE.items()}
NOTHING = frozenset({"", "M0,0h0v0h0Z"})


def figure(picture: Picture, caption: Html | None = None) -> Html:
    """Draws a picture for wide and for narrow screens, with its finding in words.

    Raises:
        InputError: if vl-convert is not installed.
    """
    return tag(
        "figure",
        tag("h3", picture.title),
        _svg(picture, WIDE, "wide"),
        _svg(picture, NARROW, "narrow"),
        tag("figcaption", *(tag("p", unbroken(line)) for line in picture.finding.split("; ")), caption),
    )


def compiled(specification: dict[str, object]) -> str:
    """Compiles a Vega-Lite specification to SVG text, without a network.

    Raises:
        InputError: if vl-convert is not installed.
    """
    try:
        import vl_convert
    except ImportError:
        raise InputError("the page's charts need vl-convert", mend="pip install 'freshbits[html]'") from None
    return str(vl_convert.vegalite_to_svg(specification, vl_version=GRAMMAR, allowed_base_urls=[]))


def _svg(picture: Picture, width: int, kind: str) -> Html:
    root = ElementTree.fromstring(compiled(picture.draw(width)))
    across, down = (_short(root.get(side, "")) for side in ("width", "height"))
    # The drawing's own background is the root's first child; the page has a background already.
    shapes = [_kept(child) for child in list(root)[1:]]
    return tag(
        "svg",
        *shapes,
        class_=kind,
        role="img",
        aria_label=f"{picture.title}. {picture.finding}",
        viewBox=f"0 0 {across} {down}",
        width=across,
        height=down,
    )


def _kept(element: ElementTree.Element) -> Html | None:
    name = element.tag.rpartition("}")[2]
    if name not in ELEMENTS:
        raise FreshbitsError(f"a drawing holds <{name}>, which the page does not let in")
    if element.get("display") == "none" or (name == "path" and element.get("d", "") in NOTHING):
        return None
    parts = [part for child in element if (part := _kept(child)) is not None]
    if name == "g" and not parts:
        return None
    said = element.get("aria-label") if name in ("path", "line") else None
    if said is not None:
        parts.insert(0, tag("title", said))
    attributes = {}
    for key in ATTRIBUTES:
        value = element.get(key)
        if key == "stroke-dasharray" and element.get("fill") is not None:
            continue  # the mark of a legend; its line is dashed, it is not
        if value is not None and not (key == "opacity" and value == "1") and value != "transparent":
            attributes[key] = COLOURS.get(value) or _short(value)
    return tag(name, element.text if name == "text" else None, *parts, **attributes)


def _short(numbers: str) -> str:
    """Writes every number of an attribute with two decimals at most.

    >>> _short("translate(12.345678,0.5)")
    'translate(12.35,0.5)'
    """
    return re.sub(r"-?\d+\.\d+(?:e-?\d+)?", lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), numbers)
