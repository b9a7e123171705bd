"""Sign-in by OpenID Connect: a school's or a company's accounts, whose groups decide the rights.

The way from the button to the session is allauth's; what it leaves out of OpenID Connect Core is
checked here. Where it is off, nothing of it is imported but the settings and the routes.
"""
