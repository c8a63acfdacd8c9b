"""The page as one HTML file: no network, no text of a log that is not escaped; reads results, computes nothing."""
