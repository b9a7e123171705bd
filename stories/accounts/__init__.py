"""Coming and going: who may open an account, and what goes with one that is deleted."""
