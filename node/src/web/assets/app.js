// On every page, for those who prepared this device for a fair: what waits here goes home as soon as it can.
// Others get nothing but this file.
const FLAG = "kith-offline";
let on = null;
try { on = localStorage.getItem(FLAG); } catch { /* storage may be forbidden: then there is no queue either */ }

const signOut = document.querySelector("form[data-sign-out]");
if (on || signOut) {
  const { sync, wipe } = await import("./queue.js");
  const show = ({ left, reason }) => {
    const pill = document.getElementById("waiting");
    if (!pill) return;
    pill.hidden = left.length === 0;
    pill.textContent = pill.dataset.text.replace("{n}", left.length);
    if (reason === "signed-out") pill.textContent += ` ${pill.dataset.signedOut}`;
  };
  const go = () => sync().then(show).catch(() => {});
  if (on && !signOut) { go(); addEventListener("online", go); }
  signOut?.addEventListener("submit", async (event) => {
    event.preventDefault();
    await wipe();
    try { localStorage.removeItem(FLAG); } catch { /* nothing was there */ }
    for (const name of await (globalThis.caches?.keys() ?? [])) await caches.delete(name);
    for (const worker of await (navigator.serviceWorker?.getRegistrations() ?? [])) await worker.unregister();
    signOut.submit();
  });
}

// News as they come: a page that asks for it is loaded anew when something happened, unless somebody is typing.
if (document.body.dataset.live !== undefined) {
  let dirty = false;
  let timer;
  const typing = () => document.activeElement?.matches("input, textarea, select") || document.querySelector("details[open]");
  const source = new EventSource(new URL("live", document.baseURI));
  const news = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (!dirty && !typing()) location.reload(); }, 150);
  };
  addEventListener("input", () => { dirty = true; });
  source.addEventListener("notice", news);
  source.addEventListener("missed", news);
  addEventListener("pagehide", () => source.close());
}
