"""How CPU time and memory of an audit grow with the log, and what other engines take for a part of it."""
