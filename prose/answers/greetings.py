"""Whether what an answer begins with is said about the text, and is not the text.

"Sure! Here is your story:" is; "Here is what she saw:" and "Of course Anna knew" are a story's own.
Where both could be, it is the story's.
"""

import re

from prose.answers import phrases
from prose.answers.phrases import Language

# Characters that an introduction is waited for, and looked for in.
MOST = 320
_SPACE = r"[ \t\u00a0\u202f]"
# What may stand before a word: as much of it as anybody writes, and none of it given back.
_LEAD = r"[\s*_#>~¡–—-]{0,24}+"
_LONGEST_LEAD = 24
_END = r"[ \t\u00a0\u202f]*[*_]*[ \t\u00a0\u202f]*"
# Behind a colon, the text may follow in the same line.
_DONE = (
    rf"(?:(?P<end>[.!。！…]*[:：][.!。！…]*){_END}(?P<line>\n|\Z)?"
    rf"|(?P<stop>[.!。！…]*){_END}(?P<full>\n|\Z))"
)
# Of a sentence; the next one may well be the text's.
_IN_SENTENCE = r"(?:(?![.!?。！？]\s)[^\n:：])"
_YES_END = r"[*_]*[ \t\u00a0\u202f]*(?:[!.,;:…！，。：–—-]+|\n)[\s*_¡–—-]{0,24}+"


def _introduction(words: Language) -> re.Pattern[str]:
    between = rf"(?:(?!(?:{words.not_between})\b)[\w'’“”\"-]+,?{_SPACE}+){{0,7}}?"
    return re.compile(
        rf"{_LEAD}(?:(?P<yes>{words.yes}){_YES_END})?"
        rf"(?:(?:{words.here})|(?P<weak>{words.weak}))[,:]?{_SPACE}+"
        rf"(?:(?:{words.article})\b{_SPACE}*)?{between}(?:l['’])?(?:{words.noun})s?\b[*_]*"
        rf"(?:,?{_SPACE}+(?:(?P<more>{words.more})\b|(?P<other>\w)){_IN_SENTENCE}{{0,200}}?)?"
        rf"{_END}{_DONE}",
        re.IGNORECASE,
    )


_CHINESE = re.compile(
    rf"{_LEAD}(?:(?P<yes>{phrases.CHINESE_YES})[！!，,。.：:～~\s]{{0,12}}+)?"
    rf"(?:(?:{phrases.CHINESE_HERE})|(?P<weak>{phrases.CHINESE_WEAK}))"
    rf"[^\n:：。！]{{0,60}}?(?:{phrases.CHINESE_NOUN})(?P<more>(?P<other>[^\n:：。！]{{1,60}}?))??"
    rf"{_END}{_DONE}"
)
_INTRODUCTIONS = [
    *((_introduction(words), phrases.any_of(words.task)) for words in phrases.LANGUAGES),
    (_CHINESE, phrases.any_of(phrases.CHINESE_TASK, words=False)),
]
_YES = "|".join(words.yes for words in phrases.LANGUAGES)
_OFFER = "|".join(words.offer for words in phrases.LANGUAGES)
_NOUNS = "|".join(words.noun for words in phrases.LANGUAGES)
_OFFERED = re.compile(
    rf"{_LEAD}(?:(?:{_YES}){_YES_END}(?:{_OFFER})(?=[^\n]*\b(?:{_NOUNS}|for you)\b)[^\n]{{0,240}}"
    rf"|(?:{phrases.CHINESE_YES})[！!，,。.\s]{{0,12}}+(?:{phrases.CHINESE_OFFER})"
    rf"[^\n]{{0,60}}(?:{phrases.CHINESE_NOUN}|写)[^\n]{{0,60}})(?:\n|\Z)",
    re.IGNORECASE,
)
# Without a yes, it has to say what is offered.
_PLAIN_OFFER = re.compile(
    rf"{_LEAD}i(?:['’]d| would|['’]m| am)(?: be)? (?:more than )?(?:happy|glad|delighted|love) to "
    r"(?:help|write|create|craft|continue|rewrite|assist)\b[^\n]{0,80}\b(?:story|that|this|passage)"
    r"\b[^\n]{0,100}(?:\n|\Z)",
    re.IGNORECASE,
)
# A yes that nothing follows in its line; "Of course!" alone is a story's as well.
_ALONE = re.compile(
    rf"{_LEAD}(?:sure(?: thing)?|certainly|gladly|with pleasure|got it|understood|(?:sehr )?gerne?"
    r"|avec plaisir|con (?:mucho )?gusto|volentieri|con (?:molto )?piacere|好的|没问题)"
    r"[ \u00a0\u202f]*[!！][*_ ]*(?:\n|\Z)",
    re.IGNORECASE,
)
_LABELS = "|".join((*(words.label for words in phrases.LANGUAGES), phrases.CHINESE_LABEL))
_LABEL = re.compile(
    rf"\s{{0,24}}+(?:[*_#]{{1,6}}{_SPACE}*(?:{_LABELS}){_SPACE}*[:：]?[*_{_SPACE[1:-1]}]*[:：]?"
    rf"|(?:{_LABELS}){_SPACE}*[:：])[*_ \t]*(?:\n|\Z)",
    re.IGNORECASE,
)
# In the line of the text itself, only what no narrator would write.
_LABEL_BEFORE = re.compile(
    r"\s{0,24}+[*_]{0,3}(?:(?:the )?(?:rewritten|revised|edited|new) (?:passage|version|story|text"
    r"|paragraph|section|part)|story|continuation|response|output|überarbeitete fassung)"
    r"[*_]{0,3}:[*_]{0,3}[ \t]+(?=\S)",
    re.IGNORECASE,
)


