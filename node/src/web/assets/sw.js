// Keeps the shell of the app, so that it opens without network. No page with people on it is ever kept.
const SHELL = "kith-shell";
const FILES = ["offline", "assets/style.css", "assets/queue.js", "assets/offline.js", "assets/app.js", "assets/icon.svg"];
const at = (path) => new URL(path, self.registration.scope).href;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const shell = await caches.open(SHELL);
    await shell.addAll(FILES.map((file) => new Request(at(file), { cache: "reload", credentials: "same-origin" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () => (await caches.open(SHELL)).match(at("offline"))));
  } else if (FILES.some((file) => request.url.split("?")[0] === at(file))) {
    event.respondWith(fetch(request).catch(async () => (await caches.open(SHELL)).match(request, { ignoreSearch: true })));
  }
});
