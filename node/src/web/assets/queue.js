// What this device keeps while there is no network: codes to show, and whom I met. Signing out deletes all of it.
const NAME = "kith";
const STORES = ["codes", "queue", "facts"];

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
      change.oncomplete = () => done(request.result);
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

/** 32 hexadecimal digits that name a capture, so that sending it twice does it once. */
export const freshKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

const post = (path, body, type) => fetch(new URL(path, document.baseURI), {
  method: "POST", body, headers: { "content-type": type }, redirect: "manual",
});

// The text of the code on a photo; nothing if the node finds none.
const decode = async (photo) => {
  const answer = await post("api/v1/scans/read", photo, "application/octet-stream");
  if (answer.status === 401) return { signedOut: true };
  if (answer.ok) return { code: (await answer.json()).codes[0] };
  if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
  return {};
};

const send = async (entry) => {
  const { photo, trouble, key, at, ...said } = entry;
  if (photo && !said.code) {
    const found = await decode(photo);
    if (found.signedOut) return "signed-out";
    if (found.code) said.code = found.code;
    else if (!said.name) return "nothing to read";
  }
  const answer = await post("api/v1/captures", JSON.stringify({ ...said, key, at }), "application/json");
  // Not found: it was taken in before, and the person was forgotten since.
  if (answer.ok || answer.status === 404) return "done";
  if (answer.status === 401) return "signed-out";
  if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
  const problem = await answer.json().catch(() => null);
  return problem ? [problem.message, problem.hint].filter(Boolean).join(" ") : String(answer.status);
};

/** Sends what waits, the oldest first, one page at a time. Says how many still wait, and why. */
export const sync = () => navigator.locks.request("kith-sync", async () => {
  let reason = null;
  for (const entry of await waiting()) {
    let outcome;
    try {
      outcome = await send(entry);
    } catch {
      reason = "offline";
      break;
    }
    if (outcome === "done") await remove("queue", entry.key);
    else if (outcome === "signed-out") { reason = outcome; break; }
    // The node will not take it as it is: it stays here, with what is wrong, for its owner to mend.
    else await put("queue", { ...entry, trouble: outcome });
  }
  return { left: await waiting(), reason };
});

/** Deletes everything that this device keeps. */
export const wipe = () => new Promise((done) => {
  const request = indexedDB.deleteDatabase(NAME);
  request.onsuccess = request.onerror = request.onblocked = () => done();
});
