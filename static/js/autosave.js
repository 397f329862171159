/* Saves a form[data-autosave] while its writer pauses. Without this module the button saves.

   The page sends itself the whole form and takes JSON back: {version, message}. Whatever is
   said stands in [data-autosave-status]; what could not be sent is said by data-failed. */

const PAUSE_MS = 8000;

function watch(form) {
  const status = form.querySelector("[data-autosave-status]");
  let timer = 0;
  let stopped = false;

  async function save() {
    try {
      const answer = await fetch(form.action || location.href, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json" },
      });
      const { version, message } = await answer.json();
      if (version) form.elements.version.value = version;
      status.textContent = message;
      stopped = answer.status === 409;
    } catch {
      status.textContent = form.dataset.failed;
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(save, PAUSE_MS);
  });
  form.addEventListener("submit", () => clearTimeout(timer));
}

document.querySelectorAll("form[data-autosave]").forEach(watch);
