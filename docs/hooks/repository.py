"""Brings into the site what its pages link to outside docs/: README as the home page, results, examples, the rest.

A page links as it does in the repository (`../benchmarks/results/cure.md`). Here every link that leads out of docs/ is
turned to a page of the site that is made of that file: Markdown as it is, programs and settings as a block of code,
notebooks as their cells, folders as a list, data as a file to download.
"""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mkdocs.structure.files import File, InclusionLevel
from reference import modules, page_of  # mkdocs finds one hook beside the other

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
DOCS = "docs/"
HOME = "README.md"
ROOTS = (HOME, "CHANGELOG.md", "CONTRIBUTING.md")  # pages of the navigation that lie outside docs/
LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".cff": "yaml", ".sh": "sh", "": "text"}
ASIDE = "---\nsearch:\n  boost: 0.3\n---\n"  # found, but after the pages that explain
UNFOUND = "---\nsearch:\n  exclude: true\n---\n"  # lists and programs

_LINK = re.compile(r"(?P<code>`+[^`\n]+`+)|(?P<open>\]\()(?P<target>[^)\s]+)(?=[)\s])")
_FENCE = re.compile(r"^( {0,3}|\t| +)(```+|~~~+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds a file of the site for every file of the repository that pages link to, and those they link to in turn."""
    pages = [f"{DOCS}{file.src_uri}" for file in files.documentation_pages()]
    waiting, seen = [*ROOTS, *modules(), *pages], set(pages)
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            files.append(_made(path, config))
        if path.endswith(".md") or (ROOT / path).is_dir():
            text = _markdown(path) if path not in pages else (ROOT / path).read_text(encoding="utf-8")
            waiting += [there for there in _outside(text, path) if there not in seen]
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turns the links of a page that lie outside docs/ to the pages of the site."""
    path = repository_path(page.file)
    return _turned(markdown, path) if path else markdown


def repository_path(file: File) -> str | None:
    """Returns where a file of the site stands in the repository; None for what is drawn from no file."""
    origin = getattr(file, "repository_path", None)
    if origin is not None:
        return str(origin)
    return None if file.generated_by else f"{DOCS}{file.src_uri}"


def site_path(path: str) -> str:
    """Returns where a file or folder of the repository stands in the site.

    >>> [site_path(path) for path in ("README.md", "docs/loops.md", "examples/demo.py")]
    ['index.md', 'loops.md', 'examples/demo.py.md']
    """
    folder, name = posixpath.split(path)
    if name == HOME or (ROOT / path).is_dir():
        return posixpath.join(folder if name == HOME else path, "index.md")
    if path.startswith(DOCS):
        return path.removeprefix(DOCS)
    suffix = Path(path).suffix
    return f"{path}.md" if suffix in LANGUAGES or suffix == ".ipynb" else path


def _made(path: str, config: MkDocsConfig) -> File:
    """Makes the file of the site that shows a file or folder of the repository."""
    there = site_path(path)
    if there.endswith(".md"):
        text = _markdown(path)
        aside = ASIDE if path.endswith((".md", ".ipynb")) else UNFOUND
        file = File.generated(config, there, content=text if path in ROOTS else aside + text)
    else:
        file = File.generated(config, there, abs_src_path=str(ROOT / path))
    if path not in ROOTS:
        file.inclusion = InclusionLevel.NOT_IN_NAV
    file.repository_path = path  # type: ignore[attr-defined]
    return file


def _markdown(path: str) -> str:
    """Returns a file or a folder of the repository as Markdown."""
    place = ROOT / path
    if place.is_dir():
        return _listing(path)
    text = place.read_text(encoding="utf-8")
    if place.suffix == ".md":
        return text if re.search(r"^# ", text, re.MULTILINE) else f"# {_spoken(path)}\n\n{text}"
    if place.suffix == ".ipynb":
        return "\n\n".join(_cells(json.loads(text)))
    fence = "`" * 4
    return f"# {path}\n\n{fence}{LANGUAGES[place.suffix]}\n{text.rstrip()}\n{fence}\n"


def _listing(path: str) -> str:
    """Lists the files of a folder that can be shown, each with its title."""
    suffixes = {".md", *LANGUAGES, ".ipynb"} - {""}
    inside = sorted(
        each for each in (ROOT / path).iterdir() if each.suffix in suffixes and not each.name.startswith(("_", "."))
    )
    rows = [f"- [{each.name}]({each.name}){_title(each)}" for each in inside]
    return f"# {path}\n\n" + "\n".join(rows) + "\n"


def _title(file: Path) -> str:
    first = next(iter(file.read_text(encoding="utf-8").splitlines()), "")
    return f": {first.removeprefix('# ')}" if file.suffix == ".md" and first.startswith("# ") else ""


def _spoken(path: str) -> str:
    return Path(path).stem.replace("_", " ").capitalize()


def _cells(notebook: dict[str, object]) -> Iterator[str]:
    """Returns the cells of a notebook as Markdown: what it says, what it runs, what that printed."""
    for cell in notebook["cells"]:  # type: ignore[attr-defined]
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield source
            continue
        yield f"```python\n{source}\n```"
        for output in cell.get("outputs", []):
            said = output.get("text") or output.get("data", {}).get("text/plain")
            if said:
                yield f"```text\n{''.join(said).rstrip()}\n```"


def _outside(text: str, path: str) -> list[str]:
    """Lists what a page of the repository links to outside docs/ and what exists."""
    found = [_led(match["target"], path)[0] for match in _links(text)]
    return [there for there in found if there and not there.startswith(DOCS)]


def _links(text: str) -> Iterator[re.Match[str]]:
    for line in _prose(text):
        yield from (match for match in _LINK.finditer(line) if match["target"])


def _prose(text: str) -> Iterator[str]:
    """Yields the lines that stand in no block of code."""
    for line, inside in _fenced(text):
        if not inside:
            yield line


def _fenced(text: str) -> Iterator[tuple[str, bool]]:
    """Yields every line, and whether it belongs to a block of code."""
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[2]
            yield line, True
        elif fence:
            yield line, True
            if mark and mark[2].startswith(fence) and line.strip() == mark[2]:
                fence = ""
        else:
            yield line, False


def _led(target: str, path: str) -> tuple[str | None, str]:
    """Returns the file or folder of the repository that a link of a page leads to (None if none), and its anchor."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
        return None, parts.fragment
    base = path if (ROOT / path).is_dir() else posixpath.dirname(path)
    there = posixpath.normpath(posixpath.join(base, parts.path))
    if (ROOT / there / HOME).is_file():
        there = posixpath.join(there, HOME)
    return (there if not there.startswith("..") and (ROOT / there).exists() else None), parts.fragment


def _turned(text: str, path: str) -> str:
    """Returns a page with its links turned; those inside docs/ from a page of docs/ stay as they are."""
    here = posixpath.dirname(site_path(path))

    def turn(match: re.Match[str]) -> str:
        if not match["target"]:
            return match[0]
        there, anchor = _led(match["target"], path)
        if there is None:
            return match[0]
        link = posixpath.relpath(page_of(there) or site_path(there), here or ".")
        return f"{match['open']}{link}{'#' + anchor if anchor else ''}"

    lines = [line if inside else _LINK.sub(turn, line) for line, inside in _fenced(text)]
    return "\n".join(lines)
