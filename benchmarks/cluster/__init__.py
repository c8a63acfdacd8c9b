"""What a Ray cluster costs and gives: two nodes on one machine against one process, and a run that loses a node."""
