"""What tells an operator how it is doing: the probes, and the id that log lines share."""
