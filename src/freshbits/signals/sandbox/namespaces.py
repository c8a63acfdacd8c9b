"""A jail from the kernel's namespaces alone, for machines without bubblewrap.

Runs on the way into the jail, so it imports the standard library alone.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from freshbits.signals.sandbox import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

NOBODY = 65534
_DEVICES = ("null", "zero", "full", "random", "urandom")
_GROUND = (
    "/tmp",
    "/var/tmp",
    "/mnt",
    "/media",
)  # any directory will do: the new root is mounted on it, unseen by others


def enter(binds: Sequence[tuple[str, str]], links: Sequence[tuple[str, str]], control: int) -> None:
    """Moves this process into new namespaces whose file system holds only what is named.

    Returns in a child, which is process 1 of its pid namespace, owns no directory outside and has no network. The
    process that called waits for the child and ends with it.

    Args:
        binds: sources and targets, shown read-only.
        links: targets and paths of symbolic links.
        control: descriptor that only the child keeps.
    """
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(kernel.NEW)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {uid} 1"),
        ("gid_map", f"{NOBODY} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="utf-8") as file:  # no other: an encoding is imported
            file.write(text)
    outside = os.getpid()
    child = os.fork()
    if child:
        os.close(control)
        os.waitpid(child, 0)
        os._exit(0)
    kernel.die_with_parent(outside)
    os.setsid()
    _build(binds, links)


def _build(binds: Sequence[tuple[str, str]], links: Sequence[tuple[str, str]]) -> None:
    held = [(os.open(source, os.O_PATH), target) for source, target in binds]
    root = next(path for path in _GROUND if os.path.isdir(path))
    devices = [(os.open(f"/dev/{name}", os.O_PATH), f"/dev/{name}") for name in _DEVICES]
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("none", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m,mode=755")
    os.chdir(root)
    os.umask(0o022)
    for path in ("dev", "proc", "tmp"):
        os.mkdir(path)
    for file, target in held + devices:
        place = target.lstrip("/")
        if os.path.isdir(f"/proc/self/fd/{file}"):
            os.makedirs(place, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
        kernel.mount(f"/proc/self/fd/{file}", place, "", kernel.MS_BIND | kernel.MS_REC)
        os.close(file)
    for target, path in links:
        os.symlink(target, path.lstrip("/"))
    for place in _below(root):
        _make_read_only(place)
    # Writable, for the zygote alone: every candidate finds an empty directory mounted over it.
    kernel.mount("proc", "proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    kernel.pivot_root(".", ".")
    kernel.unmount(".")
    os.chdir("/")


def _below(root: str) -> list[str]:
    """Lists what is mounted at and below a directory."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        places = [line.split()[4].replace("\\040", " ") for line in file]
    return [place for place in places if place == root or place.startswith(f"{root}/")]


def _make_read_only(place: str) -> None:
    # Flags that the outside has set are locked, and have to be named again.
    kept = os.statvfs(place).f_flag & (kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    device = place.partition("/dev/")[2] in _DEVICES
    more = kernel.MS_NOSUID if device else kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("none", place, "", kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | kept | more)
