"""Features of surface form: partitions of outputs other than their answer."""
