"""The languages of the pages: the choice of one, and what scripts and sockets need to speak it."""
