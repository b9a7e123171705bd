"""The loop: approved stories fine-tune the model, the result is measured, a person promotes it."""
