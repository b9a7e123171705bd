// The mark as a good story, which is about the stored text: what was typed a moment ago goes first.

export function markSettled(autosave) {
  let asked = false;
  document.addEventListener("htmx:confirm", async (event) => {
    // By its name: each mark brings a form of its own.
    if (event.detail.elt.id !== "good-form" || !autosave.pending) return;
    event.preventDefault();
    if (asked) return;
    asked = true;
    const saved = await autosave.settled();
    asked = false;
    if (saved) event.detail.issueRequest(true);
  });
}
