// Menus close by themselves: at a click elsewhere, at a choice, when the focus leaves, and at Escape.

const opened = () => document.querySelectorAll("details.menu[open]");

function closeAllBut(target) {
  for (const menu of opened()) if (!menu.contains(target)) menu.open = false;
}

// What was in focus is hidden with the menu: who uses the keyboard goes on from its button.
function close(menu) {
  menu.querySelector("summary").focus();
  menu.open = false;
}

function choose({ target }) {
  const menu = target.closest(".menu-items")?.closest("details.menu");
  // Arrows are pressed more than once.
  if (menu && target.closest("a, button") && !target.closest(".icon")) close(menu);
}

function escape(event) {
  const [menu] = opened();
  if (event.key !== "Escape" || event.isComposing || !menu) return;
  event.stopPropagation(); // it means this and nothing else
  close(menu);
}

document.addEventListener("pointerdown", ({ target }) => closeAllBut(target));
document.addEventListener("focusin", ({ target }) => closeAllBut(target));
// Before what they do: it may move the focus, and has to find it where it will be.
document.addEventListener("click", choose, true);
document.addEventListener("keydown", escape, true);
