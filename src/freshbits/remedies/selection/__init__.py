"""Selection: which accepted rows to train on, what each brings, and with which probability it was taken."""
