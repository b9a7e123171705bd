"""Sentences for people, as by `prose.said`: this room may import nothing of ours."""


def said(template: str, **values: object) -> str:
    """Return the sentence: `template` with `values` at its named places, such as `%(words)s`.

    `make messages` finds the template by this function's name. Where the sentence is shown, also
    after it was stored or came from another process, `stories.telling` knows it again.
    """
    return template % values if values else template
