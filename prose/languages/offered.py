"""The languages that a story can be asked for in, by their codes, as the prompt names them.

A prompt's wording is a contract: no name here changes once there are stories. English has no code
of its own among settings: it is what a prompt is in that says nothing of a language.
"""

# BCP 47, in small letters, in the order of their own names. Llama 3.2 is made for German, French,
# Italian, Portuguese, Spanish, Hindi and Thai; larger models write the others too.
NAMES = {
    "id": "Indonesian",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "hu": "Hungarian",
    "nl": "Dutch",
    "nb": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "fi": "Finnish",
    "sv": "Swedish",
    "vi": "Vietnamese",
    "tr": "Turkish",
    "el": "Greek",
    "ru": "Russian",
    "uk": "Ukrainian",
    "he": "Hebrew",
    "ar": "Arabic",
    "hi": "Hindi",
    "th": "Thai",
    "zh-hans": "Simplified Chinese",
    "ja": "Japanese",
    "ko": "Korean",
}
# Their words take more tokens than those in Latin letters.
OTHER_SCRIPTS = frozenset({"el", "ru", "uk", "he", "ar", "hi", "th", "zh-hans", "ja", "ko"})
CODES = {name: code for code, name in NAMES.items()}
# Of `recognition`, which does not tell the two kinds of Chinese apart.
_CHINESE = "zh-hans"


def offered(code: str) -> str:
    """Return the one of `NAMES` that the language `code` is; empty for English and all others."""
    code = code.lower()
    if code in NAMES:
        return code
    base = code.partition("-")[0]
    return base if base in NAMES else _CHINESE if base == "zh" else ""
