"""Mends what the theme's templates leave without a name, so that the site can be read aloud and by keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

SEARCH = 'data-md-component="search" role="dialog"'
_INNER = re.compile(
    r'(<nav class="md-nav" data-md-level="[1-9]") aria-labelledby="[^"]*"'
    r'([^>]*>\s*<label class="md-nav__title".*?</span>\s*(.*?)\s*</label>)',
    re.DOTALL,
)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Names the search and the lists of pages, each by a name of its own; takes empty corners of tables for cells."""
    output = output.replace(SEARCH, f'{SEARCH} aria-label="Search"')
    output = _INNER.sub(lambda nav: f'{nav[1]} aria-label="Pages below {_words(nav[3])}"{nav[2]}', output)
    return output.replace("<th></th>", "<td></td>")


def _words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", html).split()).replace('"', "&quot;")
