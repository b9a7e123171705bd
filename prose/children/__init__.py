"""What a text has in it that is not for children, and how hard it is to read: found, not judged.

English only. What is found is told to people, who decide; nothing is ever changed by it.
"""
