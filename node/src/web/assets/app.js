// On every page. Those who prepared this device for a fair: what waits here goes home as soon as it can.
const PLACE = new URL(document.baseURI).pathname;
const version = new URL(import.meta.url).search;
// The node may live in another time zone than whoever reads.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`kith_zone=${zone}`)) {
  document.cookie = `kith_zone=${zone}; path=${PLACE}; max-age=34560000; samesite=lax`;
}
let isUsed = false;
try { isUsed = localStorage.getItem(`kith-offline ${PLACE}`) !== null; } catch { /* storage is forbidden: no queue either */ }

const signOut = document.querySelector("form[data-sign-out]");
if (isUsed || signOut) {
  const queue = await import(`./queue.js${version}`);
  const pill = document.getElementById("waiting-here");
  const show = ({ left, reason }) => {
    if (!pill) return;
    pill.hidden = left.length === 0;
    pill.querySelector("a").textContent = pill.dataset.text.replace("{n}", left.length);
    pill.querySelector("span").textContent = reason === "signed-out" ? pill.dataset.signedOut : "";
  };
  const go = () => queue.sync(pill?.dataset.unreadable).then(show).catch(() => {});
  if (isUsed) { go(); addEventListener("online", go); }
  signOut?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const left = isUsed ? await queue.sync(pill?.dataset.unreadable).then((now) => now.left, () => queue.waiting()).catch(() => []) : [];
    if (left.length > 0 && !confirm(signOut.dataset.signOut.replace("{n}", left.length))) {
      delete signOut.dataset.sent;
      return;
    }
    try { await queue.wipe(); } finally { signOut.submit(); }
  });
}

// A thumb that taps twice means once.
addEventListener("submit", (event) => {
  if (event.target.dataset.sent && event.target.dataset.signOut === undefined) event.preventDefault();
  event.target.dataset.sent = "1";
});
addEventListener("pageshow", (event) => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  // A page out of the browser's memory shows what was.
  if (event.persisted && document.body.dataset.live !== undefined) location.reload();
});

// News as they come: a page that asks for it is loaded anew when something happened, unless somebody is typing.
if (document.body.dataset.live !== undefined) {
  let dirty = false;
  let timer;
  let listened = false;
  const typing = () => document.activeElement?.matches("input, textarea, select") || document.querySelector("details[open]");
  const source = new EventSource(new URL("live", document.baseURI));
  // Loading anew would take the page away from under a finger, or end the way to another page that a press has begun.
  let pressed = -Infinity;
  for (const press of ["pointerdown", "click"]) addEventListener(press, () => { pressed = performance.now(); });
  const news = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (performance.now() - pressed < 5000) news();
      else if (!dirty && !typing()) location.reload();
    }, 150);
  };
  addEventListener("input", () => { dirty = true; });
  source.addEventListener("notice", news);
  source.addEventListener("missed", news);
  // The phone slept, and what happened meanwhile was not told.
  source.addEventListener("listening", () => { if (listened) news(); listened = true; });
  addEventListener("pagehide", () => source.close());
}