_MAY_BE_OVER = re.compile(r"\n|[:：][\s*_]*[^\s*_]")


def length(text: str, *, last: bool) -> int:
    """Return the length of the introduction that `text`, the beginning of an answer, begins with.

    0 if there is none, or it is not known yet; `last` tells that no more comes.
    """
    last, text = last and len(text) <= MOST, text[:MOST]
    begun = text.lower().lstrip(_IGNORED)
    if len(text) - len(begun) > _LONGEST_LEAD or not _STARTS.may_begin(begun):
        return 0
    if not last and not _MAY_BE_OVER.search(text):
        return 0
    for pattern in (_OFFERED, _PLAIN_OFFER, _ALONE, _LABEL, _LABEL_BEFORE):
        found = pattern.match(text)
        if found and (last or found[0].endswith("\n") or pattern is _LABEL_BEFORE):
            return found.end()
    for pattern, task in _INTRODUCTIONS:
        found = pattern.match(text)
        if found and _is_about_text(found, task, last=last):
            return found.end()
    return 0


def _is_about_text(found: re.Match[str], task: re.Pattern[str], *, last: bool) -> bool:
    line = found["line"] if found["full"] is None else found["full"]
    if line == "" and not last:
        return False
    is_asked = bool(task.search(found[0]))
    said_yes, colon = found["yes"] is not None, found["end"] is not None
    if line is None:
        # The text goes on behind the colon.
        return said_yes or is_asked or not (found["other"] or found["more"] or found["weak"])
    if said_yes or is_asked:
        return colon or is_asked or "!" in found[0] or "！" in found[0]
    return colon and not found["other"] and found["weak"] is None


# ---- Waiting ----

