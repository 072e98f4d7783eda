// Makes this device ready for a fair without network, and says whether it is.
const { all, replaceCodes, setFact, fact, waiting, setUsed } = await import(`./queue.js${new URL(import.meta.url).search}`);

const root = document.getElementById("ready");
const words = root.dataset;
const form = document.getElementById("prepare");
const COUNT = 100;
const line = (id, good, text) => {
  const item = document.getElementById(id);
  item.querySelector(".mark").textContent = good ? words.good : words.bad;
  item.querySelector(".mark").className = `mark ${good ? "good" : "bad"}`;
  item.querySelector(".finding").textContent = text;
};

const unused = async () => {
  const now = new Date().toISOString();
  return (await all("codes")).filter((code) => !code.used && code.expires > now);
};

const check = async () => {
  line("ready-secure", isSecureContext, isSecureContext ? words.secure : words.insecure);
  if (!isSecureContext || !navigator.serviceWorker) {
    form.querySelector("button").disabled = true;
    return;
  }
  const worker = await navigator.serviceWorker.getRegistration(document.baseURI);
  line("ready-shell", Boolean(worker?.active), worker?.active ? words.shell : words.noShell);
  const codes = await unused();
  line("ready-codes", codes.length > 0, words.codes.replace("{n}", codes.length));
  const camera = await navigator.permissions?.query({ name: "camera" }).catch(() => null);
  line("ready-camera", camera?.state === "granted", camera?.state === "granted" ? words.camera : words.noCamera);
  const clock = await fact("clock");
  line("ready-clock", clock !== undefined && Math.abs(clock) < 120, clock === undefined ? words.noClock : words.clock.replace("{n}", Math.round(Math.abs(clock))));
  const kept = await navigator.storage?.persisted?.();
  line("ready-kept", Boolean(kept), kept ? words.kept : words.notKept);
  const left = await waiting();
  line("ready-queue", true, words.queue.replace("{n}", left.length));
};

const prepare = async () => {
  const registered = await navigator.serviceWorker.register(new URL("sw.js", document.baseURI));
  await navigator.storage?.persist?.();
  const fields = Object.fromEntries(new FormData(form));
  // The codes that are left are for another event, or show another part of the card: they are withdrawn for the new ones.
  const answer = await fetch(new URL("api/v1/invites/prepare", document.baseURI), {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({
      count: COUNT, event: fields.event, tier: fields.tier, replaces: (await unused()).map((code) => code.id),
    }),
  });
  const made = await answer.json();
  if (!answer.ok) throw new Error([made.message, made.hint].filter(Boolean).join(" "));
  await replaceCodes(made.codes.map((code) => ({ key: code.id, ...code, used: false })));
  setUsed();
  await setFact("name", made.name);
  await setFact("event", fields.event || "");
  await setFact("clock", (Date.now() - Date.parse(made.now)) / 1000);
  await navigator.serviceWorker.ready;
  await registered.update();
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  const status = document.getElementById("prepare-status");
  status.textContent = words.working;
  try {
    await prepare();
    status.textContent = words.done;
  } catch (error) {
    status.textContent = `${words.failed} ${error.message}`;
  }
  button.disabled = false;
  delete form.dataset.sent;
  await check();
});
await check();
