// News as they come: the page is loaded anew when something happened, unless somebody is typing.
const typing = () => {
  const at = document.activeElement;
  return at && at.matches("input, textarea, select");
};
let dirty = false;
addEventListener("input", () => { dirty = true; });

const source = new EventSource(new URL("live", document.baseURI));
let timer;
const news = () => {
  clearTimeout(timer);
  timer = setTimeout(() => { if (!dirty && !typing()) location.reload(); }, 150);
};
source.addEventListener("notice", news);
source.addEventListener("missed", news);
addEventListener("pagehide", () => source.close());
