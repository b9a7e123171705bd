// The link that takes the story along, with what was typed a moment ago.

export function downloadSettled(link, autosave) {
  let asked = false;
  link.addEventListener("click", async (event) => {
    if (!autosave.pending) return;
    event.preventDefault();
    if (asked) return;
    asked = true;
    const saved = await autosave.settled();
    asked = false;
    if (saved) link.click();
  });
}
