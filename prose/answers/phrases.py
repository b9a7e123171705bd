"""What models say around a text, in the six languages that the app is tested in.

An introduction says "here is your story". It may begin with a yes, and has to name what comes:
`here` and a noun, with a few words between them. That a model and no narrator speaks is told by a
word of the task (`task`), by the yes, or by nothing else being in the line (`greetings`).
"""

import re
from typing import NamedTuple


class Language(NamedTuple):
    """Parts of regular expressions, each without a group."""

    yes: str
    here: str  # "here is"
    weak: str  # "this is": a story may well begin so
    article: str
    noun: str
    more: str  # what may follow the noun and tell of what is in the text
    task: str  # a word that only somebody who was asked would say
    offer: str  # "I'd be happy to write", behind a yes
    label: str  # a line of its own, with a colon
    not_between: str  # words that make a sentence of their own of it: "the man who told"


ENGLISH = Language(
    yes=(
        r"sure(?: thing)?|certainly|of course|absolutely|definitely|okay|ok|alright|all right"
        r"|great|wonderful|gladly|got it|understood|no problem|with pleasure|my pleasure|yes"
        r"|happy to help|thank you for [^.!:\n]{1,60}|thanks for [^.!:\n]{1,60}|thank you|thanks"
        r"|(?:what an? )?[a-z]{3,12} (?:prompt|idea|request|choice)"
    ),
    here=(
        r"here(?:['’]s| is| are| you go| you are| it is| we go| goes)|below is"
        r"|below you(?:['’]ll| will) find|the following is"
    ),
    weak=(
        r"this is|that is|i(?:['’]ve| have) (?:written|created|crafted|rewritten|prepared"
        r"|revised|continued|come up with|put together)"
    ),
    article=r"your|the|a|an|my|one|another|some",
    noun=(
        r"stor(?:y|ies)|tale|narrative|continuation|versions?|passage|paragraphs?|section|text"
        r"|revision|draft|rewrite|replacement|part|piece|attempt|expansion|edit|fable"
    ),
    more=(
        r"about|featuring|with|starring|set (?:in|on|at)|inspired by|based on|using|following"
        r"|in (?:a|an|the|about|\d)|of (?:about|around|approximately|up to|maximum|max|\d)"
        r"|that (?:meets|fits|follows|includes|incorporates|features|uses|has)|for|within|under"
        r"|you|as|per|including|incorporating|where|centered|according"
    ),
    task=(
        r"your|you(?:['’]ve| have|['’]d| would)? (?:requested|asked|wanted|provided|gave|like)"
        r"|for you|as requested|requested|rewritten|revised|reworked|expanded|shortened|edited"
        r"|continuation|\d+[- ]words?|words or less|prompt|request|requirements"
    ),
    offer=(
        r"i(?:['’]d| would|['’]ll| will|['’]m| am| can)\b[^\n]{0,60}?\b(?:help|write|create|craft"
        r"|continue|rewrite|tell|compose|assist|weave|spin|try|happy|glad)\b"
        r"|let(?:['’]s| me| us)\b[^\n]{0,20}?\b(?:write|create|craft|begin|start|continue|rewrite"
        r"|tell|dive|weave)\b"
    ),
    label=(
        r"(?:(?:the|your|my|a) )?(?:(?:rewritten|revised|new|edited|updated|expanded|shortened"
        r"|short|final|complete|full|continued) ){0,2}(?:story|passage|paragraph|version|text"
        r"|continuation|rewrite|narrative|tale|answer|response|output|part)(?: continues)?"
    ),
    not_between=(
        r"who|that|which|of|what|whose|where|when|how|why|from|in|to|his|her|their|our|its|is|was"
        r"|were|told|knew|came|all|it"
    ),
)
GERMAN = Language(
    yes=(
        r"(?:aber )?natürlich|(?:sehr )?gerne?|(?:na )?klar(?: doch)?|sicher|selbstverständlich"
        r"|okay|ok|alles klar|in ordnung|mit vergnügen|verstanden|vielen dank[^.!:\n]{0,60}"
        r"|danke[^.!:\n]{0,60}|ja|(?:was für eine )?(?:tolle|schöne|gute) idee"
    ),
    here=(
        r"hier(?: ist| sind| kommt| folgt| hast du| haben sie| findest du| finden sie)|nachfolgend"
        r"|im folgenden|es folgt|anbei"
    ),
    weak=r"das ist|dies ist|ich habe",
    article=r"(?:d?ein|die|der|das|mein|eur)\w{0,2}|(?-i:Ihre?)",
    noun=(
        r"\w{0,20}geschichte|erzählung|märchen|fortsetzung|\w{0,15}version|\w{0,10}fassung|passage"
        r"|abschnitt|absatz|\w{0,10}text|überarbeitung|entwurf|stelle|teil|variante"
    ),
    more=(
        r"über|mit|von (?:etwa|ungefähr|maximal|rund|höchstens|\d)|in (?:etwa|rund|einem|\d)|für"
        r"|die (?:du|sie|deine?n?|(?-i:Ihren?))\b|nach|zu|basierend|gemäß|wie|, die|in der|im"
    ),
    task=(
        r"deine?r?|(?-i:Ihre?)|gewünscht\w*|\d+ wörter\w*|umgeschrieben\w*|überarbeitet\w*"
        r"|fortsetzung|fassung|version|neu geschrieben\w*|neue|anfrage|vorgaben|für (?:dich|sie)"
    ),
    offer=(
        r"ich (?:schreibe|erstelle|helfe|würde|kann|werde|freue|erzähle|verfasse)\b"
        r"|lass(?:en sie)? (?:uns|mich)\b"
    ),
    label=(
        r"(?:(?:die|deine|meine|der|das) )?(?:(?:neue|überarbeitete|umgeschriebene|gekürzte"
        r"|erweiterte)[rs]? )?(?:geschichte|fortsetzung|fassung|version|passage|antwort"
        r"|erzählung|absatz|abschnitt)"
    ),
    not_between=r"der|die|das von|was|wo|wie|seine?[mnrs]?|ihr\w*|unsere?[mnrs]?|ist|war|von|in",
)
FRENCH = Language(
    yes=(
        r"bien sûr|certainement|d['’]accord|avec (?:grand )?plaisir|volontiers|absolument|entendu"
        r"|très bien|parfait|okay|ok|merci[^.!:\n]{0,60}|oui|(?:quelle )?(?:bonne|belle) idée"
    ),
    here=r"voici|voilà|ci-dessous|je (?:vous|te) propose",
    weak=r"c['’]est|ceci est|j['’]ai (?:écrit|rédigé|réécrit|imaginé)",
    article=r"votre|ton|ta|l['’]|la|le|les|une?|ma|mon",
    noun=(
        r"histoire|récit|conte|nouvelle|suite|version|passage|paragraphe|texte|extrait"
        r"|réécriture|partie"
    ),
    more=(
        r"sur|avec|mettant|d['’]environ|de (?:moins|maximum|quelque|\d)|en \d|en (?:un|une|moins)"
        r"|qui (?:respecte|suit|répond|met|intègre)|que (?:vous|tu)|pour|selon|dans|à propos"
        r"|où|courte|réécrite?|révisée?|demandée?|comme|inspirée?"
    ),
    task=(
        r"votre|ta|ton|demandée?s?|\d+ mots|réécrite?s?|suite|version|révisée?s?|reformulée?s?"
        r"|pour (?:vous|toi)|consignes?|je (?:vous|te) propose"
    ),
    offer=r"je (?:vais|serais|peux|suis)\b|j['’]écris|laissez-moi|laisse-moi",
    label=(
        r"(?:(?:l['’]|la |le |votre |ma |ton ))?(?:nouvelle )?(?:histoire|suite|version|récit"
        r"|passage|texte|réponse|réécriture)(?: de l['’]histoire)?"
        r"(?: (?:réécrite?|révisée?|modifiée?))?"
    ),
    not_between=r"qui|que|où|ce|dont|de|du|des|son|sa|ses|leur|notre|est|était",
)
SPANISH = Language(
    yes=(
        r"claro(?: que sí)?|por supuesto|con (?:mucho )?gusto|desde luego|de acuerdo|vale|perfecto"
        r"|entendido|okay|ok|muchas gracias[^.!:\n]{0,60}|gracias[^.!:\n]{0,60}|sí"
        r"|(?:qué )?(?:buena|gran) idea"
    ),
    here=(
        r"aquí (?:tienes?|está|va|te dejo|le dejo|os dejo)|a continuación|(?:te|le) presento"
        r"|(?:te|le) comparto"
    ),
    weak=r"est[ea] es|he (?:escrito|reescrito|creado)",
    article=r"tu|la|el|una?|mi|las?|los?",
    noun=(
        r"historia|cuento|relato|narración|continuación|versión|pasaje|párrafo|texto|fragmento"
        r"|reescritura|parte"
    ),
    more=(
        r"sobre|con|de (?:unas|menos|máximo|aproximadamente|hasta|\d)|en \d|en (?:un|una|menos)"
        r"|que (?:cumple|sigue|incluye|has|ha|me|pediste|solicitaste)|para|según|ambientad[ao]"
        r"|protagonizad[ao]|reescrit[ao]|revisad[ao]|solicitad[ao]|cort[ao]|como|basad[ao]|donde"
    ),
    task=(
        r"tu|solicitad[ao]|solicitaste|pediste|pedid[ao]|\d+ palabras|reescrit[ao]|continuación"
        r"|versión|revisad[ao]|para ti|te dejo|tienes?"
    ),
    offer=r"(?:voy a|te escrib|me encantaría|puedo|estaré encantad|vamos a|déjame)",
    label=(
        r"(?:(?:la|el|tu|mi) )?(?:nueva )?(?:historia|cuento|relato|continuación|versión|pasaje"
        r"|texto|respuesta)(?: (?:reescrit[ao]|revisad[ao]|final))?"
    ),
    not_between=r"que|quien|donde|lo|cuyo|de|del|su|sus|nuestr[ao]|es|era|en",
)
ITALIAN = Language(
    yes=(
        r"certo(?: che sì)?|certamente|volentieri|con (?:molto )?piacere|d['’]accordo|va bene"
        r"|naturalmente|assolutamente|perfetto|capito|okay|ok|grazie[^.!:\n]{0,60}|sì"
        r"|(?:che )?(?:bella|buona|ottima) idea"
    ),
    here=(
        r"ecco(?:ti|vi|le|la)?|di seguito(?: trov[ia])?|qui (?:sotto|di seguito)"
        r"|(?:ti|le) propongo"
    ),
    weak=r"quest[ao] è|ho (?:scritto|riscritto|creato|preparato)",
    article=r"(?:la|il|lo|i|gli|le|una?|un['’]|l['’])(?: (?:tua|tuo|sua|suo|mia|mio))?",
    noun=(
        r"stori(?:a|ella)|raccont(?:o|ino)|fiaba|favola|narrazione|continuazione|seguito|versione"
        r"|passaggio|brano|paragrafo|testo|riscrittura|parte"
    ),
    more=(
        r"su|sul|sull['’]\w+|con|di (?:circa|massimo|meno|al massimo|\d)|in (?:circa|un[ao]?|\d)"
        r"|che (?:rispetta|segue|include|contiene|hai|ha|mi)|per|secondo|ambientat[ao]|basat[ao]"
        r"|riscritt[ao]|rivist[ao]|richiest[ao]|brev[ei]|come|dove|ispirat[ao]"
    ),
    task=(
        r"tua|tuo|richiest[ao]|chiesto|\d+ parole|riscritt[ao]|continuazione|versione|rivist[ao]"
        r"|per te|ti propongo"
    ),
    offer=r"(?:scriver[òo]|posso|vorrei|sarei|sono (?:felice|lieto)|lasciami|cominciamo|iniziamo)",
    label=(
        r"(?:(?:la|il|tua|mia) )?(?:nuova )?(?:storia|racconto|continuazione|versione|brano"
        r"|testo|risposta|passaggio)(?: (?:riscritt[ao]|rivist[ao]|finale))?"
    ),
    not_between=r"che|chi|dove|cui|di|del\w*|suo[i]?|sua|sue|loro|nostr[ao]|è|era|in|come|perché",
)
LANGUAGES = (ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN)

