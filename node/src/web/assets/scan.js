// The live camera. Where the browser reads QR codes it does so itself; elsewhere single frames go to the own node.
const place = document.getElementById("camera");
const words = place.dataset;
const form = document.getElementById("by-text-form");
const field = form.elements.text;
const say = (text) => { place.querySelector("[role=status]").textContent = text; };

const PAUSE = 300; // milliseconds between two looks: a hand holds still longer than that
const SIDE = 1280; // pixels: enough for the largest code of a phone held at arm's length

const take = (text) => {
  field.value = text;
  form.requestSubmit();
};

const byBrowser = async () => {
  if (!("BarcodeDetector" in globalThis)) return null;
  const formats = await BarcodeDetector.getSupportedFormats().catch(() => []);
  if (!formats.includes("qr_code")) return null;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async (video) => (await detector.detect(video)).map((code) => code.rawValue);
};

const byNode = () => {
  const canvas = document.createElement("canvas");
  return async (video) => {
    const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    const frame = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
    if (!frame) return [];
    const answer = await fetch(new URL("api/v1/scans/glance", document.baseURI), {
      method: "POST", body: frame, headers: { "content-type": "application/octet-stream" },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).codes;
  };
};

// Of several codes, the one of Kith.
const theCode = (codes) => codes.find((code) => /^kith:|\/c#/i.test(code)) ?? codes[0];

const watch = async (video, look) => {
  let failed = 0;
  while (video.srcObject) {
    if (!document.hidden && video.readyState >= 2) {
      const codes = await look(video).then((seen) => { failed = 0; return seen; }, () => { failed += 1; return []; });
      const text = theCode(codes);
      if (text) return take(text);
      // Signed out, or the node is gone: a camera that looks on tells nobody.
      if (failed >= 5) throw new Error("the node does not read");
    }
    await new Promise((done) => setTimeout(done, PAUSE));
  }
};

const button = place.querySelector("button");
const video = place.querySelector("video");
const stop = () => {
  video.srcObject?.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
  video.hidden = true;
  button.hidden = button.disabled = false;
};

const start = async () => {
  button.disabled = true;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } },
    });
    video.srcObject = stream;
    video.hidden = false;
    button.hidden = true;
    await video.play();
    say(words.look);
    addEventListener("pagehide", stop, { once: true });
    await watch(video, (await byBrowser()) ?? byNode());
  } catch (error) {
    stop();
    say(error.name === "NotAllowedError" ? words.refused : words.none);
  }
};

place.hidden = false;
if (!globalThis.isSecureContext || !navigator.mediaDevices) {
  button.hidden = true;
  say(words.insecure);
} else {
  button.addEventListener("click", start);
  const state = await navigator.permissions?.query({ name: "camera" }).catch(() => null);
  if (state?.state === "granted") start();
}

// One tap takes what was copied, for instance from somebody's page.
const paste = document.getElementById("paste");
if (navigator.clipboard?.readText) {
  paste.hidden = false;
  paste.addEventListener("click", async () => {
    const text = await navigator.clipboard.readText().catch(() => "");
    if (text.trim()) take(text); else field.focus();
  });
}
