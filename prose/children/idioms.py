"""Ways of speaking that sound worse than they are, said plainly before a passage is judged."""

import re

# Pattern, and what it means.
_IDIOMS = (
    (r"kill(?:ed|ing|s)? the (?:lights?|engine|motor|music|mood|time)", "switched it off"),
    (r"kill(?:ed|ing|s)? (?:two birds with one stone|an hour|time)", "did it"),
    (r"(?:is|are|was|were|[’']s|[’']re) killing me", "hurts a little"),
    (r"kill(?:ed|s)? it (?:on stage|that night|tonight)", "did well"),
    (r"(?:dead|deadly) (?:tired|dull|boring|serious|sure|certain|quiet|on time)", "very"),
    (r"drop[- ]dead gorgeous", "beautiful"),
    (r"to die for", "delicious"),
    (r"(?:dying|dies|died) (?:to|for) (?:meet|see|know|hear|try|tell|a)", "wanting a"),
    (r"(?:scared|frightened|bored|tickled|worried|starved) to death", "very"),
    (r"over my dead body", "never"),
    (r"could (?:murder|kill for) an?", "would like a"),
    (r"cost(?:s|ing)? (?:an arm and a leg|a bomb)", "was dear"),
    (r"shoot(?:s|ing)? (?:a|the|some) (?:photos?|pictures?|film|rapids|breeze|hoops?)", "took it"),
    (r"shot (?:a|the|some) (?:\w+ )?(?:photos?|pictures?|film|roll|rapids|hoops?)", "took it"),
    (r"shot (?:me|him|her|them|us|you) an? (?:\w+ )?(?:look|glance|smile|grin)", "looked"),
    (r"(?:gave|give) it (?:a|another|her best|his best) shot", "tried"),
    (r"shot in the dark", "guess"),
    (r"hit the (?:road|hay|sack|books|brakes|lights)", "went"),
    (r"(?:raining|rained) cats and dogs", "raining"),
    (r"in stitches|split(?:ting)? (?:his|her|their|our) sides", "laughing"),
    (r"head over heels|butterflies in (?:his|her|my|the) stomach", "glad"),
    (r"stab(?:bed)? in the back", "betrayed"),
    (r"take a stab at|took a stab at", "try"),
    (r"drunk with (?:joy|happiness|sleep|success)", "full of joy"),
    (r"high (?:five|fives|jump|tide|heels)", "high"),
    (r"broke(?:n)? the ice|ice[- ]breaker", "began to talk"),
    (r"burn(?:ed|t|ing)? the midnight oil", "stayed up"),
    (r"burning with (?:curiosity|excitement)", "curious"),
    (r"break a leg", "good luck"),
    (r"bang(?:ed|ing)? (?:his|her|my) head", "bumped a head"),
    (r"bite the (?:bullet|dust)|bit the (?:bullet|dust)", "went on"),
    (r"(?:death|murder) by chocolate", "chocolate cake"),
    (r"(?:loaded|jumped|jumping) the gun|stick to (?:his|her|your) guns", "was early"),
    (r"cooking (?:wine|sherry)", "vinegar"),
    (r"ginger beer|root beer", "lemonade"),
    (r"blood orange", "orange"),
    (r"snowball (?:fight|battle|war)|battle of (?:the )?snowballs", "snow game"),
    (r"pillow fight", "pillow game"),
    (r"water (?:pistol|gun)|toy (?:gun|sword|pistol)|starting pistol", "toy"),
)
_ANY = re.compile(
    "|".join(rf"(?P<i{number}>\b(?:{said})\b)" for number, (said, _) in enumerate(_IDIOMS)), re.I
)


def plainly(text: str) -> str:
    """Return `text` with each idiom in the words that say what it means."""
    return _ANY.sub(lambda match: _IDIOMS[int((match.lastgroup or "i0")[1:])][1], text)
