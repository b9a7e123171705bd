"""Several model servers: which of them writes a story, and what becomes of it when one dies."""
