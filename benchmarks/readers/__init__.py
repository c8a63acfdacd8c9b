"""Every reader on a generated log of a known world, against the raw decoding of the same file."""
