"""What a model says, and what of it is the text that was asked for.

`cleaner.AnswerCleaner` takes an answer in as it streams. What it is never given is what a person
typed: only a model's answers are cleaned.
"""
