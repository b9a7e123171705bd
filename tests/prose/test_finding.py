"""Names and keywords are found in every script, and only those that are there."""

import pytest

from prose import finding, report
from prose.settings import split_list
from tests.prose.test_report import settings
from tests.support.scripts import CHINESE_PASSAGE

THERE = (
    # In another form of the same characters.
    ("Élodie’s boat sank. Zoë’s sister left.", "E\u0301lodie"),
    ("Zoe\u0308’s sister left.", "Zoë"),
    ("Ｚｏｅ left.", "Zoe"),
    # Where no space is.
    ("小明走进森林。他看见一只白色的狐狸。", "小明"),
    ("小明走进森林。他看见一只白色的狐狸。", "狐狸"),
    (CHINESE_PASSAGE, "银钥匙"),
    ("アンナは灯台へ走った。", "アンナ"),
    ("古いｶｷﾞを見つけた。", "カギ"),
    ("เด็กหญิงมาลีเดินไปที่ประภาคาร", "มาลี"),
    ("เด็กหญิงมาลีเดินไปที่ประภาคาร", "ประภาคาร"),
    # Where other letters grow on a word.
    ("הילדה הלכה אל הים", "ילדה"),
    ("ושלמה ראה את מפתחות הכסף", "מפתח"),
    ("וְשָׁרָה הָלְכָה", "שרה"),
    ("וכשדניאל בא", "דניאל"),
    ("ذهبت وليلى إلى البحر ومعها الفانوس", "ليلى"),
    ("ذهبت وليلى إلى البحر ومعها الفانوس", "فانوس"),
    ("سارت بالمفتاح الفضي", "مفتاح"),
    ("للفانوس ضوء", "الفانوس"),
    ("رأى أحمدُ البحر", "احمد"),
    ("민수는 오래된 등대로 갔다.", "민수"),
    ("민수는 오래된 등대로 갔다.", "등대"),
    # By the stems of the language.
    ("Die Laternen brannten und der Wind war kalt.", "Laterne"),
    ("Er sah die Häuser und den Hafen.", "Haus"),
    ("Annas Boot lag auf dem Strand und sie schlief.", "Anna"),
    ("Les lanternes brûlent dans la nuit.", "lanterne"),
    ("Elle voit l’île d’Élodie et la mer.", "île"),
    ("Elle voit l’île d’Élodie et la mer.", "Élodie"),
    ("Las linternas y los faros del puerto.", "faro"),
    ("Анну видели у старых маяков.", "маяк"),
    ("Анну видели у старых маяков.", "Анна"),
    ("Ayşe'nin bir evi var ve çok güzel.", "Ayşe"),
    ("İSTANBUL bir şehir ve büyük.", "istanbul"),
    ("लड़के ने चाबियाँ देखीं।", "चाबी"),
    ("ΑΝΝΑ στον φάρο", "Άννα"),
    ("The 小明 story", "story"),
    # Of no letters.
    ("It cost 100 ٪ of it", "٪"),
)
NOT_THERE = (
    ("Zoes boot", "Zoë"),
    ("アンナは走った。", "アン"),
    ("小红走进森林。", "小明"),
    ("הילדה הלכה", "ילד ים"),
    ("דגים", "ים"),
    ("البحر", "سامي"),
    ("민들레", "민수"),
    ("the rune of the sea", "run"),
    ("Er sah den Rasen und die See.", "Rad"),
    ("nothing", "٪"),
)


@pytest.mark.parametrize(("text", "phrase"), THERE)
def test_it_is_there(text: str, phrase: str) -> None:
    assert finding.found(text, (phrase, "Marzipan")) == {phrase}


@pytest.mark.parametrize(("text", "phrase"), NOT_THERE)
def test_it_is_not_there(text: str, phrase: str) -> None:
    assert finding.found(text, (phrase,)) == set()


@pytest.mark.parametrize(
    ("typed", "text", "names"),
    [
        ("小明、小红", "小明和小红走进森林。", ["小明", "小红"]),
        ("ليلى، سامي", "ذهبت ليلى مع سامي.", ["ليلى", "سامي"]),
        ("E\u0301lodie, Zoe\u0308", "Élodie’s boat sank. Zoë’s sister left.", None),
    ],
)
def test_a_report_lists_them_as_they_were_typed(
    typed: str, text: str, names: list[str] | None
) -> None:
    found = report.story_report(text, settings(typed))
    assert found["keywords_found"] == (names or split_list(typed))
    assert found["keywords_missing"] == []
    assert found["whole_end"]
