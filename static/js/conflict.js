// Two texts of one story: both are shown, and the person chooses.

const part = (id) => document.getElementById(id);

export function offerBoth(mine, theirs, { keepMine, keepTheirs }) {
  part("conflict-mine").textContent = mine;
  part("conflict-theirs").textContent = theirs;
  part("conflict").hidden = false;
  part("conflict").scrollIntoView({ block: "nearest" });
  const choose = (choice) => () => {
    part("conflict").hidden = true;
    choice();
  };
  part("keep-mine").onclick = choose(keepMine);
  part("keep-theirs").onclick = choose(keepTheirs);
}
