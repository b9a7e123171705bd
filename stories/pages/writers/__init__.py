"""Which model writes a story: the choice, what there is to choose from, the way to a better one."""
