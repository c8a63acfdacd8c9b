"""Files of one kind as raw columns: Parquet, JSON lines, JSON arrays, CSV and frames in memory."""
