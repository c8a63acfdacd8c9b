"""Pages and pictures that are made from the package are as it is now: the commands, the house."""

from __future__ import annotations

import doctest
import importlib.util
import re
import sys
from pathlib import Path

import networkx as nx
import pytest

from freshbits.cli import COMMANDS

ROOT = Path(__file__).parents[2]


def loaded(name: str):
    spec = importlib.util.spec_from_file_location(f"made_{Path(name).name}", ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def house():
    return loaded("house")


@pytest.fixture(scope="module")
def graph(house):
    return house.imports()


def test_the_page_of_the_commands_is_their_help():
    commands = loaded("commands")
    shown = commands.PAGE.read_text(encoding="utf-8")
    assert shown == commands.page(), "run `make pages`"
    assert re.findall(r"^## ([a-z]+)$", shown, re.MULTILINE) == list(COMMANDS)
    assert "| 2 | bad input or usage |" in shown


def test_the_page_of_the_commands_says_what_the_command_line_prints(freshbits):
    shown = loaded("commands").PAGE.read_text(encoding="utf-8")
    for command in COMMANDS:
        printed = freshbits(command, "--help").out
        part = shown.split(f"\n## {command}\n")[1].split("\n## ")[0]
        for option in re.findall(r"^  (?:-\w, )?(--[\w-]+)", printed, re.MULTILINE):
            assert option in part or option == "--help", f"{command} {option}"


def test_the_house_is_drawn_as_it_stands(house, graph):
    assert house.FILE.read_text(encoding="utf-8") == house.drawing(graph), "run `make pages`"


def test_every_room_is_drawn_and_stands_above_what_it_imports(house, graph):
    assert nx.is_directed_acyclic_graph(graph)
    drawn = house.FILE.read_text(encoding="utf-8")
    boxes = re.findall(r'<rect class="box" x="\d+" y="(\d+)"[^>]*/><text class="name"[^>]*>(\w+)<', drawn)
    heights = {name: int(y) for y, name in boxes}
    assert set(house.ROOMS) <= set(heights)
    for above, below in graph.edges:
        if below in house.ROOMS:
            assert heights[above] < heights[below], f"{above} imports {below}"


def test_a_line_stands_for_every_import_that_does_not_follow_from_others(house, graph):
    lines = house.FILE.read_text(encoding="utf-8").count('class="line"')
    followed = {(a, b) for a, b in graph.edges if any(nx.has_path(graph, c, b) for c in graph.successors(a) if c != b)}
    assert lines == graph.number_of_edges() - len(followed)


def test_a_room_that_nobody_describes_stops_the_drawing(house, monkeypatch):
    monkeypatch.delitem(house.ROOMS, "tally")
    with pytest.raises(SystemExit, match="give the room tally"):
        house.imports()


@pytest.mark.parametrize("name", ["commands", "schema", "hooks/docstrings", "hooks/reference", "hooks/repository"])
def test_the_examples_of_what_makes_pages_hold(name, monkeypatch):
    pytest.importorskip("mkdocs", reason="the extra docs is not installed")
    monkeypatch.setattr(sys, "path", [str(ROOT / "docs" / "hooks"), *sys.path])
    ran = doctest.testmod(loaded(name))
    assert ran.attempted
    assert not ran.failed