_STARTS = phrases.Beginnings(
    *("sure", "certainly", "of course", "absolutely", "definitely", "okay", "ok ", "ok,"),
    *("ok!", "alright", "all right", "great", "wonderful", "gladly", "got it", "thank"),
    *("understood", "no problem", "with pleasure", "my pleasure", "happy to help", "what a"),
    *("here's", "here’s", "here is", "here are", "here you", "here it is", "here we go"),
    *("here goes", "below is", "below you", "the following is", "this is", "that is"),
    *("i've ", "i’ve ", "i have written", "i have rewritten", "i'd be ", "i’d be ", "yes,"),
    *("yes!", "i'd love to", "i’d love to", "i would be", "i would love to", "i'm happy"),
    *("rewritten", "revised", "edited", "new version", "the rewritten", "the revised"),
    *("the edited", "the new version", "story:", "continuation", "response:", "output:"),
    *("natürlich", "aber natürlich", "gern", "sehr gern", "klar", "na klar", "sicher,"),
    *("sicher!", "selbstverständlich", "alles klar", "in ordnung", "mit vergnügen", "ja,"),
    *("verstanden", "vielen dank", "danke", "hier ist", "hier sind", "hier kommt"),
    *("hier folgt", "hier hast du", "hier haben sie", "hier find", "nachfolgend"),
    *("im folgenden", "es folgt", "anbei", "das ist", "dies ist", "ich habe", "ja!"),
    *("was für eine", "tolle idee", "fortsetzung", "überarbeitete", "geschichte:"),
    *("bien sûr", "certainement", "d'accord", "d’accord", "avec ", "volontiers", "oui,"),
    *("absolument", "entendu", "très bien", "parfait", "merci", "voici", "voilà", "suite"),
    *("ci-dessous", "je vous propose", "je te propose", "c'est", "c’est", "ceci est"),
    *("j'ai ", "j’ai ", "quelle belle idée", "quelle bonne idée", "version ", "histoire"),
    *("claro", "por supuesto", "con gusto", "con mucho gusto", "desde luego", "oui !"),
    *("de acuerdo", "vale", "perfecto", "entendido", "gracias", "muchas gracias", "sí,"),
    *("aquí tiene", "aquí está", "aquí va", "aquí te", "aquí le", "aquí os", "sí!"),
    *("a continuación", "te presento", "le presento", "te comparto", "este es", "esta es"),
    *("he escrito", "he reescrito", "continuación", "qué buena idea", "historia:"),
    *("certo", "certamente", "volentieri", "con piacere", "con molto piacere", "va bene"),
    *("naturalmente", "assolutamente", "perfetto", "capito", "grazie", "sì,", "sì!", "ecco"),
    *("di seguito", "qui sotto", "qui di seguito", "ti propongo", "le propongo", "questa è"),
    *("questo è", "ho scritto", "ho riscritto", "ho creato", "ho preparato", "che bella idea"),
    *("che buona idea", "bella idea", "ottima idea", "storia:", "continuazione:", "versione "),
    *("好的", "当然", "没问题", "可以的", "明白了", "收到", "好主意", "很高兴", "谢谢"),
    *("以下", "下面是", "下面为", "下面就是", "我为", "我给", "我帮", "这是", "这就是"),
    *("这里是", "这里有", "故事", "正文", "续写", "改写", "修改后", "重写后"),
)
_SENTENCE_GOES_ON = re.compile(r"[.!?…。！？][\"”’»」]?(?:\s+\S|(?<=[。！？])\S)")
# After a yes, what comes has to be an introduction or an offer.
_AFTER_YES = re.compile(
    rf"{_LEAD}(?:{_YES}|{phrases.CHINESE_YES}){_YES_END}(?P<next>.*)", re.IGNORECASE | re.DOTALL
)
_OFFER_STARTS = phrases.Beginnings(
    *("i'd", "i’d", "i would", "i'll", "i’ll", "i will", "i'm", "i’m", "i am", "i can", "let"),
    *("ich ", "lass", "je ", "j'", "j’", "laisse", "voy a", "te ", "me encantaría", "puedo"),
    *("estaré", "vamos a", "déjame", "scriver", "posso", "vorrei", "sarei", "sono "),
    *("lasciami", "cominciamo", "iniziamo", "我", "让我"),
)
_IGNORED = "*#_>~¡–— \t\n\u00a0\u202f-"


def may_begin(text: str) -> bool:
    """Tell whether `text`, the beginning of an answer, could turn out to be an introduction."""
    if len(text) >= MOST:
        return False
    begun = text.lower().lstrip(_IGNORED)
    if len(text) - len(begun) > _LONGEST_LEAD or not _STARTS.may_begin(begun):
        return False
    after = _AFTER_YES.match(text)
    if after:
        begun = after["next"].lower().lstrip(_IGNORED)
        if not _STARTS.may_begin(begun) and not _OFFER_STARTS.may_begin(begun):
            return False
        if _OFFER_STARTS.begins(begun):
            return "\n" not in begun
    if "\n" in begun:
        return False
    return not _SENTENCE_GOES_ON.search(begun) and not _MAY_BE_OVER.search(begun)
