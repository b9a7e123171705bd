// HTML from a clipboard as the plain text of a story: paragraphs apart by an empty line, list items
// too, the cells of a row by a tab. The same rules as for files (`stories/publishing/reading`).
//
// Walked without recursion, each node once: what is pasted may be as deep and as long as it likes.

import { BOLD, ITALIC } from "storaiteller/emphasis/signs";
import { marked, withSigns } from "storaiteller/emphasis/writing";

const LONGEST = 10_000_000; // characters of HTML
const SCENE_BREAK = "* * *";

const set = (names) => new Set(names.split(" "));
const APART = set(
  "ADDRESS ARTICLE ASIDE BLOCKQUOTE BODY CAPTION CENTER DD DETAILS DIV DL DT FIELDSET FIGCAPTION " +
    "FIGURE FOOTER FORM H1 H2 H3 H4 H5 H6 HEADER HGROUP LI MAIN NAV OL P SECTION SUMMARY UL",
);
const TABLE = set("TABLE TBODY THEAD TFOOT");
const CELL = set("TD TH");
const SKIPPED = set(
  "AUDIO BUTTON CANVAS COL COLGROUP DATALIST EMBED HEAD IFRAME INPUT LINK MAP META NOSCRIPT OBJECT " +
    "RP RT SCRIPT SELECT STYLE SVG TEMPLATE TEXTAREA TITLE VIDEO",
);
const PRESERVING = set("LISTING PRE XMP");

const BOLD_ELEMENT = /^(?:B|STRONG)$/;
const ITALIC_ELEMENT = /^(?:I|EM)$/;
const HEADING = /^H[1-6]$/;

// What styles say of an element: of those in sheets nothing is known.
const HIDDEN = /display:\s*none|mso-hide:\s*all|mso-list:\s*ignore/i;
const BLOCK = /display:\s*(?:block|flex|grid|list-item)/i;
const WHITE_SPACE = /white-space:\s*([a-z-]+)/gi;

const SPACES = /[ \t\n\r\f]+/g;
// Word processors and browsers put no-break spaces where several spaces, or one at an end, would be
// lost. They are meant beside a French sign and in a number.
const RUN = /[ \u00a0]{2,}/g;
const BEFORE = /[«‹„\d–—]/;
const AFTER = /[»›!?;:%–—\d]/;
const PICTURE = /[\p{Extended_Pictographic}\u{1f1e6}-\u{1f1ff}]/u;
const EMOJI = /^[\p{Extended_Pictographic}\p{Emoji_Component}]{1,16}$/u;

// A place that text flows into: the page, or a cell of a table in it.
class Flow {
  constructor() {
    this.paragraphs = [];
    this.pieces = []; // of the paragraph that is open
    this.row = null; // the cells of the row that is open: the paragraphs of each
    this.rows = []; // the finished rows of the table that is open, a line each
  }

  text(text, preserved, look) {
    // Between two paragraphs or cells it is how the source is written.
    if (!this.pieces.length && !/[^ \t\n\r\f]/.test(text)) return;
    this.endTable();
    const seen = preserved ? text.replace(/\r\n?/g, "\n") : this.#collapsed(text);
    if (seen) this.pieces.push(look ? marked(seen, look) : seen);
  }

  #collapsed(text) {
    const one = text.replace(SPACES, " ");
    return /[ ]\x04?$/.test(this.pieces.at(-1) ?? "") ? one.replace(/^ /, "") : one;
  }

  // A line break, or nothing between two paragraphs.
  lineBreak() {
    if (this.pieces.length) this.pieces.push("\n");
  }

  endParagraph() {
    this.endTable();
    this.#flush();
  }

  // The paragraph that is open ends; empty lines end one too.
  #flush() {
    const lines = withSigns(this.pieces.join("")).split("\n").map(tidied);
    this.pieces = [];
    let open = [];
    for (const line of [...lines, ""]) {
      if (line) {
        open.push(line);
      } else if (open.length) {
        this.paragraphs.push(open.join("\n"));
        open = [];
      }
    }
  }

  cell(paragraphs) {
    this.#flush();
    this.row ??= [];
    this.row.push(paragraphs);
  }

  // A row is a line; one with more than a line in a cell is the cells' paragraphs, one by one.
  endRow() {
    const { row } = this;
    this.row = null;
    if (!row) return;
    const isLine = row.every((cell) => cell.length < 2 && !cell[0]?.includes("\n"));
    if (isLine) {
      const line = row.map(([text]) => text ?? "").join("\t").trimEnd();
      if (line.trim()) this.rows.push(line);
    } else {
      this.endTable();
      for (const cell of row) for (const paragraph of cell) this.paragraphs.push(paragraph);
    }
  }

  endTable() {
    this.endRow();
    if (this.rows.length) this.paragraphs.push(this.rows.join("\n"));
    this.rows = [];
  }
}

function tidied(line) {
  const spaced = line.replace(RUN, (run) => (run.includes("\u00a0") ? " " : run));
  const isMeant = (at) => BEFORE.test(spaced[at - 1] ?? "") || AFTER.test(spaced[at + 1] ?? "");
  const tidy = spaced.replace(/\u00a0/g, (sign, at) => (isMeant(at) ? sign : " "));
  return tidy.replaceAll("\ufeff", "").trim();
}

