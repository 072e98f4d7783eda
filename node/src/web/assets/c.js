// A public page that was opened by a code: what follows # is for the visitor's own node, and never leaves this browser.
const code = location.hash.slice(1);
const box = document.getElementById("connect");
if (/^[A-Z2-7]{20,160}$/i.test(code)) {
  const link = box.querySelector("output");
  link.textContent = location.href;
  box.hidden = false;
  box.querySelector("button").addEventListener("click", async (event) => {
    try {
      await navigator.clipboard.writeText(location.href);
      event.target.textContent = box.dataset.copied;
    } catch {
      getSelection().selectAllChildren(link);
      event.target.textContent = box.dataset.select;
    }
  });
}
