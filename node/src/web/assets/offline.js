// The app without network: my next code, and a sheet for whom I meet.
import { all, put, remove, fact, waiting, freshKey, sync } from "./queue.js";

const words = document.getElementById("offline").dataset;
const $ = (id) => document.getElementById(id);

const showCode = async () => {
  const now = new Date().toISOString();
  const codes = (await all("codes")).filter((code) => !code.used && code.expires > now);
  codes.sort((one, other) => one.key.localeCompare(other.key));
  const [code] = codes;
  $("code-left").textContent = words.codesLeft.replace("{n}", codes.length);
  $("next").disabled = codes.length === 0;
  $("paper").hidden = !code;
  if (!code) return;
  const picture = new DOMParser().parseFromString(code.svg, "image/svg+xml").documentElement;
  $("paper").replaceChildren(picture);
  $("paper").setAttribute("aria-label", `${words.codeOf} ${(await fact("name")) ?? ""}`);
  $("my-name").textContent = (await fact("name")) ?? "";
  $("next").onclick = async () => {
    await put("codes", { ...code, used: true });
    await showCode();
  };
};

const showQueue = async () => {
  const left = await waiting();
  $("count").textContent = words.waiting.replace("{n}", left.length);
  $("list").replaceChildren(...left.map((entry) => {
    const item = document.createElement("li");
    const who = document.createElement("strong");
    who.textContent = entry.name || words.unnamed;
    const when = document.createElement("span");
    const how = entry.code ? words.byCode : entry.photo ? words.byPhoto : words.byName;
    when.textContent = `${new Date(entry.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })} · ${how}`;
    item.append(who, when);
    if (entry.trouble) {
      const trouble = document.createElement("p");
      trouble.className = "trouble";
      trouble.textContent = entry.trouble;
      const name = document.createElement("input");
      name.setAttribute("aria-label", words.giveName);
      name.placeholder = words.giveName;
      name.value = entry.name ?? "";
      name.onchange = async () => { await put("queue", { ...entry, name: name.value, trouble: undefined }); await go(); };
      const drop = document.createElement("button");
      drop.className = "small";
      drop.textContent = words.drop;
      drop.onclick = async () => { await remove("queue", entry.key); await showQueue(); };
      item.append(trouble, name, drop);
    }
    return item;
  }));
};

const go = async () => {
  // With nothing to send, only this says whether the node can be reached.
  const reach = fetch(new URL("health", document.baseURI), { cache: "no-store" });
  const { reason } = await reach.then(() => sync()).catch(() => ({ reason: "offline" }));
  $("net").textContent = reason === "signed-out" ? words.signedOut : reason === "offline" ? words.offline : words.online;
  $("home").hidden = reason === "offline";
  await showQueue();
};

const form = $("capture");
const picture = form.elements.photo;
let code = null;

// The text of a code on a photo, where this browser can read one.
const read = async (photo) => {
  if (!("BarcodeDetector" in globalThis)) return null;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  const [found] = await createImageBitmap(photo).then((image) => detector.detect(image)).catch(() => []);
  return found?.rawValue ?? null;
};

picture.addEventListener("change", async () => {
  const [photo] = picture.files;
  code = photo ? await read(photo) : null;
  $("photo-status").textContent = !photo ? "" : code ? words.readHere : words.readLater;
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form));
  const [photo] = picture.files;
  const typed = (fields.code ?? "").trim();
  if (!fields.name.trim() && !photo && !typed) {
    $("photo-status").textContent = words.something;
    form.elements.name.focus();
    return;
  }
  const optional = (name) => (fields[name].trim() ? { [name]: fields[name].trim() } : {});
  const eventName = await fact("event");
  const text = typed || code;
  const date = new Date();
  await put("queue", {
    key: freshKey(), at: date.toISOString(),
    date: `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`,
    ...(text ? { code: text } : photo ? { photo } : {}),
    ...optional("name"), ...optional("need"), ...optional("promise"), ...optional("note"), ...optional("tags"),
    ...(eventName ? { event: eventName } : {}),
  });
  form.reset();
  code = null;
  $("photo-status").textContent = words.kept;
  await showQueue();
  go();
});

addEventListener("online", go);
await showCode();
await go();
