"""The refusal to run code without a sandbox."""

from __future__ import annotations

from freshbits.errors import InputError

MEND = (
    "install bubblewrap (apt install bubblewrap); where the system forbids user namespaces (Ubuntu 24.04), load the "
    "AppArmor profile of bwrap or run `sysctl kernel.apparmor_restrict_unprivileged_userns=0`; in a container, allow "
    "unshare and mount"
)


class SandboxUnavailableError(InputError):
    """Says that no sandbox holds on this machine, so that no model-written code is run.

    >>> "install bubblewrap" in str(SandboxUnavailableError("no sandbox holds here"))
    True
    """

    def __init__(self, problem: str, *, mend: str = MEND) -> None:
        super().__init__(problem, mend=mend)
