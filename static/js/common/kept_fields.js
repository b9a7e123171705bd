// What was typed into the settings and not sent is there again when Back leads to the page: pages are
// not stored, so that the browser has it no more.

const TYPED = "input:not([type=hidden]), textarea, select";

const key = `storaiteller:typed:${location.pathname}`;

function fields() {
  return [...document.querySelectorAll("#settings-form")].flatMap((form) => [
    ...form.querySelectorAll(TYPED),
  ]);
}

// A field's value, and the one that it came with.
function values(field) {
  if (field.type === "checkbox") return [field.checked, field.defaultChecked];
  if (field.tagName !== "SELECT") return [field.value, field.defaultValue];
  const first = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
  return [field.value, first?.value];
}

function put(field, value) {
  if (field.type === "checkbox") field.checked = value;
  else field.value = value;
}

function keep() {
  const typed = {};
  for (const field of fields()) {
    const [now, before] = values(field);
    if (now !== before) typed[field.name] = now;
  }
  if (Object.keys(typed).length) sessionStorage.setItem(key, JSON.stringify(typed));
  else sessionStorage.removeItem(key);
}

function bringBack() {
  const typed = JSON.parse(sessionStorage.getItem(key) ?? "{}");
  sessionStorage.removeItem(key);
  const [how] = performance.getEntriesByType("navigation");
  if (how?.type !== "back_forward") return;
  for (const field of fields()) if (field.name in typed) put(field, typed[field.name]);
}

// Without storage, or when it is full, a browser does what it does by itself.
const attempt = (work) => {
  try {
    work();
  } catch (error) {
    console.debug(error);
  }
};

attempt(bringBack);
addEventListener("pagehide", () => attempt(keep));
