"""Stories as files: written in the formats that other programs open, and read from them.

Plain functions from texts to bytes and back; no Django, no database. `formats` lists what is
written, `reading` takes what a person brings.
"""
