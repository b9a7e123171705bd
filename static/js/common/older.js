// Standard functions that the browsers of the last years may lack; imported before what needs them.

// One that counts from the end where `index` is negative.
function at(index) {
  return this[index < 0 ? this.length + index : index];
}

function define(target, name, value) {
  if (name in target) return;
  Object.defineProperty(target, name, { value, writable: true, configurable: true });
}

define(Array.prototype, "at", at); // 2022
define(String.prototype, "at", at);
define(globalThis, "reportError", (error) => console.error(error)); // 2022
// 2023: halves of a surrogate pair are no characters.
define(String.prototype, "toWellFormed", function toWellFormed() {
  return this.replace(/\p{Surrogate}/gu, "\ufffd");
});
