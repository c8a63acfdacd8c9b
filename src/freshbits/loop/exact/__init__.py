"""Worlds small enough to be enumerated: bits held, offered and injected, without an estimate anywhere."""
