"""The embedded Ollama: its HTTP API over llama.cpp, for small models on this machine.

`store` keeps models on disk, `engine` runs them, `api` speaks HTTP, `app` puts them together.
"""
