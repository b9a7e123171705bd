"""How the pocket model is made: trained on the corpus, converted, measured, described in a card.

Nothing of it runs when pocket serves.
"""
