// Keeps the page's own files in the browser, so that it also opens without a network. Nothing else passes here.

const KEPT = "glasshive";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The page says which files it consists of: those are fetched and kept, all others are dropped.
self.addEventListener("message", (event) => {
  event.waitUntil(keep(event.data));
});

async function keep(addresses) {
  const cache = await caches.open(KEPT);
  const wanted = new Set(addresses);
  for (const request of await cache.keys()) {
    if (!wanted.has(request.url)) await cache.delete(request);
  }
  for (const address of wanted) {
    // What has a hash in its name never changes; the others are fetched again whenever that is possible.
    if (isForever(address) && (await cache.match(address))) continue;
    await cache.add(address).catch(() => {});
  }
}

const isForever = (address) => /[.-][0-9a-f]{8,}[._]/.test(new URL(address).pathname);

self.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  if (method !== "GET" || new URL(url).origin !== self.location.origin) return;
  const address = mode === "navigate" ? new URL("./", self.location.href).href : url;
  event.respondWith(answer(event.request, address));
});

async function answer(request, address) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(address);
  if (kept && isForever(address)) return kept;
  try {
    return await fetch(request);
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}
