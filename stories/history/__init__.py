"""A writer's library and the history of each text: versions, undo, where it comes from, curation.

`versions` is the one place where a text changes.
"""