function isSkipped(element, style) {
  if (SKIPPED.has(element.nodeName.toUpperCase()) || element.hidden || HIDDEN.test(style)) return true;
  return element.className === "Apple-interchange-newline";
}

// Whether white space counts in `element`, inside of which `preserved` says of its parent.
function isPreserved(element, style, preserved) {
  if (PRESERVING.has(element.nodeName)) return true;
  const said = [...style.matchAll(WHITE_SPACE)].at(-1)?.[1].toLowerCase();
  return said ? said.startsWith("pre") || said === "break-spaces" : preserved;
}

// Whether what is in the element is bold or italic, inside of what is so by `around`.
function lookOf(nodeName, style, around) {
  if (HEADING.test(nodeName)) return 0;
  let look = around | (BOLD_ELEMENT.test(nodeName) ? BOLD : 0) | (ITALIC_ELEMENT.test(nodeName) ? ITALIC : 0);
  // Some programs put all that they copy into an element for bold that says that it is not.
  const [, weight] = /font-weight:\s*(\w+)/i.exec(style) ?? [];
  const [, slant] = /font-style:\s*(\w+)/i.exec(style) ?? [];
  if (weight) look = /^(?:bold|bolder|[6-9]00)$/i.test(weight) ? look | BOLD : look & ~BOLD;
  if (slant) look = /^(?:italic|oblique)$/i.test(slant) ? look | ITALIC : look & ~ITALIC;
  return look;
}

// The policy of our pages forbids inline styles and handlers, and browsers complain of what they will
// not apply anyway: styles are read under another name.
function renamed(html) {
  const sheets = html.replace(/<(\/?)style(?=[\s/>])/gi, "<$1template");
  return sheets.replace(/<[a-z][^<>]*/gi, (tag) => tag.replace(/([\s"'])(style|on[a-z]+)(?=\s*=)/gi, "$1data-$2"));
}

class Reader {
  constructor() {
    this.flows = [new Flow()];
    this.preserved = [false]; // of each element that is open
    this.looks = [0]; // the same: bold, italic or both, as sizes of signs
    this.blocks = [false]; // the same: whether it stands apart
  }

  get flow() {
    return this.flows.at(-1);
  }

  // False when nothing in `element` is to be read.
  enter(element) {
    const { nodeName } = element;
    const style = element.getAttribute("data-style") ?? "";
    if (isSkipped(element, style)) return false;
    if (nodeName === "BR") this.flow.lineBreak();
    else if (nodeName === "HR") this.#sceneBreak();
    else if (nodeName === "IMG") this.#image(element);
    else if (nodeName === "TR") this.flow.endRow();
    if (CELL.has(nodeName)) this.flows.push(new Flow());
    const isBlock =
      APART.has(nodeName) || TABLE.has(nodeName) || PRESERVING.has(nodeName) || BLOCK.test(style);
    if (isBlock && !(TABLE.has(nodeName) && nodeName !== "TABLE")) this.flow.endParagraph();
    this.preserved.push(isPreserved(element, style, this.preserved.at(-1)));
    this.blocks.push(isBlock);
    this.looks.push(lookOf(nodeName, style, this.looks.at(-1)));
    return true;
  }

  leave({ nodeName }) {
    this.preserved.pop();
    this.looks.pop();
    const isBlock = this.blocks.pop();
    if (CELL.has(nodeName)) {
      const cell = this.flows.pop();
      cell.endParagraph();
      this.flow.cell(cell.paragraphs);
    } else if (nodeName === "TR") {
      this.flow.endRow();
    } else if (isBlock && (nodeName === "TABLE" || !TABLE.has(nodeName))) {
      this.flow.endParagraph();
    }
  }

  text(node) {
    this.flow.text(node.data, this.preserved.at(-1), this.looks.at(-1));
  }

  #sceneBreak() {
    this.flow.endParagraph();
    this.flow.paragraphs.push(SCENE_BREAK);
  }

  // Some pages have their emoji as pictures.
  #image(element) {
    const { alt } = element;
    if (PICTURE.test(alt) && EMOJI.test(alt)) this.flow.text(alt, true);
  }
}

// The text of `html`, without empty paragraphs; "" when there is none, or too much to be read.
export function textOfHTML(html) {
  if (html.length > LONGEST) return "";
  // Of a template nothing runs, and nothing is loaded; cells may stand there without a table.
  const template = document.createElement("template");
  template.innerHTML = renamed(html);
  const root = template.content;
  const reader = new Reader();
  let node = root.firstChild;
  while (node) {
    const isElement = node.nodeType === Node.ELEMENT_NODE;
    if (node.nodeType === Node.TEXT_NODE) reader.text(node);
    if (isElement && reader.enter(node)) {
      if (node.firstChild) {
        node = node.firstChild;
        continue;
      }
      reader.leave(node);
    }
    while (node && !node.nextSibling) {
      node = node.parentNode === root ? null : node.parentNode;
      if (node) reader.leave(node);
    }
    node = node && node.nextSibling;
  }
  reader.flow.endParagraph();
  return reader.flow.paragraphs.join("\n\n");
}
