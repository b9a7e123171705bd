"""A generation from the click to the last token.

`rates` counts the click, `opening` makes the row (`rewrites` that of a passage, of what
`rewrite_request` cuts and words), and `line` gives it a slot or a place. `turns` keeps the place
until its turn and hands it to the `runner`, a task that writes what the `assignments` say into the
`textlog`; `checkpoints` store the text every second, and `finishing` the outcome. `recovery` closes
the rows of processes that died, `hub` carries the word to stop and that the line has moved, and
`background` holds the tasks. The sockets only follow the log: closing the page stops nothing. What
a rewrite came to waits in `rewrites` for Keep or Discard.
"""
