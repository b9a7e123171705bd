// A part of the page that could not be had, or changed, since the person is not signed in any more.

const SENTENCES = {
  401: "signed-out", // by `storaiteller_site/signed_out.py`
  403: "signed-in-again", // the form token is an older session's
};

let shown = null;

document.addEventListener("htmx:responseError", (event) => {
  const template = document.getElementById(SENTENCES[event.detail.xhr.status]);
  if (!template) return;
  shown?.remove();
  shown = template.content.firstElementChild.cloneNode(true);
  document.getElementById("main").prepend(shown);
});

document.addEventListener("htmx:afterOnLoad", (event) => {
  if (event.detail.successful) shown?.remove();
});
