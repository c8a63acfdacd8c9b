"""How well pass rates of prompts are predicted that were never tried."""
