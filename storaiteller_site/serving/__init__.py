"""The processes of an installation: their supervisor, the web server, the worker's queue, beat."""
