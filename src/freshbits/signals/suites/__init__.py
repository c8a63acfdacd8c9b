"""What a set of unit tests is, how a completion becomes a program, and how one is run against the other."""
