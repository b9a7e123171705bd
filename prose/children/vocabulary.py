"""Words that no story for a child has, whatever stands around them.

The coarse ones and the slurs are kept as digests: whoever reads this file need not read them.
"""

import hashlib
import re

_PLAIN = {
    "drugs": (
        "cocaine heroin methamphetamine amphetamine amphetamines fentanyl ketamine marijuana "
        "hashish cannabis opium morphine overdose overdosed overdosing bong bongs"
    ),
    "self-harm": "suicide suicides suicidal self-harm self-harming self-harmed",
    "sexual": "brothel brothels prostitute prostitutes striptease erotic orgy orgies",
    "violence": "disembowelled decapitated decapitation massacre massacred rapist raped",
    "hate": "untermensch untermenschen subhuman",
}
# The first twelve hexadecimal digits of SHA-256 of the word in small letters.
_DIGESTS = {
    "hate": (
        "044eb98b1876 08a841e99678 0ce875d62007 120f6e5b4ea3 158869a97379 16ea09fc78ca "
        "17a110e53328 17bde8b40646 1802d081455e 1e02eec4f109 22fc75e65a0e 268651b3ece9 "
        "27a62b68179c 333f76180929 341d56384afc 3b1e0d7c5dd4 402f7ebd9886 448b303c89be "
        "5b3ae48be122 6122fdf4ae14 7122c9a14ba2 82159dd02870 83bd72f7a1be 8f5083e3e5c7 "
        "98b52c4b6b7d 9915ba2d8222 b3cec2f6ece2 bd331fb1d242 be00f1af522e c1cabb6f6e43 "
        "c3de533e9b7f c70e3e7c47f0 cc02032349c8 da0a6b1b9213 daec0c235d31 e7b98c6aa5b9 "
        "e9e8b6c5afa7 ee5a869b5ace eef3bd091670 "
    ),
    "sexual": (
        "0033728f0fbc 0508a634445d 05b71b9303ad 066e6872d931 11cf8376a157 13a465fc6616 "
        "1ca8148920f6 2944474a2c8b 2a6060b5e21a 2f5f6ce5ae30 31506a8448a7 4140197ec795 "
        "4dc9418555a2 517ae3f73216 522788b65f01 566f532d486c 594810adcbee 63333e4b5d1c "
        "64e3bea3ea08 6556c1a58444 665cb762e3bc 6ac3c336e409 701d6943ae04 74305616b2bc "
        "7c4a5c242b72 7fcbaa12e2ac 805c0cdff876 85266837dfc7 8693f216c250 89133bc00e9b "
        "8c5c04391361 8fe1e9c2870c 937d56e49744 9880a3c66c81 9ae315a94e42 acd9193a33dd "
        "b34e00e16262 b690cdbe59f1 bb61ef40814c bdb1cc258d69 c2c3b68b4883 c59758402ac4 "
        "c8bd849e3a5a d0a32ecf89f3 daf8ee0b8fac dcb50ee3659f de569a7f6852 e1b73076698c "
        "e273db21d19e e2a5171ac20d e7282d82ac6c ebc98c1efce2 ef9bd733a9c5 eff26b18165e "
        "f6952d6eef55 "
    ),
}
_CATEGORY_OF_WORD = {word: kind for kind, all_ in _PLAIN.items() for word in all_.split()}
_CATEGORY_OF_DIGEST = {each: kind for kind, all_ in _DIGESTS.items() for each in all_.split()}
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_LONGEST = 24  # characters of a word that is looked up


def named(text: str) -> str:
    """Return the category of the first word of `text` that is one of these; empty without any."""
    for match in _WORD.finditer(text.lower()):
        word = match[0]
        if len(word) <= _LONGEST:
            found = _CATEGORY_OF_WORD.get(word) or _CATEGORY_OF_DIGEST.get(_digest(word))
            if found:
                return found
    return ""


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()[:12]
