"""The language of a text, by what shows of it."""

import pytest
from django.conf.locale import LANG_INFO

from prose import report
from prose.languages import offered, recognition
from prose.settings import Settings

TOLD = {
    "en": "Anna climbed the stairs of the lighthouse, and the lamp was cold. Nobody was there.",
    "id": "Anna menaiki tangga mercusuar itu dan lampu di sana tidak menyala. Ia pergi ke laut.",
    "ca": "L’Anna va pujar les escales del far, i el llum era fred. No hi havia els vaixells.",
    "cs": "Anna vyšla na maják a lampa byla studená. Nikdo tam nebyl a ona se bála, že je sama.",
    "da": "Anna gik op ad trappen i fyret, og det blev koldt. Hun var ikke bange for mørket.",
    "de": "Anna stieg die Treppe hinauf, und der Leuchtturm war dunkel. Sie fand nicht die Lampe.",
    "es": "Anna subió las escaleras del faro y la lámpara estaba fría. No había nadie en el mar.",
    "fr": "Anna monta les marches du phare et la lampe était froide. Il ne restait pas une âme.",
    "it": "Anna salì le scale del faro e la lampada era fredda. Non c’era nessuno nella stanza.",
    "hu": "Anna felment a világítótoronyba, és a lámpa hideg volt. Nem volt ott senki, de a fény.",
    "nl": "Anna liep de trap van de vuurtoren op en de lamp was koud. Er was niet één mens in het.",
    "nb": "Anna gikk opp trappen i fyret, og det ble kaldt. Hun var ikke redd for mørket.",
    "pl": "Anna weszła na latarnię i lampa była zimna. Nie było tam nikogo, a ona się bała.",
    "pt": "A Anna subiu as escadas do farol e a lâmpada não estava acesa. Era uma noite com vento.",
    "ro": "Anna a urcat scările farului și lampa era rece. Nu era nimeni în turn, din păcate.",
    "fi": "Anna nousi majakan portaat ja lamppu oli kylmä. Hän ei nähnyt ketään, mutta se oli hän.",
    "sv": "Anna gick upp för trappan och det var kallt. Hon var inte rädd för att vara ensam.",
    "vi": "Anna leo lên cầu thang của ngọn hải đăng, và chiếc đèn đã lạnh. Không có ai ở đó.",
    "tr": "Anna deniz fenerinin merdivenlerini çıktı ve lamba çok soğuktu. Bu bir rüya gibi.",
    "el": "Η Άννα ανέβηκε τις σκάλες του φάρου και η λάμπα ήταν κρύα.",
    "ru": "Анна поднялась по лестнице маяка, и лампа была холодной. Никого там не было.",
    "uk": "Анна піднялася сходами маяка, і лампа була холодною. Нікого там не було, її це злякало.",
    "he": "אנה עלתה במדרגות המגדלור, והמנורה הייתה קרה.",
    "ar": "صعدت آنا درج المنارة وكان المصباح باردا.",
    "hi": "आना प्रकाशस्तंभ की सीढ़ियाँ चढ़ी और दीपक ठंडा था।",
    "th": "แอนนาเดินขึ้นบันไดประภาคาร และตะเกียงก็เย็นเฉียบ",
    "zh-hans": "安娜走上灯塔的楼梯，灯是冷的。那里没有人。",
    "ja": "アンナは灯台の階段を上った。ランプは冷たかった。",
    "ko": "안나는 등대의 계단을 올라갔고 등불은 차가웠다.",
}


def asked(code: str) -> Settings:
    """Return settings that ask for a language."""
    return Settings("Anna", "", "War", "Vivid", False, 100, False, language=code)


@pytest.mark.parametrize("code", TOLD)
def test_a_text_shows_what_it_is_in(code: str) -> None:
    base = code.partition("-")[0]
    assert recognition.language_of(TOLD[code]) == base
    assert recognition.language_of(TOLD[code], "en") == base
    told = report.story_report(TOLD[code], asked("" if code == "en" else code))
    assert told["in_language"]
    other = "de" if code != "de" else "fr"
    missed = report.story_report(TOLD[code], asked(other))
    assert (missed["language_found"], missed["in_language"]) == (code, False)


def test_what_shows_nothing_is_in_what_was_asked_for() -> None:
    for text in ("", "…", "Anna!"):
        assert recognition.language_of(text) == "en"
        assert recognition.language_of(text, "de") == "de"
    # One word fits both; it is told by what nothing speaks more for.
    both = "Anna og Ben var der."
    assert recognition.language_of(both, "nb") == "nb"
    assert recognition.language_of(both, "da") == "da"


def test_each_language_has_a_name_for_people() -> None:
    assert {*TOLD} == {"en", *offered.NAMES}
    assert {*offered.NAMES, *recognition.CODES} - {"zh"} <= {*LANG_INFO}
    assert len(offered.CODES) == len(offered.NAMES)
    assert max(map(len, offered.NAMES)) <= 12


def test_the_offered_one_of_a_language() -> None:
    assert offered.offered("de-AT") == "de"
    assert offered.offered("zh") == offered.offered("zh-Hans") == offered.offered("zh-TW")
    for code in ("en", "en-gb", "", "tlh", "et"):
        assert offered.offered(code) == ""
