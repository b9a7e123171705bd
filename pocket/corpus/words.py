"""Open-ended names and keywords, so that the model learns to copy what it is given.

Most names are real ones of many languages; the others, and some keywords, are made of syllables.
Every name and keyword falls on one side of the split for good, by its hash.
"""

import random
import zlib
from collections.abc import Callable

Split = str  # "train" or "held-out"

NAMES = """
Anna Ben Cleo Dan Eva Finn Greta Hugo Ida Jonas Kira Leo Mia Noah Olga Paul Rosa Sam Tara Uma Victor
Wendy Yara Zoe Aisha Amir Layla Omar Fatima Yusuf Noor Tariq Samira Karim Zahra Rashid Salma Idris
Wei Mei Jun Li Ling Chen Yuki Haruto Sakura Kenji Aiko Hiro Emi Ren Min-jun Ji-woo Seo-yeon Hana
Priya Arjun Meera Ravi Anika Vikram Lakshmi Sanjay Divya Kiran Asha Rohan Nisha Dev Tanvi Imran
Ngozi Chidi Amara Kwame Abena Kofi Zuri Jabari Thandi Sipho Makena Ayodele Folami Tendai Wanjiru
Ivan Natasha Dmitri Sveta Mikhail Katya Pavel Anya Boris Irina Bogdan Zofia Jakub Kasia Piotr Marek
Lucia Mateo Sofia Diego Camila Javier Elena Pablo Carmen Luis Isabel Rafael Marisol Joaquin Ines
Giulia Marco Chiara Luca Francesca Paolo Bianca Matteo Alessia Enzo Claire Louis Amelie Pierre
Jules Celeste Andre Colette Remy Ingrid Lars Astrid Bjorn Freya Sven Signe Erik Liv Gunnar Maren
Aoife Cormac Niamh Declan Siobhan Rory Maeve Eamon Bronwyn Rhys Gwen Dylan Morag Hamish Isla Fergus
Eleni Nikos Daphne Kostas Thalia Stavros Leila Darius Shirin Cyrus Roxana Kamran Miriam Ezra Talia
Asher Naomi Eli Ruth Caleb Esther Simon Malia Kai Leilani Keanu Tane Aroha Wiremu Moana Sina Tavita
Grace Henry Alice George Emily Arthur Clara Walter Ruby Oscar Florence Albert Nora Frank Pearl Edith
Mr. Brown|Mrs. Finch|Dr. Okoye|Aunt May|Captain Reed|Old Tom|Miss Lee|Professor Klein|Uncle Joe
"""
_ONSETS = """
b br c d dr f fl g gr h j k kl l m n p qu r s sh st t th tr v w y z
""".split()
_VOWELS = """
a e i o u ai ea ee ia io oo
""".split()
_CODAS = ["", "", "", "l", "n", "r", "s", "th", "m", "x", "nd", "rk", "sh"]

ADJECTIVES = """
old red blue green golden silver broken lost secret empty little great strange quiet frozen
burning hidden black white wooden paper glass iron stone magic forgotten last first wild
lonely tiny giant sleeping singing crooked ancient yellow dusty invisible borrowed stolen
painted hollow electric
""".split()
NOUNS = """
lantern map key clock letter violin ring mirror door bridge river mountain garden tower ship
boat train bicycle umbrella suitcase book diary photograph painting mask crown sword candle
lamp bell drum flute piano song poem recipe cake bread apple orange tree forest flower rose
seed feather bird owl fox wolf cat dog horse rabbit mouse whale dragon spider butterfly bee
island lighthouse beach sea storm rain snow ice fire star moon sun comet planet robot rocket
machine engine wheel compass telescope window chair table bed carpet blanket coat hat shoe
glove scarf button needle thread rope ladder hammer coin treasure stamp ticket passport map
radio telephone camera computer password file signal message promise secret dream memory
shadow ghost voice whisper smile tear kiss wedding friendship courage hope love freedom
justice revenge jealousy time travel music dance festival birthday school library museum
circus market kitchen castle cave tunnel well fountain statue
""".split()
KEYWORD_TAILS = ["of glass", "of time", "in the snow", "on the hill", "under the stairs", "at sea"]


def is_held_out(text: str) -> bool:
    """Tell whether a name or keyword is kept out of the training stories; about one in eight is."""
    return zlib.crc32(text.lower().encode()) % 8 == 0


def _real_names() -> list[str]:
    *lines, titled = NAMES.strip().splitlines()
    return [name for line in lines for name in line.split()] + titled.split("|")


_REAL_NAMES = _real_names()


def invented(rng: random.Random, syllables: int) -> str:
    """Return a made-up word of `syllables` syllables, in lower case."""
    return "".join(
        rng.choice(_ONSETS) + rng.choice(_VOWELS) + (rng.choice(_CODAS) if last else "")
        for last in (index == syllables - 1 for index in range(syllables))
    )


def _name(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.45:
        return rng.choice(_REAL_NAMES)
    if kind < 0.9:
        return invented(rng, rng.choice((1, 2, 2, 2, 3))).capitalize()
    return f"{rng.choice(_REAL_NAMES)} {invented(rng, 2).capitalize()}"


def _keyword(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(NOUNS)
    if kind < 0.65:
        return f"{rng.choice(ADJECTIVES)} {rng.choice(NOUNS)}"
    if kind < 0.75:
        return f"{rng.choice(NOUNS)} {rng.choice(KEYWORD_TAILS)}"
    if kind < 0.85:
        return f"{rng.choice(NOUNS)} {rng.choice(NOUNS)}"
    return invented(rng, rng.choice((1, 2, 2)))


def draw_names(rng: random.Random, count: int, split: Split) -> list[str]:
    """Return `count` different names of one side of the split."""
    return _draw(rng, count, split, _name)


def draw_keywords(rng: random.Random, count: int, split: Split) -> list[str]:
    """Return `count` different keywords of one side of the split."""
    return _draw(rng, count, split, _keyword)


def _draw(
    rng: random.Random, count: int, split: Split, make: Callable[[random.Random], str]
) -> list[str]:
    drawn: list[str] = []
    while len(drawn) < count:
        candidate = make(rng)
        # One inside another ("map", "old map") would count as present when it is not.
        distinct = all(candidate not in other and other not in candidate for other in drawn)
        if distinct and is_held_out(candidate) == (split == "held-out"):
            drawn.append(candidate)
    return drawn
