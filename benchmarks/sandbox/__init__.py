"""Attacks, wrong-on-purpose candidates and costs of the sandbox, at every level that this machine offers."""
