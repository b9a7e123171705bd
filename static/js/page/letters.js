// The size and the face of the story's letters, as this browser remembers them.
//
// No module: it runs in the head of the page, so that the text does not jump once it is seen.

{
  const LETTERS = "storaiteller:letters";
  const root = document.documentElement;
  const SIZES = ["smaller", "normal", "larger", "largest"];
  const FACES = ["serif", "sans"];
  const USUAL = { size: "normal", face: "serif" };

  function remembered() {
    try {
      const found = JSON.parse(localStorage.getItem(LETTERS));
      const isKnown = SIZES.includes(found?.size) && FACES.includes(found?.face);
      return isKnown ? found : USUAL;
    } catch {
      return USUAL; // no storage, or not ours
    }
  }

  function keep(letters) {
    Object.assign(root.dataset, letters);
    try {
      localStorage.setItem(LETTERS, JSON.stringify(letters));
    } catch {
      // They stay for this page.
    }
  }

  Object.assign(root.dataset, remembered());

  document.addEventListener("DOMContentLoaded", () => {
    const find = (id) => document.getElementById(id);
    const show = () => {
      const { size, face } = root.dataset;
      find("letters-smaller").disabled = size === SIZES[0];
      find("letters-larger").disabled = size === SIZES.at(-1);
      const button = find("letters-face");
      button.textContent = face === "serif" ? button.dataset.without : button.dataset.with;
    };
    const change = (changes) => {
      const { size, face } = root.dataset;
      keep({ size, face, ...changes });
      show();
    };
    const step = (by) => change({ size: SIZES[SIZES.indexOf(root.dataset.size) + by] ?? root.dataset.size });
    find("letters-smaller").addEventListener("click", () => step(-1));
    find("letters-larger").addEventListener("click", () => step(1));
    find("letters-face").addEventListener("click", () =>
      change({ face: FACES[1 - FACES.indexOf(root.dataset.face)] }),
    );
    show();
  });
}
