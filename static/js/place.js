// A place in the line in front of the model, in words.

const ORDINALS = new Intl.PluralRules("en", { type: "ordinal" });
const ENDINGS = { one: "st", two: "nd", few: "rd", other: "th" };

export function placeInWords({ position, after_own: afterOwn }) {
  const ordinal = `${position.toLocaleString()}${ENDINGS[ORDINALS.select(position)]}`;
  const place = position > 1 ? `${ordinal} in line` : "Next in line";
  return `${place}, ${afterOwn ? "after your other story" : "while others are being written"}`;
}
