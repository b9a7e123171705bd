// Signs put around what is bold or italic in HTML that is pasted.
//
// The rules are those of `prose/emphasis/writing.py`: where the signs would not be read as they are
// meant, within a word or beside others, the line goes without.

import { pieces } from "storaiteller/emphasis/signs";

const END = "\x04";
const MARK = /[\x01-\x04]/g;
const PARTS = /[\x01-\x03][^\x01-\x04]*\x04|[^\x01-\x04]+/g;

// `text` with the marks of its look, the size of its sign, which holds for each of its lines.
export function marked(text, look) {
  const lines = text.replace(MARK, "").split("\n");
  return lines.map((line) => line && String.fromCharCode(look) + line + END).join("\n");
}

// Spaces at its ends are not emphasised.
function signed({ begins, text }) {
  const inner = text.trim();
  if (!begins || !inner) return text;
  const sign = "*".repeat(begins.charCodeAt(0));
  const start = text.indexOf(inner);
  return text.slice(0, start) + sign + inner + sign + text.slice(start + inner.length);
}

function line(marks) {
  const parts = [];
  for (const part of marks.match(PARTS) ?? []) {
    const begins = part.endsWith(END) ? part[0] : "";
    const text = part.replace(MARK, "");
    // What goes on in the same look is one with it.
    if (parts.at(-1)?.begins === begins) parts.at(-1).text += text;
    else parts.push({ begins, text });
  }
  const told = parts.map(signed).join("");
  const bare = marks.replace(MARK, "");
  return pieces(told).map(({ text }) => text).join("") === bare ? told : bare;
}

// `text` with signs in the place of marks.
export function withSigns(text) {
  return text.includes(END) ? text.split("\n").map(line).join("\n") : text;
}
