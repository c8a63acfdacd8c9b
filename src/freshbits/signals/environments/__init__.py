"""Environments that answer over several turns: the protocol, games of our own, and adapters to others."""
