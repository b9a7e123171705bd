// Finding the parts of a page.

export const part = (id) => document.getElementById(id);
