// Brings the reader to what matters: the error summary after a refused form, and, on a narrow
// screen where the navigation is one scrolling line, the entry of the current page.

document.querySelector("[data-focus]")?.focus();

const current = document.querySelector(".side [aria-current]");
const line = current?.closest("ul");
if (line && line.scrollWidth > line.clientWidth) {
  line.scrollLeft = current.offsetLeft - line.offsetLeft - line.clientWidth / 3;
}
