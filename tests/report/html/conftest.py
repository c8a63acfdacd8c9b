"""Pages that the tests of this folder look at: of a log, of one with truth, of a forecast, of hostile text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import polars as pl
import pytest
from hostile_texts import PAYLOADS

import freshbits as fb
from freshbits.auditing import audit
from freshbits.report.html.page import audit_html, comparison_html, projection_html
from freshbits.rollouts.options import ReadOptions

VOID = {"meta", "input", "br", "link", "img", "source"}


@dataclass
class Seen:
    """Holds what a page is made of, as a parser that knows nothing of freshbits reads it."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    text: str = ""
    unclosed: list[str] = field(default_factory=list)

    def of(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = Seen()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.tags.append((tag, dict(attrs)))
        self.seen.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.seen.unclosed.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.seen.text += data


@pytest.fixture(scope="session")
def read():
    """Returns a function that reads a page."""

    def parse(page: str) -> Seen:
        reader = _Reader()
        reader.feed(page)
        reader.close()
        reader.seen.unclosed += reader.open
        return reader.seen

    return parse


def with_truth() -> pl.DataFrame:
    """Rows of two regions, 8 completions each, with a verifier that errs more in one of them; three rounds."""
    rows = []
    for round_ in range(3):
        for prompt in range(60):
            for sample in range(8):
                right = (prompt * 7 + sample * (2 + prompt % 5) + round_) % 10 < 5
                odd = (prompt * 11 + sample * 5 + round_ * 3) % 10
                wrong_pass = odd < (4 if prompt % 2 else 1)
                rows.append(
                    {
                        "prompt": f"What is {prompt} + {prompt % 9}?",
                        "completion": f"{'Let me see. ' * (sample % 3)}The answer is {prompt if right else sample}.",
                        "round": round_,
                        "region": "hard" if prompt % 2 else "easy",
                        "reward": float((right and odd != 9) or (not right and wrong_pass)),
                        "truth": float(right),
                    }
                )
    return pl.DataFrame(rows)


def hostile_rows() -> pl.DataFrame:
    """Rows whose prompts, completions, sources and regions are markup, script and formulas."""
    rows = [
        {
            "prompt": f"{payload} {number}",
            "completion": f"{payload} says {sample % 3}",
            "source": PAYLOADS[3],
            "region": PAYLOADS[number % 4],
            PAYLOADS[0]: float((number + sample) % 3 == 0),
            PAYLOADS[7]: float(sample % 2),
            "truth": float((number + sample) % 2),
        }
        for number, payload in enumerate(PAYLOADS)
        for sample in range(8)
    ]
    return pl.DataFrame(rows)


@pytest.fixture(scope="session")
def hostile_audit():
    options = ReadOptions(signals=(PAYLOADS[0], PAYLOADS[7]))
    return audit(hostile_rows(), options, where=f"logs/{PAYLOADS[0]}", prompts=True)


@pytest.fixture(scope="session")
def truth_audit():
    return audit(with_truth(), ReadOptions(origins={"reward": "external"}), where="LOG", prompts=True)


@pytest.fixture(scope="session")
def demo_audit(trl_log):
    return audit(trl_log, where="demo", prompts=True)


@pytest.fixture(scope="session")
def few_prompts(pages, demo_audit, truth_audit, hostile_audit) -> dict[str, str]:
    """Returns the pages with a dozen prompts each: as good to examine as hundreds of equal rows, and much faster."""
    named = {"demo": demo_audit, "truth": truth_audit, "hostile": hostile_audit}
    return pages | {kind: audit_html(replace(held, prompts=held.prompts[:12])) for kind, held in named.items()}


@pytest.fixture(scope="session")
def pages(demo_audit, truth_audit, hostile_audit) -> dict[str, str]:
    """Returns pages of every kind, by name."""
    declared = fb.forecast(base_rate=0.05, tpr=0.9, fpr=0.5, keep=8, prompts=500, target=0.95)
    single = pl.DataFrame({"prompt": ["a", "b", "c"], "completion": ["x", "y", "z"], "reward": [0.0, 1.0, 1.0]})
    return {
        "demo": audit_html(demo_audit),
        "truth": audit_html(truth_audit),
        "hostile": audit_html(hostile_audit),
        "single": audit_html(audit(single, where="LOG")),
        "comparison": comparison_html(fb.compare(with_truth())),
        "projection": projection_html(declared),
    }
