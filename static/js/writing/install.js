// Installing the model that writes, offered to staff when the model server lacks it.

import { postStream } from "storaiteller/common/requests";

const panel = document.getElementById("install"); // null for everybody else

function inGigabytes(bytes) {
  return (bytes / 1e9).toLocaleString(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
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
      status.textContent = `${inGigabytes(completed ?? 0)} of ${inGigabytes(total)} GB`;
    } else {
      bar.removeAttribute("value");
      status.textContent = stage;
    }
  };

  button.addEventListener("click", async () => {
    button.hidden = true;
    bar.hidden = false;
    panel.classList.remove("wrong");
    status.textContent = "Asking the model server…";
    let last = {};
    try {
      for await (last of postStream(panel.dataset.url)) {
        if (last.error) throw new Error(last.error);
        show(last);
      }
      if (last.status !== "success") throw new Error("The download ended in the middle.");
      panel.querySelector("p").hidden = true;
      status.textContent = "The model is installed. Go on writing.";
    } catch (error) {
      panel.classList.add("wrong");
      status.textContent = `${error.message} Trying again goes on from where it was.`;
      button.hidden = false;
    } finally {
      bar.hidden = true;
    }
  });
}
