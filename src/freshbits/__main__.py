"""Runs the command line as `python -m freshbits`."""

from freshbits.cli import main

main()
