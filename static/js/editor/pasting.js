// What is pasted or dropped into the editor comes as plain text, in paragraphs as they were seen.

import { DOMSerializer } from "prosemirror-model";
import { Plugin } from "prosemirror-state";

import { textOfHTML } from "storaiteller/editor/html_text";
import { parse, schema, SEPARATOR } from "storaiteller/editor/text";

const OURS = "data-storaiteller";

const nodes = DOMSerializer.nodesFromSchema(schema);
const serializer = new DOMSerializer({ ...nodes, paragraph: () => ["p", { [OURS]: "" }, 0] }, {});

// A story's text as the HTML of this editor, which is read without a change.
function asOurs(text) {
  const div = document.implementation.createHTMLDocument("").createElement("div");
  for (const paragraph of parse(text)) div.append(serializer.serializeNode(paragraph));
  div.firstElementChild.setAttribute("data-pm-slice", "1 1 []");
  return div.innerHTML;
}

// Empty lines in a row are one; some programs write one after each paragraph, and another for its end.
function withoutEmpty(text) {
  return text.replace(/\r\n?/g, "\n").replace(/\n[ \t\u00a0]*(?:\n[ \t\u00a0]*)+/g, SEPARATOR);
}

export const pasting = new Plugin({
  props: {
    clipboardSerializer: serializer,
    transformPastedHTML(html) {
      // A copy from this editor, or another tab's, is the story's text to the letter.
      if (html.includes(`<p ${OURS}=""`)) return html;
      const text = textOfHTML(html);
      return text && asOurs(text);
    },
    transformPastedText: withoutEmpty,
    // HTML may have no words, as that of a picture has none: its plain text is taken then. What has
    // neither must not take the selection away.
    handlePaste(view, event, { size }) {
      if (size) return false;
      const text = event.clipboardData?.getData("text/plain");
      if (text) view.pasteText(text);
      return true;
    },
  },
});
