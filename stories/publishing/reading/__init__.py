"""Files that a person brings, read as stories: bounded, and never executed or looked up."""
