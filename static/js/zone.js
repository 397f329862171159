// Tells the server the browser's time zone, once, and until the next page shows each deadline in
// it. Its words come from the template as data-* attributes.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const waiting = document.querySelectorAll("[data-own-time]");
const YEAR = 365 * 24 * 3600;

function offsetMinutes(moment, name) {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: name,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(moment);
  const at = Object.fromEntries(parts.map((part) => [part.type, Number(part.value)]));
  const shown = Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute);
  return Math.round((shown - moment.getTime()) / 60000);
}

function show(place) {
  const moment = new Date(place.dataset.ownTime);
  if (offsetMinutes(moment, zone) === offsetMinutes(moment, "Asia/Shanghai")) {
    return;
  }
  const time = document.createElement("time");
  time.dateTime = moment.toISOString();
  time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: "long",
    timeStyle: "short",
    timeZone: zone,
  }).format(moment);
  const name = document.createElement("span");
  name.translate = false;
  name.textContent = zone;
  const [before, after] = place.dataset.words.split("MOMENT");
  place.replaceChildren(before, time, after, " (", name, ")");
  place.hidden = false;
}

if (zone && waiting.length) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `zone=${zone}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
  waiting.forEach(show);
}
