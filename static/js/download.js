// The link that takes the story along, with what was typed a moment ago.

// `settled()` saves, and resolves to whether every edit is stored; it says so to the person if not.
export function downloadSettled(link, autosave, settled) {
  let asked = false;
  link.addEventListener("click", async (event) => {
    if (!autosave.pending) return;
    event.preventDefault();
    if (asked) return;
    asked = true;
    const saved = await settled();
    asked = false;
    if (saved) link.click();
  });
}
