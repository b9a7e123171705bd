"""The websocket of a story: commands in, the text of what is being written out."""
