// Copies the code of a snippet. Its messages come from the template as data-* attributes.

const SHOWN_FOR_MS = 2000;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) {
    return;
  }
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
  } catch {
    return;
  }
  button.textContent = button.dataset.done;
  setTimeout(() => {
    button.textContent = label;
  }, SHOWN_FOR_MS);
});

// Without a clipboard (plain HTTP on another host) a copy button would do nothing: take it away.
if (!navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = true;
  }
}
