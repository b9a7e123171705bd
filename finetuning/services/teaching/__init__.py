"""The loop as people see it: where it stands, a story before its curator, advice on a run."""
