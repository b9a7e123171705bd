// The link that takes the story along, with what was typed a moment ago.

export function downloadSaved(link, autosave) {
  let tried = false;
  link.addEventListener("click", async (event) => {
    if (tried || !autosave.pending) {
      tried = false;
      return;
    }
    event.preventDefault();
    await autosave.flush();
    tried = true; // whatever came of it: what is stored is better than no file
    link.click();
  });
}
