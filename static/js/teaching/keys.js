// One key for each choice on a page that is about one decision.

const typing = (target) => target.closest("input:not([type=radio]), textarea, select, dialog");

// Presses the button or link of `choices` (key → element) that a key stands for.
export const listen = (choices) => {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing(event.target)) return;
    const chosen = choices.get(event.key);
    if (!chosen || chosen.disabled || chosen.closest("[hidden]")) return;
    event.preventDefault();
    chosen.click();
  });
};
