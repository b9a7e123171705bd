// The stories of a book: marking one chooses those that are marked.

const chosen = document.querySelector('input[name="which"][value="chosen"]');
for (const box of document.querySelectorAll('input[name="stories"]')) {
  box.addEventListener("change", () => {
    if (box.checked) chosen.checked = true;
  });
}
