// Installing the model that writes, offered to staff when the model server lacks it.

import { gettext, interpolate, number } from "storaiteller/common/language";
import { postStream } from "storaiteller/common/requests";

const panel = document.getElementById("install"); // null for everybody else

function inGigabytes(bytes) {
  return number(bytes / 1e9, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

export function offerInstall() {
  if (panel) panel.hidden = false;
}

if (panel) {
  const [button, bar, status] = ["button", "progress", "[role=status]"].map((selector) =>
    panel.querySelector(selector),
  );

  const show = ({ completed, total, status: stage }) => {
    if (total) {
      bar.max = total;
      bar.value = completed ?? 0;
      status.textContent = interpolate(gettext("%(done)s of %(all)s GB"), {
        done: inGigabytes(completed ?? 0),
        all: inGigabytes(total),
      });
    } else {
      bar.removeAttribute("value");
      status.textContent = stage;
    }
  };

  button.addEventListener("click", async () => {
    button.hidden = true;
    bar.hidden = false;
    panel.classList.remove("wrong");
    status.textContent = gettext("Asking the model server…");
    let last = {};
    try {
      for await (last of postStream(panel.dataset.url)) {
        if (last.error) throw new Error(last.error);
        show(last);
      }
      if (last.status !== "success") throw new Error(gettext("The download ended in the middle."));
      panel.querySelector("p").hidden = true;
      status.textContent = gettext("The model is installed. Go on writing.");
    } catch (error) {
      panel.classList.add("wrong");
      status.textContent = interpolate(
        gettext("%(error)s Trying again goes on from where it was."),
        { error: error.message },
      );
      button.hidden = false;
    } finally {
      bar.hidden = true;
    }
  });
}
