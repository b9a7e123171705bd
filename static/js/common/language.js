// The page's language: its sentences for scripts, from the catalogue that a page loads before them.
// Where that could not be had, they are in English.

const english = {
  gettext: (text) => text,
  ngettext: (one, many, count) => (count === 1 ? one : many),
  pgettext: (_, text) => text,
};
const { gettext, ngettext, pgettext } = globalThis.django ?? english;

// Fill the named places of a sentence: `%(count)s`. As Django's own, which is not there without it.
function interpolate(sentence, values) {
  return sentence.replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));
}

export { gettext, interpolate, ngettext, pgettext };
