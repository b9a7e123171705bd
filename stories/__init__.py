"""The story library and the writing: models, forms, prompts, generation and the pages."""
