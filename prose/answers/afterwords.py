"""Whether a sentence is said about the text, after it: "I hope you enjoyed this story!"

Each needs a word of the task beside its beginning, since letters end so, and storytellers: "Let me
know if the lighthouse still stands" is a story's own.
"""

import re

# What is looked at of a paragraph.
_LOOKED_AT = 600
_ABOUT = (
    r"stor(?:y|ies)|tale|narrative|passage|version|rewrit\w*|continuation|prompt|request\w*|draft"
    r"|revis\w*|feedback|word (?:count|limit)|words|keywords?|register|genre|tone"
)
_CHANGE = (
    r"chang\w*|continue|write|rewrite|revis\w*|expand|add|adjust\w*|modif\w*|edit\w*|tweak\w*"
    r"|make|tell you|create|another|different|shorten|further|anything else"
    r"|more (?:stories|details?)"
)
_ENGLISH = (
    r"i (?:really |truly |do )?hope (?:that )?"
    r"(?:you(?:['’](?:ve|ll|d)| have| will)? (?:enjoy|lik|love|f[io]|are)\w*"
    rf"|this|the (?:story|tale)|it|my|your)\b(?=.*\b(?:{_ABOUT}|meets|helps|works|what you"
    r"|looking for|suits|satisf\w+|expectations|enjoy(?:ed)? it|enjoy(?:ed)? this)\b)",
    rf"(?:please )?(?:feel free|don['’]t hesitate) to\b(?=.*\b(?:ask|{_CHANGE}|{_ABOUT}|reach out"
    r"|provide)\b)",
    rf"(?:please |just )?let me know (?:if|what|whether|how|which|should)\b"
    rf"(?=.*\b(?:{_ABOUT}|{_CHANGE}|you think|like me to|want me to (?:{_CHANGE})|else)\b)",
    rf"(?:would|do) you (?:like|want)\b(?: me to| to see| a| any)?(?=.*\b(?:{_CHANGE})\b)"
    rf"(?=.*\b(?:{_ABOUT}|me to|ending|part|chapter|changes?|anything)\b)",
    rf"(?:shall|should) i (?:{_CHANGE})\b(?=.*\b(?:{_ABOUT}|ending|part|it)\b)",
    r"if you(?:['’]d| would)? (?:like|want|need|have|prefer|wish)\b"
    rf"(?=.*\b(?:i can|i(?:['’]ll| will| could)|let me know|feel free|just (?:say|ask|tell))\b)"
    rf"(?=.*\b(?:{_ABOUT}|{_CHANGE}|changes?|let me know|ask)\b)",
    r"is there anything (?:else|specific)\b(?=.*\b(?:help|like|change|assist)\b)",
    rf"(?:thank you|thanks)(?: so much)? for (?:the|your|this|reading)\b(?=.*\b(?:{_ABOUT}|reading"
    r"|opportunity)\b)",
    rf"what do you think (?:of|about) (?:this|the|my)\b(?=.*\b(?:{_ABOUT})\b)",
    rf"(?:please )?note(?: that)?\b:?(?=.*\b(?:{_ABOUT}|written|child-friendly)\b)",
    r"(?:this|the|my) (?:story|tale|narrative|version|passage|rewrite|continuation|revision)\b"
    r".{0,30}\b(?:includes?|incorporates?|meets|features?|follows|contains?|uses|keeps|has|stays"
    r"|fits|aims|was written|is (?:about |exactly |approximately |under |written|within|\d))\b"
    r"(?=.*\b(?:keywords?|words|prompt|register|genre|introduction|require\w+|request\w*|limit"
    r"|child-friendly|guidelines|characters?['’]? names)\b)",
    rf"i(?:['’]ve| have) (?:tried|written|kept|rewritten|made sure|included|incorporated|aimed"
    rf"|added|used)\b(?=.*\b(?:{_ABOUT}|passage|limit)\b)",
    r"enjoy(?: (?:the|this|your) (?:story|tale|read(?:ing)?))?[!.]*\Z|happy (?:writing|reading)\b",
)
_GERMAN = (
    r"ich hoffe,?\b(?=.*\b(?:geschichte|gefällt|gefallen|text|fassung|version|erzählung"
    r"|fortsetzung|entspricht|vorstellungen|hilft|weiter)\b)"
    r"(?=.*\b(?:dir|ihnen|euch|deinen|ihren|du|sie|geschichte|text|fassung)\b)",
    r"(?:bitte )?(?:lass(?:en sie)?|sag(?:en sie)?|gib|geben sie)(?: es)? (?:mich|mir)\b"
    r"(?=.*\b(?:wissen|bescheid)\b)(?=.*\b(?:änder\w*|wünsch\w*|möchte\w*|anpass\w*|soll"
    r"|geschichte|fassung|gefällt|weiter\w*)\b)",
    r"(?:möchtest du|möchten sie|willst du|wollen sie|soll|wünschen sie)\b"
    r"(?=.*\b(?:änder\w*|weiterschreib\w*|fortsetz\w*|umschreib\w*|anpass\w*|geschichte"
    r"|fassung|version|überarbeit\w*|erzähl\w*|fortsetzung)\b)"
    r"(?=.*\b(?:ich|eine?|noch|etwas)\b)",
    r"(?:wenn|falls) (?:du|sie)\b(?=.*\b(?:änder\w*|wünsch\w*|möchte\w*|anpass\w*|geschichte"
    r"|fassung)\b)(?=.*\b(?:kann ich|sag\w*|lass\w*|gib|geben sie|gerne?|bescheid|stehe)\b)",
    r"viel (?:spaß|vergnügen|freude) (?:beim lesen|mit (?:der|dieser|deiner) geschichte|damit)",
    r"(?:hinweis|anmerkung)\b:?(?=.*\b(?:geschichte|wörter\w*|vorgaben|text|stichwörter)\b)",
    r"(?:diese|die) (?:geschichte|erzählung|fassung)\b"
    r"(?=.*\b(?:vorgaben|stichwörter|stichworte|wörter|anforderungen|schlüsselwörter)\b)",
)
_FRENCH = (
    r"j['’]espère que\b(?=.*\b(?:histoire|récit|texte|conte|version|suite|passage|réponse)\b"
    r"|.*\b(?:vous|te|t['’]) ?(?:plaît|plaira|a plu|ont plu|convient|conviendra)\b)",
    r"n['’]hésite[sz]?(?:-?\w*)? pas à\b(?=.*\b(?:demander|dire|modif\w*|chang\w*|histoire"
    r"|ajust\w*|faire|solliciter|préciser|contacter)\b)",
    r"(?:souhaite[sz]|voule[sz]|veux|voudri\w+|aimeri\w+|désire[sz])[- ](?:vous|tu)\b"
    r"(?=.*\b(?:que je|modif\w*|chang\w*|histoire|suite|version|ajout\w*)\b)",
    r"(?:faites|fais|dites|dis)[- ](?:le[- ])?moi\b(?=.*\b(?:modif\w*|chang\w*|histoire|souhait\w*"
    r"|voul\w*|ajust\w*|pens\w* de|suite|version)\b)",
    r"si (?:vous|tu)\b(?=.*\b(?:je (?:peux|pourrais|suis)|n['’]hésite\w*|dites|dis|faites|fais)\b)"
    r"(?=.*\b(?:modif\w*|chang\w*|histoire|version|ajust\w*|suite|souhait\w*)\b)",
    r"bonne lecture\b",
    r"(?:note|remarque)\b ?:?(?=.*\b(?:histoire|mots|consignes?|texte|récit)\b)",
    r"cette histoire\b(?=.*\b(?:mots(?:-clés)?|consignes?|registre|genre|demandé\w*)\b)",
)
_SPANISH = (
    r"espero que\b(?=.*\b(?:historia|cuento|relato|texto|versión|continuación|gustado|guste"
    r"|disfrut\w+|buscabas|esperabas|ayude|sea lo que)\b)(?=.*\b(?:te|le|les|os|hayas|haya|sea|esta"
    r"|este|disfrut\w+)\b)",
    r"¿?(?:te|le|os) gustaría\b(?=.*\b(?:que|otra|ver|una)\b)(?=.*\b(?:cambi\w*|modifi\w*|historia"
    r"|versión|continú\w*|escrib\w*|agreg\w*|añad\w*|ajust\w*|cuento)\b)",
    r"¿?(?:quieres?|deseas?|prefieres?) que\b(?=.*\b(?:cambi\w*|modifi\w*|historia|continú\w*"
    r"|escrib\w*|agreg\w*|añad\w*|ajust\w*|siga)\b)",
    r"(?:házmelo|hágamelo|avísame|avíseme|dime|dígame|hazme)\b(?=.*\b(?:cambi\w*|ajust\w*|modifi\w*"
    r"|historia|versión|cuento|quieres|deseas)\b)",
    r"no dud(?:es|e) en\b(?=.*\b(?:pedir\w*|decir\w*|preguntar\w*|cambi\w*|solicitar\w*"
    r"|avisar\w*)\b)",
    r"si (?:quieres?|deseas?|necesitas?|te gustaría|prefieres?|tienes?)\b"
    r"(?=.*\b(?:puedo|dime|avísame|házmelo|no dudes?|hágamelo|avíseme)\b)",
    r"¡?(?:disfruta de la (?:historia|lectura)|que (?:la|lo) disfrutes|buena lectura)\b",
    r"nota\b:?(?=.*\b(?:historia|palabras|texto|relato|cuento)\b)",
    r"est[ea] (?:historia|cuento|relato)\b(?=.*\b(?:palabras|requisitos|instrucciones|registro"
    r"|género|solicitad\w*)\b)",
)
_ITALIAN = (
    r"spero che\b(?=.*\b(?:storia|racconto|testo|versione|continuazione|piaciut[ao]|piaccia"
    r"|cercavi|aspettavi|cercava|volevi)\b)(?=.*\b(?:ti|le|vi|sia|quest[ao]|cercavi|volevi)\b)",
    r"(?:ti|le|vi) (?:piacerebbe|andrebbe)\b(?=.*\b(?:che|se|un['’]?altra|una)\b)"
    r"(?=.*\b(?:cambi\w*|modific\w*|storia|versione|continu\w*|scriv\w*|aggiung\w*)\b)",
    r"(?:vuoi|vuole|desideri|desidera|preferisci) che\b(?=.*\b(?:cambi\w*|modific\w*|storia"
    r"|continu\w*|scriv\w*|aggiung\w*)\b)",
    r"(?:fammi|mi faccia|fatemi) sapere\b(?=.*\b(?:cambi\w*|modific\w*|storia|versione|vuoi|vuole"
    r"|desideri|desidera|racconto)\b)",
    r"non esitare a\b(?=.*\b(?:chieder\w*|dir\w*|domandar\w*|cambi\w*|modific\w*)\b)",
    r"se (?:vuoi|vuole|desideri|desidera|preferisci|hai bisogno)\b"
    r"(?=.*\b(?:posso|dimmi|fammi|mi dica|non esitare)\b)(?=.*\b(?:cambi\w*|modific\w*|storia"
    r"|versione|continu\w*|racconto|aggiung\w*|sapere)\b)",
    r"buona lettura\b",
    r"nota\b:?(?=.*\b(?:storia|parole|testo|racconto)\b)",
    r"quest[ao] (?:storia|racconto)\b(?=.*\b(?:parole|requisiti|istruzioni|registro|genere"
    r"|richiest[aoe])\b)",
)
_CHINESE = (
    r"希望(?:您|你|这|本|上述|以上|大家)(?=.*(?:故事|喜欢|满意|帮助|要求|续写|版本|内容))",
    r"(?:如果|若|如)(?:您|你)?(?:有|需|想|觉得|希望|还)(?=.*(?:告诉我|随时|修改|调整|我可以|续写|请))"
    r"(?=.*(?:修改|调整|故事|版本|续写|需要|要求|建议))",
    r"(?:您|你)(?:是否)?(?:希望|想要|想|需要|觉得)(?=.*(?:我|故事))(?=.*(?:修改|续写|继续|故事|调整|结局))",
    r"(?:需要|要不要|是否需要)我(?=.*(?:修改|续写|继续|写|调整|改))",
    r"(?:请|欢迎)(?:随时)?(?:告诉|让|提出|向)?(?:我)?(?=.*(?:修改|调整|意见|建议|反馈|续写|新的故事))",
    r"随时告诉我",
    r"(?:注|备注|说明|注意)[：:](?=.*(?:故事|字|要求|提示|文))",
    r"(?:这|本|该|以上)(?:个|篇|则|是)?(?:故事|小说|内容|文)(?=.*(?:要求|关键词|字数|字以内|符合|提示))",
)
_COUNT = (
    r"[\[(（【]?\s*(?:(?:total )?word count|total words|number of words|words?|wort(?:an)?zahl"
    r"|anzahl der wörter|wörter|nombre de mots|(?:número|cantidad|total) de palabras|palabras"
    r"|numero di parole|parole"
    r"|(?:全文|总)?(?:共|约|字数))\s*[:：]?\s*"
    r"(?:about |approximately |approx\.? |etwa |environ |circa |约|~)?"
    r"\d[\d.,]*\s*(?:words?|wörter|mots|palabras|parole|字)?\s*[\])）】.]?\Z",
    r"[\[(（]\s*(?:about |approximately |exactly |etwa |environ |circa |约|共|~)?\d[\d,.]*\s*"
    r"(?:words?|wörter|mots|palabras|parole|字)\s*[\])）.]?\Z",
)
_LEAD = r"[\s*_#>\[(（¡¿-]{0,24}+"
_AFTERWORD = re.compile(
    rf"{_LEAD}(?:(?:{'|'.join((*_ENGLISH, *_GERMAN, *_FRENCH, *_SPANISH, *_ITALIAN))})"
    rf"|{'|'.join(_CHINESE)})|[\s*_]{{0,24}}+(?:{'|'.join(_COUNT)})",
    re.IGNORECASE | re.DOTALL,
)
_DIALOGUE = ("“", '"', "„", "«", "»", "「", "『", "—", "–", "”", "’", "‘")


def is_afterword(text: str) -> bool:
    """Tell whether `text`, a sentence or paragraph at the end, is said about what is before it."""
    return not text.lstrip().startswith(_DIALOGUE) and bool(_AFTERWORD.match(text[:_LOOKED_AT]))
