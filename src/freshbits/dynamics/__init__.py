"""How shares of answers change over rounds: laws of populations, as pure functions of arrays."""
