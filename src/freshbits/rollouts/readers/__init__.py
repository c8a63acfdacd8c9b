"""One module per log format, all of one shape: CARD, recognise(glimpse) and open_log(place, options, problems)."""
