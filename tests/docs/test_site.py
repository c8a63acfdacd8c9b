"""The documentation site: it builds strictly, no link is dead, everybody can search and read it, it fetches nothing."""

from __future__ import annotations

import functools
import http.server
import os
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import freshbits

pytest.importorskip("material", reason="the extra docs is not installed")
ROOT = Path(__file__).parents[2]
AA = ["best-practice", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TYPICAL = [
    "index.html",
    "tutorial.html",
    "commands.html",
    "statistics/budget.html",
    "concepts/open_and_closed.html",
    "reference/information/mixing.html",
]
PHONE, DESK = 360, 1280


class Page(HTMLParser):
    """Holds what a page links to, loads and can be linked at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = {""}
        self.swallowed: list[str] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.ids |= {named[key] for key in ("id", "name") if named.get(key)}
        if tag == "a" and named.get("href"):
            self.links.append(named["href"])
        elif tag == "link" and named.get("rel") not in ("canonical", "prev", "next"):
            self.loaded.append(named["href"])
        elif tag in ("script", "img", "iframe", "source") and named.get("src"):
            self.loaded.append(named["src"])
        if tag in ("p", "pre"):
            self._open.append(tag)

    def handle_endtag(self, tag):
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data):
        if self._open[-1:] == ["p"] and re.search(r"\n(- |\d+\. |\|)", data):
            self.swallowed.append(data[:80])


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, check=False
    )
    assert built.returncode == 0, built.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, Page]:
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def test_no_link_is_dead(site, pages):
    dead = []
    for path, page in pages.items():
        for link in {*page.links, *page.loaded}:
            parts = urlsplit(link)
            if parts.scheme or path.name == "404.html":  # that page is served at any depth: its links begin at the root
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = there / "index.html" if there.is_dir() else there
            if not there.exists() or (there in pages and unquote(parts.fragment) not in pages[there].ids):
                dead.append(f"{path.relative_to(site)}: {link}")
    assert not dead, "\n".join(dead[:20])


def test_nothing_is_loaded_from_elsewhere(site, pages):
    assert not [(path, link) for path, page in pages.items() for link in page.loaded if urlsplit(link).netloc]
    sheets = "".join(sheet.read_text(encoding="utf-8") for sheet in site.rglob("*.css"))
    assert not re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//[^)]*", sheets)


def test_every_page_is_there_and_none_says_where_it_was_built(site):
    there = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    docs = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    results = {f"benchmarks/results/{path.stem}" for path in (ROOT / "benchmarks" / "results").glob("*.md")}
    assert docs | results | {"index", "CHANGELOG", "CONTRIBUTING"} <= there
    for path in [*site.rglob("*.html"), site / "search" / "search_index.json"]:
        assert str(ROOT) not in path.read_text(encoding="utf-8"), path


def test_every_public_name_is_in_the_reference(pages):
    ids = set().union(*(page.ids for path, page in pages.items() if "reference" in path.parts))
    assert {f"freshbits.{name}" for name in freshbits.__all__ if not name.startswith("__")} <= ids
    assert {"freshbits.information.mixing.contrast_bits", "freshbits.dynamics.drift.replace"} <= ids


def test_lists_and_tables_are_not_swallowed_by_the_paragraph_above_them(pages):
    found = {path.name: page.swallowed for path, page in pages.items() if page.swallowed and "src" not in path.parts}
    assert not found


@pytest.fixture(scope="module")
def address(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        serving.join()


@pytest.fixture
def opened(browser, address):
    """Returns a function that opens a page of the site and what went wrong while it lived."""
    contexts = []

    def show(page: str, *, width: int = DESK):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme="light")
        contexts.append(context)
        tab, wrong = context.new_page(), []
        tab.on("console", lambda message: wrong.append(message.text))
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("request", lambda asked: asked.url.startswith(address) or wrong.append(asked.url[:200]))
        tab.on("response", lambda answer: answer.ok or answer.status == 304 or wrong.append(answer.url))
        tab.goto(address + page)
        tab.wait_for_load_state("networkidle")
        return tab, wrong

    yield show
    for context in contexts:
        context.close()


@pytest.mark.browser
@pytest.mark.parametrize("page", TYPICAL)
def test_a_page_can_be_read_by_everybody_in_light_and_dark_and_fetches_nothing(opened, page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    tab, wrong = opened(page)
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        name = {"light": "default", "dark": "slate"}[scheme]
        tab.wait_for_selector(f"body[data-md-color-scheme={name}]")
        tab.wait_for_timeout(300)  # the theme's colours fade into each other for a quarter of a second
        found = axe.run(tab, options={"runOnly": AA, "resultTypes": ["violations"]}).response["violations"]
        assert not [(rule["id"], [node["target"] for node in rule["nodes"]][:5]) for rule in found]
    assert not wrong


@pytest.mark.browser
@pytest.mark.parametrize(
    "page", ["index.html", "commands.html", "report.html", "maintaining.html", "reference/information/mixing.html"]
)
def test_a_phone_needs_no_scrolling_sideways(opened, page):
    tab, wrong = opened(page, width=PHONE)
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert not wrong


@pytest.mark.browser
@pytest.mark.parametrize(
    ("words", "leads_to"),
    [("dead groups", "statistics/budget.html"), ("contrast_bits", "mixing.html"), ("recorruption", "commands.html")],
)
def test_search_finds_a_term(opened, words, leads_to):
    tab, wrong = opened("index.html")
    tab.set_default_timeout(180_000)  # the index is read by a worker: on a busy machine that takes a while
    tab.click("[data-md-component=search-query]")
    tab.keyboard.type(words, delay=20)
    tab.wait_for_selector(".md-search-result__item")
    found = tab.eval_on_selector_all(".md-search-result__link", "links => links.map(link => link.href)")
    assert any(leads_to in link for link in found)
    assert not wrong


@pytest.mark.browser
def test_the_colours_can_be_chosen_and_stay(opened):
    tab, wrong = opened("index.html")
    scheme = "document.body.getAttribute('data-md-color-scheme')"
    seen = set()
    for _ in range(3):
        seen.add(tab.evaluate(scheme))
        tab.click("[data-md-component=palette] label:not([hidden])")
    assert seen == {"default", "slate"}
    assert not wrong
