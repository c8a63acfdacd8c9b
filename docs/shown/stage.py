"""Goes through a document from top to bottom in one folder, and puts in what is shown now."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import textwrap
from pathlib import Path

from shown.blocks import PLACE, SHELL, Block, PageError, block_of, commands
from shown.check import checked, options_exist
from shown.places import figures, quoted, tabled
from shown.rerun import chosen, run, session
from shown.stand_ins import make, trainers

_PRINTED: dict[str, str] = {}


class Stage:
    """The folder of one document, what its commands printed, the names of its sessions."""

    def __init__(self, folder: Path) -> None:
        """Takes the folder; the public logs, where they are, are linked into it when first asked for."""
        self.folder = folder
        self.names: dict[str, object] = {}
        self.printed: dict[str, str] = {}

    def now(self, text: str) -> str:
        """Returns the document with every place as it comes out now."""
        return PLACE.sub(self._place, text)

    def _place(self, place: re.Match[str]) -> str:
        if place["ticks"]:
            return self._fenced(place, block_of(place))
        comment = place[0].split("\n", 1)[0]
        if place["files"]:
            make(place["files"], self.folder)
            return place[0]
        if place["table"]:
            return f"{comment}\n{tabled(place['table'], place['columns'], place['rows'])}"
        if place["numbers"]:
            return f"{comment}\n{figures(place['numbers'], place['places'])}"
        return f"{comment}\n> {quoted(place['file'], place['opening'])}\n"

    def _fenced(self, place: re.Match[str], block: Block) -> str:
        shown = block.body
        try:
            if block.mode == "rerun":
                shown = self._rerun(block)
            elif block.mode == "executed":
                self._execute(block)
            elif block.mode == "checked":
                if block.mark == "file":
                    (self.folder / block.said).parent.mkdir(parents=True, exist_ok=True)
                    (self.folder / block.said).write_text(block.body, encoding="utf-8")
                checked(block)
            elif block.mode == "not run" and block.language in SHELL:
                options_exist(commands(block.body))
        except PageError as problem:
            raise PageError(f"line {block.line}: {problem}") from None
        if shown == block.body:
            return place[0]
        return place[0].replace(place["body"], textwrap.indent(shown, block.indent))

    def _rerun(self, block: Block) -> str:
        if block.mark == "session":
            return session(block.body, self.names, self.folder)
        if block.mark == "public" and not self._linked():
            return block.body
        parts = []
        asked = commands(block.body)
        for command in asked:
            if command not in self.printed:
                self.printed[command] = self._shared(command)
            printed = self.printed[command]
            if block.said and command == asked[-1]:
                printed = chosen(printed, [opening.strip() for opening in block.said.split("|")])
            parts.append(f"$ {command}\n{printed}")
        return "".join(parts)

    def _shared(self, command: str) -> str:
        """Runs a command, once for all pages whose folders hold the same where it only reads."""
        if not command.startswith("freshbits audit") or re.search(r" (-o|--json|--html) ", command):
            return run(command, self.folder)
        held = hashlib.blake2b()
        for file in sorted(file for file in self.folder.rglob("*") if file.is_file() and not file.is_symlink()):
            held.update(str(file.relative_to(self.folder)).encode() + file.read_bytes())
        key = f"{command} {held.hexdigest()} {bool(os.environ.get('FRESHBITS_DATA'))}"
        if key not in _PRINTED:
            _PRINTED[key] = run(command, self.folder)
        return _PRINTED[key]

    def _execute(self, block: Block) -> None:
        if block.language == "python":
            with contextlib.chdir(self.folder), trainers() as known:
                exec(compile(block.body, f"line {block.line}", "exec"), {**known, **self.names})
            return
        for command in commands(block.body):
            self.printed[command] = run(command, self.folder)

    def _linked(self) -> bool:
        """Links the public logs into the folder; False where the machine has none."""
        place = os.environ.get("FRESHBITS_DATA")
        for file in Path(place).iterdir() if place else ():
            if not (self.folder / file.name).exists():
                (self.folder / file.name).symlink_to(file)
        return bool(place)
