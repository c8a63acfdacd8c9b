"""The way into the jail: gives up root, then becomes bubblewrap or enters namespaces of its own.

Runs in a fresh interpreter before the jail's walls stand, so it imports the standard library alone.
"""

from __future__ import annotations

import os
from typing import Any

from freshbits.signals.sandbox import kernel, namespaces, zygote

_GROUND = ("/mnt", "/media", "/srv", "/var/tmp")

ENVIRONMENT = {"PYTHONHASHSEED": "0"}  # of the interpreter inside, which forgets it once it has started


def main(plan: dict[str, Any]) -> None:
    """Follows the plan that `pool` wrote; ends as the zygote inside the jail."""
    binds = [(source, target) for source, target in plan["binds"]]
    links = [(target, path) for target, path in plan["links"]]
    if os.getuid() == 0:
        # The limit on processes does not bind root, even inside a user namespace: be somebody else.
        binds = _within_reach(binds, plan["hidden"])
        os.setgroups([])
        os.setresgid(namespaces.NOBODY, namespaces.NOBODY, namespaces.NOBODY)
        os.setresuid(namespaces.NOBODY, namespaces.NOBODY, namespaces.NOBODY)
        kernel.allow_maps()
    kernel.die_with_parent(plan["parent"])
    if plan["level"] == "bubblewrap":
        os.execve(plan["bubblewrap"], [*_bubblewrap(binds, links), *plan["python"]], {})
    namespaces.enter(binds, links, plan["control"])
    zygote.main(plan["control"])


def _within_reach(binds: list[tuple[str, str]], hidden: list[str]) -> list[tuple[str, str]]:
    """Shows directories that lie below root's own (`/root/.pyenv`) at a place that everybody reaches.

    Only in a mount namespace of this process: nothing changes outside.
    """
    if not hidden:
        return binds
    kernel.unshare(kernel.NEW_NS)
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_SLAVE)
    ground = next(path for path in _GROUND if os.path.isdir(path))
    held = [(os.open(source, os.O_PATH), target) for source, target in binds if source in hidden]
    kernel.mount("none", ground, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=64k,mode=755")
    shown = [(source, target) for source, target in binds if source not in hidden]
    for number, (file, target) in enumerate(held):
        place = f"{ground}/{number}"
        if os.path.isdir(f"/proc/self/fd/{file}"):
            os.mkdir(place, 0o755)
        else:
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o644))
        kernel.mount(f"/proc/self/fd/{file}", place, "", kernel.MS_BIND)
        os.close(file)
        shown.append((place, target))
    return shown


def _bubblewrap(binds: list[tuple[str, str]], links: list[tuple[str, str]]) -> list[str]:
    nobody = str(namespaces.NOBODY)
    command = ["bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    command += ["--uid", nobody, "--gid", nobody]
    # The zygote makes namespaces for each candidate and drops capabilities there; a candidate has none.
    command += ["--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETPCAP"]
    for source, target in binds:
        command += ["--ro-bind", source, target]
    for target, path in links:
        command += ["--symlink", target, path]
    command += ["--dev", "/dev", "--remount-ro", "/dev", "--proc", "/proc", "--dir", "/tmp", "--chdir", "/tmp"]
    for name, value in ENVIRONMENT.items():
        command += ["--setenv", name, value]
    return [*command, "--remount-ro", "/", "--"]
