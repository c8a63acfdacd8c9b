"""What of this machine's files a candidate sees: the system's programs and libraries, and Python."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

_SYSTEM = ("/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32")


@dataclass(frozen=True, slots=True)
class Places:
    """Holds the file system of a jail.

    Attributes:
        python: the interpreter to start inside, by its real path.
        binds: sources and targets, all shown read-only at their own paths.
        links: targets and paths of symbolic links.
        hidden: sources that an ordinary user cannot reach, such as `/root/.pyenv/…`.
    """

    python: str
    binds: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...]


def places() -> Places:
    """Finds what a jail needs to run this interpreter, and nothing else: /usr, and Python where it lies elsewhere.

    Of Python's own prefix only `bin` and `lib` are shown: a prefix may hold more (environments, packages' caches).

    >>> "/usr" in [source for source, _ in places().binds]
    True
    """
    python = Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()
    shown = [Path("/usr")]
    links: list[tuple[str, str]] = []
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            links.append((os.readlink(path), name))
        elif path.is_dir():
            shown.append(path)
    shown += [path for path in (Path("/etc/ld.so.cache"),) if path.is_file()]
    prefix = Path(sys.base_prefix).resolve()
    library = Path(os.__file__).resolve().parent
    wanted = (prefix / "bin", prefix / "lib", prefix / "lib64", python, library)
    for path in wanted:
        if path.exists() and not path.is_symlink() and not any(path.is_relative_to(above) for above in shown):
            shown.append(path)
    return Places(
        python=str(python),
        binds=tuple((str(path), str(path)) for path in shown),
        links=tuple(links),
        hidden=tuple(str(path) for path in shown if not _reachable(path)),
    )


def bubblewrap() -> str | None:
    """Finds the program `bwrap`."""
    return shutil.which("bwrap", path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin")


def _reachable(path: Path) -> bool:
    return all(above.stat().st_mode & stat.S_IXOTH for above in path.parents)
