// Names that a screen reader needs, for what Unfold and Django's own scripts leave without one.

document.addEventListener("DOMContentLoaded", () => {
  // Its other scrolling parts are called the same by SimpleBar, which reads this.
  document.getElementById("nav-sidebar-apps")?.setAttribute("data-simplebar-aria-label", "Apps");
});

addEventListener("load", () => {
  // Django's pickers are built at this event as well, maybe after this.
  setTimeout(() => {
    for (const tip of document.querySelectorAll(".help-tooltip[aria-label]")) tip.role = "img";
  });
});
