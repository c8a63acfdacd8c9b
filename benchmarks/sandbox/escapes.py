"""The escape matrix: every attack at every level that this machine offers, and where no wall stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from freshbits.signals.sandbox import attacks
from freshbits.signals.sandbox.selfcheck import Attack, escapes, standard

if TYPE_CHECKING:
    from collections.abc import Sequence

FURTHER = (Attack("remove_priority"), Attack("new_keys"))

# What would mount, fill or outlive on this machine for real is not run without a wall.
NOT_BARE = ("honest", "mount", "fill_disk", "leave_daemon", "memory_bomb", "trace", "read_memory", "write_anywhere")


def matrix(levels: Sequence[str]) -> list[dict[str, str]]:
    """Runs all attacks; one row per attack: "held" or what happened, per level and bare."""
    with ExitStack() as stack:
        tried = [*standard(stack), *FURTHER]
        rows = [{"attack": each.name, "bare": _bare(each)} for each in tried]
        for level in levels:
            found = escapes(level, tried)
            for row in rows:
                row[level] = found[row["attack"]] or "held"
    return rows


def _bare(attack: Attack) -> str:
    """Runs one attack in a plain subprocess."""
    if attack.name in NOT_BARE:
        return "not run"
    name = "connect" if attack.name.startswith("connect") else attack.name
    args = [20] if name == "fork_bomb" else list(attack.args)
    code = f"{attacks.SOURCE}\nimport json\nprint(json.dumps({name}(*json.loads(sys.argv[1]))))"
    command = [sys.executable, "-I", "-S", "-c", code, json.dumps(args)]
    run = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
    value = json.loads(run.stdout or "null")
    return "succeeded" if value not in (False, None, [], 0) else "failed"
