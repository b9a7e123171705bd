"""Which language a chat template is in.

Ollama takes Go templates and, from 0.30 on, tells of the Jinja ones that lie in models' files.
"""

import re

# What a Go template's action may begin with: a field, a variable, a value, or one of these words.
_WORDS = frozenset(
    {
        *("if", "else", "end", "range", "break", "continue", "with", "define", "template", "block"),
        *("nil", "true", "false", "and", "or", "not", "eq", "ge", "gt", "le", "lt", "ne", "call"),
        *("html", "index", "js", "len", "print", "printf", "println", "slice", "urlquery"),
        *("json", "currentDate", "yesterdayDate", "toTypeScriptType"),
    }
)
_ACTION = re.compile(r"\{\{-?\s{0,40}(?:(/\*|[.$(\"`])|([A-Za-z_]\w{0,40}))?")


def is_go(template: str) -> bool:
    """Tell whether `template` is in Go's language, as far as can be seen; an empty one is not."""
    if not template or "{%" in template or "{#" in template:
        return False
    return all(sign or word in _WORDS for sign, word in _ACTION.findall(template))
