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

// `value` as it is written in the page's language; `options` are those of `Intl.NumberFormat`.
function number(value, options) {
  return value.toLocaleString(document.documentElement.lang || undefined, options);
}

export { gettext, interpolate, ngettext, number, pgettext };
