"""The page counts words like the server, and knows the same ends of sentences."""

from playwright.sync_api import Page

from prose import sentences, words
from tests.browser.conftest import Complaints, Site, open_story, sign_up
from tests.support.scripts import TEXTS

# Chromium ships fewer words of these than ICU has, and takes long ones apart.
SMALLER_DICTIONARY = {"Lao", "Khmer"}
_COUNT = """async (texts) => {
  const { countWords } = await import("storaiteller/common/words");
  return texts.map(countWords);
}"""
# The words of long paragraphs after edits, where they differ: as the editor counts them, looking
# at what is near an edit, and as they are counted anew.
_EDITED = """async (texts) => {
  const { countWords: fresh } = await import("storaiteller/common/words");
  const { countWords, parse, schema } = await import("storaiteller/editor/text");
  const counts = (text) => [countWords(schema.nodes.doc.create(null, parse(text))), fresh(text)];
  const edits = [[0, 0, "x"], [0.3, 3, ""], [0.5, 0, " "], [0.7, 0, "lamp"], [1, 0, "y"]];
  const wrong = [];
  for (const told of texts) {
    let text = told.repeat(Math.ceil(2500 / told.length));
    counts(text);
    for (const [part, gone, come] of edits) {
      const place = Math.round(text.length * part);
      text = text.slice(0, place) + come + text.slice(place + gone);
      const [kept, anew] = counts(text);
      if (kept !== anew) wrong.push([told, part, kept, anew]);
    }
  }
  return wrong;
}"""
_ENDS = r"""() => Array.from({ length: 0x110000 }, (_, code) => code)
  .filter((code) => /^\p{Sentence_Terminal}$/u.test(String.fromCodePoint(code)))"""


def test_page_and_server_count_alike(page: Page, site: Site, complaints: Complaints) -> None:
    sign_up(page, site, "counter")
    open_story(page, site)
    # Half a character can't be sent; the page replaces it when it is typed.
    texts = {told.name: told.text.replace("\ud83d", "\ufffd") for told in TEXTS}
    counted = dict(zip(texts, page.evaluate(_COUNT, list(texts.values())), strict=True))
    differing = {name for name, text in texts.items() if counted[name] != words.count(text)}
    assert differing <= SMALLER_DICTIONARY
    for name in SMALLER_DICTIONARY:
        assert 0 < counted[name] <= 2 * words.count(texts[name])

    # With spaces between the words and, in scripts of their own, without.
    long = [text.replace("\n\n", "") + space for text in texts.values() for space in (" ", "")]
    assert page.evaluate(_EDITED, long) == []

    ends = [chr(code) for code in page.evaluate(_ENDS)]
    assert len(ends) > 150
    assert [end for end in ends if not sentences.ends_sentence(f"字{end}")] == []