# Chinese has no spaces between its words, and the noun comes last.
CHINESE_YES = (
    r"好的|当然(?:可以)?|没问题|可以的|明白了|收到|好主意|(?:很高兴|谢谢)[^，。！：\n]{0,20}"
)
CHINESE_HERE = (
    r"以下(?:就)?(?:是|为)|下面(?:就)?(?:是|为)|我(?:为|给|帮)(?:您|你)[^，。：\n]{0,12}了"
)
CHINESE_WEAK = r"这(?:就)?是|这里(?:是|有)"
CHINESE_NOUN = r"故事|小说|续写|续集|版本|段落|文本|改写|内容|部分|正文|童话|短篇|文章|结果"
CHINESE_TASK = r"您|你|要求|\d+ ?字|改写|续写|版本|根据"
CHINESE_OFFER = r"我(?:来|会|很乐意|可以|将|这就)|让我"
CHINESE_LABEL = r"(?:改写|修改|重写)?(?:后的|的)?(?:故事|正文|续写|版本|段落|内容|改写)(?:如下)?"


class Beginnings:
    """How a text may begin, in many ways: they are looked through at once, never one by one."""

    def __init__(self, *phrases: str) -> None:
        """Take `phrases` in lower case."""
        self._phrases = phrases
        self._begun = frozenset(
            phrase[:length] for phrase in phrases for length in range(len(phrase) + 1)
        )

    def begins(self, text: str) -> bool:
        """Tell whether `text`, in lower case, begins with one of them."""
        return text.startswith(self._phrases)

    def may_become(self, text: str) -> bool:
        """Tell whether `text` is one of them, or the beginning of one."""
        return text in self._begun

    def may_begin(self, text: str) -> bool:
        """Tell whether `text` begins with one of them, or may when there is more of it."""
        return self.may_become(text) or self.begins(text)


def any_of(parts: str, *, words: bool = True) -> re.Pattern[str]:
    """Return what finds one of `parts`, as whole words."""
    return re.compile(rf"(?<!\w)(?:{parts})(?!\w)" if words else parts, re.IGNORECASE)
