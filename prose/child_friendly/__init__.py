"""Whether a text is for children: word lists with their context, and a small linear classifier.

English only. What it finds is shown, and changes nothing.
"""
