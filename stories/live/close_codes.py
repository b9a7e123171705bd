"""Why the server closes a websocket: codes of the application's own range (RFC 6455, 7.4.2).

1011 is not for applications, and 1000 says that all is well. Plain numbers: Autobahn, under daphne,
refuses to close with a member of an `IntEnum`.
"""

SIGNED_OUT = 4401  # the session has ended
STALLED = 4408  # the client does not take in what it is sent; it can attach again where it is
TOO_MANY = 4429  # the user has too many sockets; one more can be had when another is closed
FAULT = 4500  # ours
