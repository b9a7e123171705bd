"""The held-out settings are as many and as mixed as was promised."""

from collections import Counter

from pocket.measuring import held_out
from prose import cleaning

CHOSEN = held_out.settings()
# Every capital of European languages in Latin letters, and of Russian, Ukrainian, Serbian, Greek.
CAPITALS = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÁÀÂÄÃÅÆÇČĆĎĐÉÈÊËĒĖĘĚĞĢÍÌÎÏĪİĶĹĻĽŁÑŃŇŅÓÒÔÖÕŐØŒŔŘŚŠŞȘŤŢȚÚÙÛÜŪŮŰÝŹŻŽÞÐ"
    "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЭЮЯҐЄІЇЂЈЉЊЋЏ"
    "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏ"
)


def test_there_are_300_and_no_two_alike() -> None:
    assert len({each.main_characters for each in CHOSEN}) == len(CHOSEN) == 300


def test_genres_and_registers_are_even() -> None:
    assert Counter(each.genre for each in CHOSEN) == dict.fromkeys(held_out.GENRES, 20)
    assert Counter(each.register for each in CHOSEN) == dict.fromkeys(held_out.REGISTERS, 30)


def test_every_fifteen_have_all_genres() -> None:
    assert {each.genre for each in CHOSEN[:15]} == set(held_out.GENRES)


def test_two_of_five_are_for_children_and_have_a_twist() -> None:
    assert sum(each.child_friendly for each in CHOSEN) == 120
    assert sum(each.final_twist for each in CHOSEN) == 120


def test_the_lengths_are_those_that_people_type() -> None:
    limits = sorted(each.max_words for each in CHOSEN)
    assert (limits[0], limits[-1]) == (60, 500)
    assert [sum(limit <= most for limit in limits) for most in (100, 180, 300)] == [100, 200, 275]


def test_names_and_keywords_are_of_all_numbers() -> None:
    names = Counter(len(each.character_list) for each in CHOSEN)
    keywords = Counter(len(each.keyword_list) for each in CHOSEN)
    assert set(names) == {1, 2, 3, 4}
    assert set(keywords) == {0, 1, 2, 3, 4, 5}
    assert keywords[0] == 24


def test_the_fields_are_as_the_form_leaves_them() -> None:
    for each in CHOSEN:
        assert cleaning.clean_list(each.main_characters) == each.main_characters
        assert cleaning.clean_list(each.keywords) == each.keywords


def test_there_is_a_name_for_every_capital() -> None:
    letters = held_out.letters()
    assert [each.letter for each in letters] == list(dict.fromkeys(each.letter for each in letters))
    assert {each.letter for each in letters} == set(CAPITALS)
    assert all(each.settings.main_characters[0] == each.letter for each in letters)
    assert Counter(each.script for each in letters).keys() == {
        "plain",
        "marked",
        "cyrillic",
        "greek",
    }
