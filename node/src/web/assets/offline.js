// The app without network: my next code, and a sheet for whom I meet.
const { all, put, remove, fact, waiting, freshKey, theCode, sync, alone, isReached, setUsed } =
  await import(`./queue.js${new URL(import.meta.url).search}`);

const words = document.getElementById("offline").dataset;
const $ = (id) => document.getElementById(id);
const form = $("capture");
const picture = form.elements.photo;
const FIELDS = ["name", "need", "promise", "note"];

const showCode = async () => {
  const now = new Date().toISOString();
  const codes = (await all("codes")).filter((code) => !code.used && code.expires > now);
  codes.sort((one, other) => one.key.localeCompare(other.key));
  const [code] = codes;
  $("code-left").textContent = words.codesLeft.replace("{n}", codes.length);
  $("next").disabled = codes.length === 0;
  $("paper").hidden = !code;
  if (!code) return;
  $("paper").replaceChildren(new DOMParser().parseFromString(code.svg, "image/svg+xml").documentElement);
  $("paper").setAttribute("aria-label", `${words.codeOf} ${(await fact("name")) ?? ""}`);
  $("my-name").textContent = (await fact("name")) ?? "";
  $("next").onclick = async () => {
    await put("codes", { ...code, used: true });
    await showCode();
  };
};

let code = null; // what was read off the photo
let mended = null; // the entry that the sheet is to replace

const button = (text, act) => {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "small";
  made.textContent = text;
  made.onclick = act;
  return made;
};

// All that was typed goes back into the sheet; the entry goes when the new one is kept.
const mend = (entry) => {
  form.reset();
  FIELDS.forEach((name) => { form.elements[name].value = entry[name] ?? ""; });
  form.elements.tags.value = (entry.tags ?? []).join(", ");
  form.elements.code.value = entry.code ?? "";
  mended = entry;
  $("photo-status").textContent = entry.trouble;
  form.elements.name.focus();
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
    when.textContent = ` ${new Date(entry.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })} · ${how}`;
    item.append(who, when);
    if (entry.trouble) {
      const trouble = document.createElement("p");
      trouble.className = "trouble";
      trouble.textContent = entry.trouble;
      const drop = async () => { await alone(() => remove("queue", entry.key)); await showQueue(); };
      item.append(trouble, button(words.mend, () => mend(entry)), button(words.drop, drop));
    }
    return item;
  }));
};

const go = async () => {
  const { reason } = await sync(words.unreadable).catch(() => ({ reason: "offline" }));
  const offline = reason === "offline" || !(await isReached());
  $("net").textContent = offline ? words.offline : reason === "signed-out" ? words.signedOut : words.online;
  $("home").hidden = offline;
  await showQueue();
};

// The text of a code on a photo, where this browser can read one.
const read = async (photo) => {
  if (!("BarcodeDetector" in globalThis)) return null;
  const found = await createImageBitmap(photo)
    .then((image) => new BarcodeDetector({ formats: ["qr_code"] }).detect(image)).catch(() => []);
  return theCode(found.map((one) => one.rawValue)) ?? null;
};

picture.addEventListener("change", async () => {
  const [photo] = picture.files;
  code = null;
  const found = photo ? await read(photo) : null;
  if (picture.files[0] !== photo) return; // it was kept, or another one was taken, while this one was read
  code = found;
  $("photo-status").textContent = !photo ? "" : code ? words.readHere : words.readLater;
});

const local = (date) =>
  `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;

const entryOf = async (fields, photo) => {
  const given = (name) => (fields[name].trim() ? { [name]: fields[name].trim() } : {});
  const tags = fields.tags.split(",").map((tag) => tag.trim()).filter(Boolean);
  const text = fields.code.trim() || code;
  const pictured = photo ?? mended?.photo;
  const event = await fact("event");
  const now = new Date();
  return {
    key: freshKey(), at: mended?.at ?? now.toISOString(), date: mended?.date ?? local(now),
    ...(text ? { code: text } : pictured ? { photo: pictured } : {}),
    ...Object.assign({}, ...FIELDS.map(given)), ...(tags.length ? { tags } : {}), ...(event ? { event } : {}),
  };
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form));
  const [photo] = picture.files;
  if (!fields.name.trim() && !photo && !mended?.photo && !fields.code.trim()) {
    $("photo-status").textContent = words.something;
    form.elements.name.focus();
    delete form.dataset.sent;
    return;
  }
  try {
    const entry = await entryOf(fields, photo);
    await put("queue", entry);
    if (mended) await alone(() => remove("queue", mended.key));
    setUsed();
    form.reset();
    code = mended = null;
    $("photo-status").textContent = words.kept;
  } catch (error) {
    $("photo-status").textContent = `${words.notKept} ${error?.message ?? ""}`;
  }
  delete form.dataset.sent;
  await showQueue();
  go();
});

addEventListener("online", go);
await showCode();
await showQueue();
await go();
