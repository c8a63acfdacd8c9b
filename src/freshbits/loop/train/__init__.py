"""Training inside a round, through TRL: supervised on chosen rows, or group-relative on scored ones."""
