"""The page in a browser: nothing fails, nothing is fetched, nothing of a log runs; it can be read, sorted, searched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hostile_texts import PAYLOADS

from freshbits.auditing import audit
from freshbits.report.html.page import audit_html
from freshbits.rollouts.options import ReadOptions

pytestmark = pytest.mark.browser
KINDS = ["demo", "truth", "hostile", "single", "comparison", "projection"]
AA = ["best-practice", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE, DESK = 360, 1200
REAL = {
    "codet": ("codet_humaneval_samples_dev.parquet", ReadOptions(origins={"proxy_reward": "external"})),
    "gsm8k": ("gsm8k_example_model_solutions.parquet", None),
    "llmbar": ("llmbar_judgments_dev.parquet", ReadOptions(join=Path("llmbar_prompts_dev.parquet"))),
    "wildbench": ("wildbench_judgments.parquet", None),
}


@pytest.fixture
def opened(browser, tmp_path):
    """Returns a function that opens a page as a file and what went wrong while it lived."""
    contexts = []

    def show(page: str, *, width: int = DESK, scheme: str = "light", **more):
        path = tmp_path / "page.html"
        path.write_text(page, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **more)
        contexts.append(context)
        tab, wrong = context.new_page(), []
        tab.on("console", lambda message: wrong.append(message.text))
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda request: request.url == path.as_uri() or wrong.append(request.url[:200]))
        tab.goto(path.as_uri())
        return tab, wrong

    yield show
    for context in contexts:
        context.close()


def whole(tab) -> None:
    """Holds what is true of every page: no sideways scroll, every chart and panel drawn inside it."""
    assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]
    sizes = tab.evaluate(
        "[...document.querySelectorAll('.panel, figure')].map(each => each.getBoundingClientRect())"
        ".map(box => [box.width, box.height])"
    )
    assert sizes
    assert all(wide > 100 and high > 20 for wide, high in sizes)
    shown = tab.evaluate(
        "[...document.querySelectorAll('figure')].map(f => [...f.querySelectorAll('svg')]"
        ".filter(s => s.getBoundingClientRect().width > 0).length)"
    )
    assert set(shown) <= {1}, "one drawing of each chart, for this width"


def accessible(tab) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab, options={"runOnly": {"type": "tag", "values": AA}, "resultTypes": ["violations"]})
    return [
        f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for each in found.response["violations"]
        for node in each["nodes"][:3]
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_page_opens_without_a_word_or_a_request(opened, pages, kind, width):
    tab, wrong = opened(pages[kind], width=width)
    tab.evaluate("document.querySelectorAll('details').forEach(each => (each.open = true))")
    whole(tab)
    assert wrong == []


@pytest.mark.parametrize(
    ("kind", "width", "scheme"),
    [
        ("demo", DESK, "light"),
        ("truth", PHONE, "dark"),
        ("hostile", DESK, "dark"),
        ("single", PHONE, "light"),
        ("comparison", DESK, "light"),
        ("projection", PHONE, "dark"),
    ],
)
def test_a_page_is_accessible(opened, few_prompts, kind, width, scheme):
    tab, _ = opened(few_prompts[kind], width=width, scheme=scheme, bypass_csp=True)
    assert accessible(tab) == []


def test_the_theme_follows_the_system_until_it_is_chosen(opened, pages):
    tab, wrong = opened(pages["demo"], scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = tab.evaluate(ground)
    assert tab.inner_text("#theme") == "Light"
    tab.click("#theme")
    light = tab.evaluate(ground)
    assert light != dark
    assert tab.evaluate("getComputedStyle(document.querySelector('svg text')).fill") != "rgb(230, 234, 240)"
    tab.click("#theme")
    assert tab.evaluate(ground) == dark
    assert wrong == []


def test_a_click_on_a_title_sorts_by_numbers(opened, pages):
    tab, _ = opened(pages["demo"])
    column = "[...document.querySelectorAll('#prompts tbody tr')].map(row => Number(row.cells[{}].dataset.key))"
    heads = tab.locator("#prompts thead th")
    at = heads.all_inner_texts().index(next(t for t in heads.all_inner_texts() if t.startswith("accepted")))
    button = heads.nth(at).locator("button")
    button.click()
    falling = tab.evaluate(column.format(at))
    assert falling == sorted(falling, reverse=True)
    assert heads.nth(at).get_attribute("aria-sort") == "descending"
    button.press("Enter")
    rising = tab.evaluate(column.format(at))
    assert rising == sorted(rising)
    assert len(set(rising)) > 2


def test_a_search_keeps_the_rows_that_hold_its_words(opened, pages):
    tab, _ = opened(pages["demo"])
    tab.fill("#hacking input.search", "characters format")
    rows = tab.locator("#hacking .sortable tbody tr:visible")
    assert rows.count() == 1
    assert "characters" in rows.first.inner_text()
    assert tab.inner_text("#hacking .count").startswith("1 of ")
    tab.fill("#hacking input.search", "")
    assert rows.count() > 5


def test_a_command_can_be_copied(opened, pages):
    tab, _ = opened(pages["demo"], permissions=["clipboard-read", "clipboard-write"])
    button = tab.locator("#remedies button.copy").first
    button.click()
    tab.wait_for_function("document.querySelector('#remedies button.copy').textContent === 'Copied'")
    assert tab.evaluate("navigator.clipboard.readText()") == button.get_attribute("data-copy")


def test_it_can_be_read_with_the_keyboard(opened, pages):
    tab, _ = opened(pages["demo"])
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    assert tab.evaluate("location.hash") == "#main"


def test_a_number_leads_to_how_it_is_measured(opened, pages):
    tab, _ = opened(pages["truth"])
    number = tab.locator("#channel a.number").first
    number.click()
    assert tab.evaluate("document.querySelector(location.hash).closest('#measured') !== null")


def test_it_prints_without_buttons_and_boxes_that_scroll(opened, pages):
    tab, wrong = opened(pages["demo"], width=PHONE * 2, scheme="dark")
    tab.emulate_media(media="print")
    assert tab.locator("button.copy:visible, #theme:visible, nav:visible").count() == 0
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX") == "visible"
    assert len(tab.pdf()) > 20_000
    assert wrong == []


def test_it_can_be_read_without_script(opened, pages):
    tab, wrong = opened(pages["demo"], java_script_enabled=False)
    assert tab.locator("h1").is_visible()
    assert tab.locator("#prompts tbody tr").first.is_visible()
    assert tab.locator("#theme").is_hidden()
    assert tab.locator("button.copy").first.is_hidden()
    assert wrong == []


def test_forty_hostile_texts_do_nothing(opened, pages):
    assert len(PAYLOADS) == 40
    for width in (PHONE, DESK):
        tab, wrong = opened(pages["hostile"], width=width)
        tab.evaluate("document.querySelectorAll('details').forEach(each => (each.open = true))")
        for text in ("script", "onload", "=1+1"):
            tab.fill("#prompts input.search", text)
        tab.fill("#prompts input.search", "")
        for head in tab.locator("#prompts thead button").all():
            head.click()
        assert tab.evaluate("'hit' in window || 'hit' in parent") is False
        assert tab.locator("h1").is_visible()
        assert tab.evaluate("document.body.children.length") == tab.evaluate(
            "document.querySelectorAll('body > *').length"
        )
        whole(tab)
        assert wrong == []


@pytest.mark.parametrize("name", REAL)
def test_pages_of_public_logs_open_too(opened, name):
    folder = os.environ.get("FRESHBITS_DATA")
    if not folder:
        pytest.skip("FRESHBITS_DATA names no folder with the public logs")
    file, options = REAL[name]
    if options is not None and options.join is not None:
        options = ReadOptions(join=Path(folder) / options.join)
    page = audit_html(audit(str(Path(folder) / file), options, where=file, prompts=True))
    assert len(page.encode()) < 2_000_000
    for width in (PHONE, DESK):
        tab, wrong = opened(page, width=width)
        whole(tab)
        assert wrong == []
