"""Whether an answer says that it is none: "I'm sorry, but I can't write that."

Many a story begins with somebody being sorry. A refusal is short, stands in no quotation marks, and
names what was asked for.
"""

import re

from prose.answers.phrases import Beginnings

# A story is longer; characters.
MOST = 900
_LOOKED_AT = 260
_SORRY = (
    r"i['’]?m (?:really |very |truly |so )?sorry|i am (?:really |very |truly )?sorry|sorry"
    r"|i apologi[sz]e|my apologies|unfortunately|i regret"
    r"|(?:es )?tut mir (?:sehr )?leid|leider|entschuldigung|ich bedauere"
    r"|(?:je suis |je suis vraiment )?désolée?|je regrette|malheureusement|je m['’]excuse"
    r"|lo siento(?: mucho)?|lamento|lamentablemente|disculpa|perdón"
    r"|mi dispiace(?: molto)?|sono spiacente|purtroppo|scusa(?:mi)?"
)
_CANNOT = (
    r"i (?:can['’]?t|cannot|can not|won['’]?t|will not|am unable to|am not able to|must decline)"
    r"|i['’]m (?:unable|not able) to|i['’]m (?:afraid|sorry) (?:that )?i can['’]?t"
    r"|ich kann|ich darf|kann ich|darf ich|je ne (?:peux|suis|saurais)|no puedo|me es imposible"
    r"|non posso|non sono in grado di|non mi è possibile"
)
_MODEL = (
    r"as an? (?:ai|artificial intelligence|(?:large )?language model|responsible)"
    r"|als (?:ki|künstliche intelligenz|sprachmodell)"
    r"|en tant qu['’](?:ia|intelligence artificielle|assistant)|en tant que modèle"
    r"|como (?:ia|inteligencia artificial|modelo de lenguaje|asistente)"
    r"|come (?:ia|intelligenza artificiale|modello linguistico|assistente)"
)
_DO = (
    r"write|rewrite|create|generate|continue|produce|provide|fulfil+|help|assist|comply|engage"
    r"|complete|craft|discuss|depict|do"
    r"|schreib|umschreib|erstell|helf|fortsetz|verfass|erfüll|nachkomm|erzähl"
    r"|écrire|réécrire|rédiger|aider|continuer|produire|créer|répondre|satisfaire"
    r"|escribir|reescribir|crear|ayudar|continuar|generar|cumplir|producir"
    r"|scriver|riscriver|crear|aiutar|continuar|generar|soddisfar|produrr"
)
_WHAT = (
    r"stor(?:y|ies)|requests?|content|passage|text|narrative|material|fiction|paragraph|scene"
    r"|prompt|(?:that|this)(?=\s*(?:[.,;!]|\Z|for\b|because\b|as\b|kind\b|type\b|one\b))"
    r"|geschichte|anfrage|inhalte?|text|passage|abschnitt|wunsch|dabei|das(?= nicht)"
    r"|histoire|demande|contenu|passage|texte|récit|cela|requête"
    r"|historia|solicitud|contenido|pasaje|texto|relato|petición|eso(?=\s*[.,;!]|\Z)"
    r"|storia|richiesta|contenuto|brano|passaggio|testo|racconto"
)
_REFUSED = re.compile(
    rf"[\s*_]{{0,24}}+(?:(?:{_SORRY})\b[^\n\"“«]{{0,60}}?)?(?:{_CANNOT})\b[^\n\"“«]{{0,60}}?"
    rf"(?:\b(?:comply|assist)\b|(?:(?:{_DO})\w{{0,4}}\b[^\n\"“«]{{0,60}}?\b(?:{_WHAT})"
    # A German verb comes behind what it does.
    rf"|\b(?:{_WHAT})\b[^\n\"“«]{{0,40}}?(?:{_DO})))",
    re.IGNORECASE,
)
_AS_A_MODEL = re.compile(
    rf"[\s*_]{{0,24}}+(?:(?:{_SORRY})\b[^\n\"“«]{{0,20}}?)?(?:{_MODEL})\b", re.IGNORECASE
)
_CHINESE = re.compile(
    r"\s{0,24}+(?:(?:非常|很)?(?:抱歉|对不起|不好意思|遗憾)[，,。！!\s]*(?:但)?(?:我)?|我)"
    r"(?:不能|无法|没办法|没有办法)[^\n“「]{0,24}?"
    r"(?:请求|要求|内容|故事|改写|续写|写|创作|生成|提供|帮助|协助|满足|段落)"
    r"|\s{0,24}+作为(?:一个|一名)?(?:AI|人工智能|语言模型|大型语言模型)"
)
_OPENINGS = Beginnings(
    *("i'm sorry", "i’m sorry", "im sorry", "i'm really sorry", "i’m really sorry", "i am sorry"),
    *("i'm very sorry", "i'm so sorry", "i'm truly sorry", "i am really sorry", "i am very sorry"),
    *("sorry", "i apologi", "my apologies", "unfortunately", "i regret", "i can't", "i can’t"),
    *("i cannot", "i can not", "i won't", "i won’t", "i will not", "i am unable", "i'm unable"),
    *("i’m unable", "i'm not able", "i’m not able", "i am not able", "i must decline", "as an ai"),
    *("as an artificial", "as a language", "as a large language", "as a responsible"),
    *("es tut mir", "tut mir", "leider", "entschuldigung", "ich bedauere", "ich kann", "ich darf"),
    *("als ki", "als künstliche", "als sprachmodell", "désolé", "je suis désolé", "je regrette"),
    *("je suis vraiment désolé", "malheureusement", "je m'excuse", "je m’excuse", "je ne"),
    *("en tant qu", "lo siento", "lamento", "lamentablemente", "disculpa", "perdón", "no puedo"),
    *("me es imposible", "como ia", "como inteligencia", "como modelo", "como asistente"),
    *("mi dispiace", "sono spiacente", "purtroppo", "scusa", "non posso", "non sono in grado"),
    *("non mi è possibile", "come ia", "come intelligenza", "come modello", "come assistente"),
    *("抱歉", "对不起", "不好意思", "很抱歉", "非常抱歉", "很遗憾", "遗憾", "我不能", "我无法"),
    *("我没办法", "作为", "i'm afraid", "i’m afraid"),
)
_SENTENCES = re.compile(r"(?:[.!?]\s|[。！？]|\n)")
_MOST_SENTENCES = 2


def begins(text: str) -> bool:
    """Tell whether `text` begins as a refusal does, with what was asked for named."""
    if not text:
        return False
    text = text[:_LOOKED_AT]
    return any(pattern.match(text) for pattern in (_REFUSED, _AS_A_MODEL, _CHINESE))


def is_refusal(text: str) -> bool:
    """Tell whether all of `text` is a refusal."""
    return len(text) <= MOST and begins(text)


def may_be(text: str) -> bool:
    """Tell whether `text`, the beginning of an answer, could turn out to be a refusal."""
    if len(text) > MOST:
        return False
    begun = text[:_LOOKED_AT].lower().lstrip("*_ \t\n")
    if not _OPENINGS.begins(begun):
        return _OPENINGS.may_become(begun)
    if begins(text):
        return True
    # It would have been said by now.
    return len(_SENTENCES.findall(text)) < _MOST_SENTENCES and len(text) < _LOOKED_AT
