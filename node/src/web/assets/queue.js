// What this device keeps while there is no network: codes to show, and whom I met. Signing out deletes all of it.
// Two homes on one host keep theirs apart, by the path under which each is.
const PLACE = new URL(document.baseURI).pathname;
const NAME = `kith ${PLACE}`;
const LOCK = `kith-sync ${PLACE}`;
const FLAG = `kith-offline ${PLACE}`;
const STORES = ["codes", "queue", "facts"];
const PATIENCE = 20000; // milliseconds that an answer may take: a hall with a bad network is no better than none

const open = () => new Promise((done, failed) => {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => STORES.forEach((store) =>
    request.result.createObjectStore(store, { keyPath: "key" }));
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

const run = async (store, mode, act) => {
  const db = await open();
  try {
    return await new Promise((done, failed) => {
      // What is kept must be on the disk before anybody is told that it is.
      const change = db.transaction(store, mode, { durability: "strict" });
      const request = act(change.objectStore(store));
      change.oncomplete = () => done(request?.result);
      change.onerror = change.onabort = () => failed(change.error);
    });
  } finally {
    db.close();
  }
};

export const all = (store) => run(store, "readonly", (s) => s.getAll());
export const put = (store, value) => run(store, "readwrite", (s) => s.put(value));
export const remove = (store, key) => run(store, "readwrite", (s) => s.delete(key));
export const fact = async (key) => (await run("facts", "readonly", (s) => s.get(key)))?.value;
export const setFact = (key, value) => put("facts", { key, value });
export const waiting = async () => (await all("queue")).sort((one, other) => one.at.localeCompare(other.at));

/** Puts these codes in place of all others, at once or not at all. */
export const replaceCodes = (codes) => run("codes", "readwrite", (s) => {
  s.clear();
  codes.forEach((code) => s.put(code));
});

/** True if this device keeps something; storage may be forbidden, then it does not. */
export const isUsed = () => { try { return localStorage.getItem(FLAG) !== null; } catch { return false; } };
export const setUsed = () => { try { localStorage.setItem(FLAG, "1"); } catch { /* see above */ } };

/** 32 hexadecimal digits that name a capture, so that sending it twice does it once. */
export const freshKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Of several codes, the one of Kith. */
export const theCode = (codes) => codes.find((code) => /^kith:|\/c#/i.test(code)) ?? codes[0];

// Runs while no other page sends: whoever changes the queue by hand must not meet a page that writes back.
export const alone = async (act) => (navigator.locks ? navigator.locks.request(LOCK, act) : act());

const post = async (path, body, type) => {
  const answer = await fetch(new URL(path, document.baseURI), {
    method: "POST", body, headers: { "content-type": type }, redirect: "manual", signal: AbortSignal.timeout(PATIENCE),
  });
  // A hotel that wants a password, a proxy whose node is down: no answer of the node's.
  if (answer.type === "opaqueredirect" || answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
  return answer;
};

const problem = async (answer) => answer.json().catch(() => null);

// The text of the code on a photo; nothing if the node finds none.
const decode = async (photo) => {
  const answer = await post("api/v1/scans/read", photo, "application/octet-stream");
  if (answer.status === 401) return { signedOut: true };
  if (answer.ok) return { code: theCode((await answer.json()).codes ?? []) };
  return { message: (await problem(answer))?.message };
};

// What came of it: done, signed-out, or what is wrong in words.
const send = async (entry, unreadable) => {
  const { photo, trouble, key, at, ...said } = entry;
  if (photo && !said.code) {
    const found = await decode(photo);
    if (found.signedOut) return "signed-out";
    if (found.code) said.code = found.code;
    else if (!said.name) return found.message ?? unreadable;
  }
  const answer = await post("api/v1/captures", JSON.stringify({ ...said, key, at }), "application/json");
  if (answer.status === 201) return "done";
  if (answer.status === 401) return "signed-out";
  const told = await problem(answer);
  // It was taken in before, and the person was forgotten since.
  if (answer.status === 404 && told?.kind === "not_found") return "done";
  if (!told?.message) throw new Error(String(answer.status));
  return [told.message, told.hint].filter(Boolean).join(" ");
};

/** Sends what waits, the oldest first. Says what still waits, and why. What the node refused waits to be mended. */
export const sync = (unreadable = "") => alone(async () => {
  let reason = null;
  for (const entry of (await waiting()).filter((one) => !one.trouble)) {
    let outcome;
    try {
      outcome = await send(entry, unreadable);
    } catch {
      reason = "offline";
      break;
    }
    if (outcome === "done") await remove("queue", entry.key);
    else if (outcome === "signed-out") { reason = outcome; break; }
    else await put("queue", { ...entry, trouble: outcome });
  }
  return { left: await waiting(), reason };
});

/** True if the node answers. */
export const isReached = async () => {
  const asked = fetch(new URL("healthz", document.baseURI), { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  return asked.then((answer) => answer.ok, () => false);
};

/** Deletes everything that this device keeps of this home. */
export const wipe = async () => {
  try { localStorage.removeItem(FLAG); } catch { /* nothing was there */ }
  await new Promise((done) => {
    const request = indexedDB.deleteDatabase(NAME);
    request.onsuccess = request.onerror = request.onblocked = () => done();
  });
  const shell = `kith-shell ${new URL(document.baseURI).href}`;
  await globalThis.caches?.delete(shell).catch(() => {});
  const worker = await navigator.serviceWorker?.getRegistration(document.baseURI).catch(() => null);
  await worker?.unregister().catch(() => {});
};
