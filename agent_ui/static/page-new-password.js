// A password of one's own, by the link that an administrator gave. The key stands behind the #: no log ever has it.
import { ready } from "./page-early.js";
import { api } from "./api.js";
import { t } from "./texts.js";

const form = document.getElementById("new-password");
const button = form.querySelector("button");
const key = decodeURIComponent(location.hash.slice(1));
for (const link of document.querySelectorAll(".languages a")) link.hash = location.hash;

function complain(field, message) {
  const place = document.getElementById(field ? `${field}-wrong` : "wrong") ?? document.getElementById("wrong");
  place.textContent = message;
  place.hidden = false;
  form.elements[field]?.setAttribute("aria-invalid", "true");
  form.elements[field]?.select();
}

function clear() {
  for (const place of form.querySelectorAll(".wrong")) place.hidden = true;
  for (const input of form.querySelectorAll("input")) input.removeAttribute("aria-invalid");
}

if (!key) complain("", t("This page needs the whole link that you were given."));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clear();
  if (form.password.value !== form.again.value) return complain("again", t("The two are not the same."));
  button.disabled = true;
  try {
    await api.post("/new-password", { key, password: form.password.value });
    location.replace("/desk");
  } catch (refused) {
    button.disabled = false;
    const [field] = Object.keys(refused.fields ?? {});
    if (field) complain(field, refused.fields[field]);
    else complain("", refused.status === 403 ? t("This link is used up or too old. Ask for a new one.") : refused.words);
  }
});
ready();
