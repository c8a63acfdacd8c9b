"""Any log of rollouts → one canonical lazy frame: readers, units, labels; it judges nothing."""
