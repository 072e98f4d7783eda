// Keeps the shell of the app, so that it opens without network. No page with people on it is ever kept.
const SHELL = `kith-shell ${self.registration.scope}`;
const FILES = ["offline", "assets/style.css", "assets/queue.js", "assets/offline.js", "assets/app.js", "assets/icon.svg"];
const PATIENCE = 4000; // milliseconds: in a hall with a bad network the page that needs none is better
const at = (path) => new URL(path, self.registration.scope).href;
const kept = async (request) => (await caches.open(SHELL)).match(request, { ignoreSearch: true });

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const shell = await caches.open(SHELL);
    await shell.addAll(FILES.map((file) => new Request(at(file), { cache: "reload", credentials: "same-origin" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The answer of the node, unless it takes too long or a proxy says that the node is not there.
const opened = async (request) => {
  const late = new Promise((_, failed) => setTimeout(() => failed(new Error("late")), PATIENCE));
  const answer = await Promise.race([fetch(request), late]);
  if ([502, 503, 504].includes(answer.status)) throw new Error("the node is not there");
  return answer;
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    event.respondWith(opened(request).catch(async () => (await kept(at("offline"))) ?? Response.error()));
  } else if (FILES.some((file) => request.url.split("?")[0] === at(file))) {
    event.respondWith(fetch(request).catch(async () => (await kept(request)) ?? Response.error()));
  }
});
