// The share sheet of the phone, where there is one, and the mail with the text as it was changed.
const draft = document.getElementById("draft");
const share = document.getElementById("share");
const mail = document.querySelector("a[href^='mailto:']");
if (navigator.share) {
  share.hidden = false;
  share.addEventListener("click", () => navigator.share({ text: draft.value }).catch(() => {}));
}
mail?.addEventListener("click", () => {
  const [to] = mail.getAttribute("href").split("?");
  const subject = new URL(mail.href).searchParams.get("subject") ?? "";
  mail.href = `${to}?subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(draft.value)}`;
});
