// A list that the browser has kept whole, as it was left, is asked for anew when it is shown again.

// What is typed into a field, and sent nowhere yet. What is looked for is in the address.
function isTyped(field) {
  return field.value !== field.defaultValue && !field.closest("[role=search]");
}

addEventListener("pageshow", ({ persisted }) => {
  const fields = [...document.querySelectorAll("input:not([type=hidden]), textarea")];
  if (persisted && !fields.some(isTyped)) location.reload();
});
