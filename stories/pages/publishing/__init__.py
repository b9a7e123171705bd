"""The pages where stories leave as files, come in from files, and are read by a link."""
