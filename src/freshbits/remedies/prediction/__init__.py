"""How likely the model is to pass each prompt, seen or not, and how much that belief is worth."""
