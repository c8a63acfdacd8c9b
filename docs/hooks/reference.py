"""Makes the reference: a page per group of public names, a page per module of the rooms that hold formulas.

Nothing is written by hand but the grouping. A public name that stands in no group stops the build.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

import freshbits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

SRC = Path(freshbits.__file__).parent
FOLDER = "reference/"

PUBLIC = {
    "Read and audit": ("read", "audit", "compare", "page", "Log", "ReadOptions"),
    "Score and label": ("score", "label"),
    "Spend and repair": ("allocate", "Allocator", "select", "plan", "rebalance", "control"),
    "Loops": ("forecast", "Loop", "check", "run"),
    "Results and errors": ("Audit", "Comparison", "Estimate", "FreshbitsError", "InputError"),
}
UNSHOWN = {"__version__"}  # a string

# Title -> what the pages below it show: a package by its modules, or modules by name.
ROOMS = {
    "information": ("information",),
    "dynamics": ("dynamics",),
    "probes": ("probes",),
    "results": ("results", "described", "raced", "telling", "compared", "controlled", "rebalanced", "allocated",
                "selected", "planned", "errors"),
    "signals": ("signals.signal",),
    "integrations": ("integrations",),
}  # fmt: skip
ABOUT = {
    "information": "Arrays in, estimates out: the statistics, each with its formula, unit and source.",
    "dynamics": "Populations over rounds: laws of drift and selection, and their fits to logs.",
    "probes": "Small learners that read texts once.",
    "results": "What the commands and functions return: frozen, JSON both ways.",
    "signals": "What a signal of your own has to offer.",
    "integrations": "Hooks for trainers.",
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Puts the pages of the reference in the place of `reference/` in the navigation."""
    for entry in config.nav or []:
        for title, inside in entry.items():
            if isinstance(inside, list) and FOLDER in inside:
                at = inside.index(FOLDER)
                entry[title] = [*inside[:at], *_navigation(), *inside[at + 1 :]]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages of the reference."""
    for path, text in _pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def page_of(path: str) -> str | None:
    """Returns the page of the reference about a module, given where it stands in the repository; None if none is.

    >>> page_of("src/freshbits/information/mixing.py")
    'reference/information/mixing.md'
    >>> page_of("src/freshbits/auditing.py")
    """
    return next((page for page, module in _places().items() if path == f"src/freshbits/{module}.py"), None)


def modules() -> list[str]:
    """Lists where the modules that have a page stand in the repository: their source is shown too."""
    return [f"src/freshbits/{module}.py" for module in _places().values()]


@cache
def _places() -> dict[str, str]:
    """Returns the page of every module that has one, and where the module stands."""
    places = {name: name.replace(".", "/") for room in ROOMS for name in _modules(room)}
    return {f"{FOLDER}{place}.md": place for place in places.values()}


def _navigation() -> Iterator[str | dict[str, object]]:
    yield f"{FOLDER}index.md"
    for title in PUBLIC:
        yield {title: f"{FOLDER}{_slug(title)}.md"}
    for room in ROOMS:
        modules = [{name.rpartition(".")[2]: f"{FOLDER}{name.replace('.', '/')}.md"} for name in _modules(room)]
        yield {room: [f"{FOLDER}{room}/index.md", *modules]}


def _pages() -> dict[str, str]:
    grouped = {name for names in PUBLIC.values() for name in names}
    if missing := set(freshbits.__all__) - grouped - UNSHOWN:
        raise SystemExit(f"docs/hooks/reference.py: public names in no group: {', '.join(sorted(missing))}")
    if gone := grouped - set(freshbits.__all__):
        raise SystemExit(f"docs/hooks/reference.py: not public any more: {', '.join(sorted(gone))}")
    pages = {f"{FOLDER}index.md": _index()}
    for title, names in PUBLIC.items():
        shown = "\n\n".join(f"::: freshbits.{name}" for name in names)
        pages[f"{FOLDER}{_slug(title)}.md"] = f"# {title}\n\n`import freshbits as fb`\n\n{shown}\n"
    for room in ROOMS:
        rows = [f"| [{name}](../{name.replace('.', '/')}.md) | {_opening(name)} |" for name in _modules(room)]
        table = "\n".join(["| module | what it is about |", "| --- | --- |", *rows])
        pages[f"{FOLDER}{room}/index.md"] = f"# {room}\n\n{ABOUT[room]}\n\n{table}\n"
        for name in _modules(room):
            options = "    options: {show_root_heading: false, show_root_toc_entry: false}"
            place = name.replace(".", "/")
            source = f"[The source]({'../' * (1 + place.count('/'))}src/freshbits/{place}.py.md)"
            pages[f"{FOLDER}{place}.md"] = f"# {name}\n\n::: freshbits.{name}\n{options}\n\n{source}\n"
    return pages


def _index() -> str:
    """Writes the first page of the reference: every public name with what it does."""
    parts = ["# Reference", "The public names, after `import freshbits as fb`:"]
    for title, names in PUBLIC.items():
        links = ", ".join(f"[`fb.{name}`][freshbits.{name}]" for name in names)
        parts.append(f"**[{title}]({_slug(title)}.md)**: {links}")
    parts.append("The rooms with the formulas, and what results are made of:")
    parts.append("\n".join(f"- [{room}]({room}/index.md): {ABOUT[room]}" for room in ROOMS))
    return "\n\n".join(parts) + "\n"


def _modules(room: str) -> list[str]:
    """Lists the modules of a room that hold anything public, by name without `freshbits.`."""
    found: list[str] = []
    for name in ROOMS[room]:
        place = SRC / name.replace(".", "/")
        if place.is_dir():
            found += [f"{name}.{file.stem}" for file in sorted(place.glob("*.py")) if _holds(file)]
        else:
            found.append(name)
    return found


def _holds(file: Path) -> bool:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return any(
        isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_") for node in tree.body
    )


def _opening(name: str) -> str:
    """Returns the first sentence of a module's docstring."""
    tree = ast.parse((SRC / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").split("\n")[0].replace("|", "\\|")


def _slug(title: str) -> str:
    return title.lower().replace(" ", "-")
