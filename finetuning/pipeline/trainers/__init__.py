"""TRL's trainers, as we use them; imported inside functions, after the backend is chosen."""
