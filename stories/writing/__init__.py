"""A generation from the click to the last token.

`requests` makes the row and what is sent, `queue` gives it a slot or a place in line, `waiting`
keeps the place and tells of it, `runner` writes the text into the log as a task of its
own, `finishing` stores the outcome, `recovery` closes the rows of processes that died. The sockets
only follow the log: closing the page stops nothing.
"""
