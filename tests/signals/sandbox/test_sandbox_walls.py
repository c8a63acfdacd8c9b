"""No hostile act gets through, at any level; each of them does where there is no wall."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

import freshbits
from freshbits.errors import InputError
from freshbits.signals.sandbox import Sandbox, SandboxUnavailableError, attacks, pool, selfcheck
from freshbits.signals.sandbox.places import places
from freshbits.signals.sandbox.selfcheck import Attack, escapes, standard

pytestmark = pytest.mark.sandbox

SRC = Path(freshbits.__file__).parents[1]

# Not run bare: they would mount, fill or outlive for real.
ONLY_INSIDE = {"honest", "mount", "fill_disk", "leave_daemon", "memory_bomb", "trace", "read_memory", "write_anywhere"}


def test_every_attack_is_held(level):
    with ExitStack() as stack:
        attempts = [
            *standard(stack),
            Attack("remove_priority"),
            Attack("new_keys"),
        ]
        found = escapes(level, attempts)
    assert len(found) == len(attempts) > 20
    assert {name: what for name, what in found.items() if what} == {}


def test_the_attacks_do_harm_where_no_wall_stands():
    with ExitStack() as stack:
        tried = [attack for attack in standard(stack) if attack.name not in ONLY_INSIDE]
        calls = [["connect" if each.name.startswith("connect") else each.name, list(each.args)] for each in tried]
        calls = [[name, [20] if name == "fork_bomb" else args] for name, args in calls]
        code = (
            f"{attacks.SOURCE}\nimport json\n"
            "for name, args in json.loads(sys.argv[1]): print(json.dumps([name, globals()[name](*args)]), flush=True)"
        )
        run = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code, json.dumps(calls)], capture_output=True, text=True, check=True
        )
    found = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(found) == len(calls) > 10
    harmless = {name for name, value in found if value is False or (name == "fork_bomb" and value < 20)}
    allowed = {"make_namespace"}  # some systems refuse it to everybody
    if os.getuid():
        allowed |= {"become_root", "raise_limits"}
    assert harmless <= allowed


def test_a_level_whose_wall_has_a_hole_is_refused(level, monkeypatch):
    whole = places()
    holed = type(whole)(whole.python, (*whole.binds, ("/var/tmp", "/var/tmp")), whole.links, whole.hidden)
    monkeypatch.setattr(pool, "places", lambda: holed)
    monkeypatch.setattr(selfcheck, "_problems", {})
    with pytest.raises(SandboxUnavailableError, match=r"it does not hold: read_file \(ok True\)"):
        _ = Sandbox(level).level


def test_a_level_that_fails_is_passed_over_and_none_left_is_refused(monkeypatch):
    monkeypatch.setattr(selfcheck, "_problems", {"bubblewrap": "bwrap is not installed", "namespaces": ""})
    assert Sandbox().level == "namespaces"
    with pytest.raises(SandboxUnavailableError, match="bwrap is not installed"):
        Sandbox("bubblewrap").load("")
    monkeypatch.setattr(selfcheck, "_problems", {"bubblewrap": "uid map", "namespaces": "unshare: not permitted"})
    with pytest.raises(InputError, match=r"bubblewrap: uid map; namespaces: unshare.*apt install bubblewrap"):
        Sandbox().run("print(1)")


def test_without_bubblewrap_the_next_level_is_tried(monkeypatch):
    monkeypatch.setattr(selfcheck, "_problems", {"namespaces": ""})
    monkeypatch.setattr(selfcheck, "bubblewrap", lambda: None)
    assert Sandbox().level == "namespaces"
    assert selfcheck.why_not("bubblewrap") == "bwrap is not installed"


def test_another_system_or_processor_is_refused(monkeypatch):
    monkeypatch.setattr(selfcheck, "_problems", {})
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SandboxUnavailableError, match="only Linux"):
        _ = Sandbox().level
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(selfcheck, "_problems", {})
    monkeypatch.setattr("freshbits.signals.sandbox.kernel.machine", lambda: "riscv64")
    with pytest.raises(SandboxUnavailableError, match="riscv64"):
        _ = Sandbox().level


def test_an_unknown_level_and_no_workers_are_bad_input():
    with pytest.raises(InputError, match="no sandbox is called 'docker'"):
        Sandbox("docker")
    with pytest.raises(InputError, match="at least 1"):
        Sandbox(workers=0)


AS_ORDINARY = """
import sys
from freshbits.signals.sandbox import Sandbox
from freshbits.signals.sandbox.selfcheck import why_not
level = sys.argv[1]
print(why_not(level) or "holds")
with Sandbox(level, workers=2) as sandbox, sandbox.load("import os\\ndef f(): return os.getuid()") as jail:
    print(jail.call("f").value, sandbox.run("print(input())", "hello").stdout.strip())
"""


def test_it_holds_for_an_ordinary_user_too(level):
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    asked = [str(python), "-c", "import sys; print(sys.version_info >= (3, 11))"]
    if os.getuid() or not python or subprocess.run(asked, capture_output=True, check=True).stdout != b"True\n":
        pytest.skip("needs root to become somebody, and a Python 3.11 that everybody can read")
    if not all(parent.stat().st_mode & 1 for parent in SRC.parents):
        pytest.skip("the package lies where only its owner can read")
    run = subprocess.run(
        [python, "-c", AS_ORDINARY, level],
        user=12345,
        group=12345,
        extra_groups=[],
        cwd="/",
        env={"PYTHONPATH": str(SRC), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.stderr) == ("holds\n65534 hello\n", "")
