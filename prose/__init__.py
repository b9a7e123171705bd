"""The craft of text, in plain Python: prompts, reports, titles, diffs, sentences, passages.

Imports nothing of ours and no Django: the app, the trainer and pocket share it.
"""
