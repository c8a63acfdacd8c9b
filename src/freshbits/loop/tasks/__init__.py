"""Tasks of loops: prompts, what is right, and, where answers can be listed, all of them."""
