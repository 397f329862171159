// One key jumps to the element that names it in data-hotkey; typing in a field is left alone.

const TYPING = "input, textarea, select, [contenteditable]";

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  if (event.target.closest?.(TYPING)) {
    return;
  }
  const target = [...document.querySelectorAll("[data-hotkey]")].find(
    (element) => element.dataset.hotkey === event.key,
  );
  if (target) {
    event.preventDefault();
    target.focus();
  }
});
