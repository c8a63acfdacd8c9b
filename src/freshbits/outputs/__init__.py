"""What a completion is: its answer class, its features, its place in the model's own votes."""
