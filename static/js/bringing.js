// Files that are too large are refused before they are sent: the server ends such a request unread.

const files = document.getElementById("files");
files.addEventListener("change", () => {
  const size = [...files.files].reduce((sum, file) => sum + file.size, 0);
  files.setCustomValidity(size > Number(files.dataset.most) ? files.dataset.tooLarge : "");
  files.reportValidity();
});
