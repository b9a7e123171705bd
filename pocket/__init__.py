"""The embedded Ollama: a small server with a small model that we trained ourselves."""
