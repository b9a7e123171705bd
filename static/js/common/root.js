// The path below which the site stands: "/", or "/stories/" where a proxy has other things beside it.

export const ROOT = document.documentElement.dataset.root;
