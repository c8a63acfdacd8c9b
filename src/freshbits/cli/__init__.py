"""The command line: one module per command, loaded when it is called; the overview and the version load nothing.

Exit codes: 0 done, 1 a `--fail-on` condition holds, 2 bad input or usage. Colours and progress only for people.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` itself is a third of what the overview may cost
if TYPE_CHECKING:
    import typer

    app: typer.Typer

# Every command with the first line of its own help, in the order of the overview.
COMMANDS = {
    "audit": "Say what a rollout log proves, what it cannot say, and what to do next.",
    "compare": "Set signals side by side, best first: those of one log, or of several logs.",
    "label": "Draw the rollouts to label: fill in `truth` (1 right, 0 wrong), then `audit --labels FILE`.",
    "score": "Apply signals to the completions of a log; write its rows with NAME, NAME.evidence, NAME.origin.",
    "forecast": "Say what a loop will come to: from its log, or from numbers (--base-rate --tpr --fpr --keep …).",
    "check": "Say whether a declared loop is open or closed, by which path, and what will become of it.",
    "run": "Run a loop: generate, score, train, again; every round on disk, whole, with what it offered.",
    "control": "Say what each source would score if all wrote alike: length and style held equal.",
    "rebalance": "Keep the rows among which a feature says nothing about the verdict: "
    "data a learner cannot hack with it.",
    "select": "Keep the accepted rows that say something new: "
    "every prompt, then new answers, then new texts, repeats last.",
    "allocate": "Choose the next round's prompts by expected contrast "
    "under a calibrated belief about their pass rates.",
    "plan": "Rank ways to train on the signals at hand by expected task bits per cost, and project where they lead.",
    "report": "Write the page of a stored report: one HTML file that needs no network.",
    "formats": "List the formats that are read, and what each can and cannot tell; of one format its traps in full.",
}


def main() -> None:
    """Runs the command line; bad input prints one sentence and exits with code 2."""
    words = sys.argv[1:]
    try:
        if not words or words[0] == "--help":
            from freshbits.cli.overview import overview

            (sys.stdout if words else sys.stderr).write(overview(COMMANDS))
            sys.exit(0 if words else 2)
        if words[0] == "--version":
            from freshbits.version import __version__

            sys.stdout.write(__version__ + "\n")
            sys.exit(0)
        _run(words[0])
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _run(command: str) -> None:
    """Runs one command, with the others unloaded; a word that is none is named among all of them."""
    import signal

    from freshbits.cli.commands import group
    from freshbits.errors import FreshbitsError

    # A program that is told to end removes its temporary files, as it does when a person interrupts it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        group([command] if command in COMMANDS else COMMANDS)()
    except FreshbitsError as error:
        sys.stderr.write(f"freshbits: {error}\n")
        sys.exit(2)


def __getattr__(name: str) -> object:
    """Builds `app`, the group of all commands, for whoever asks for it."""
    if name != "app":
        raise AttributeError(f"module 'freshbits.cli' has no attribute {name!r}")
    from freshbits.cli.commands import group

    return group(COMMANDS)
