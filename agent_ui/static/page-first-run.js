// The first administrator. The key stands behind the # of the link, so no log and no referrer ever has it.
import { ready } from "./page-early.js";
import { api } from "./api.js";
import { language, t } from "./texts.js";

const form = document.getElementById("first-run");
const button = form.querySelector("button");
const key = decodeURIComponent(location.hash.slice(1));
for (const link of document.querySelectorAll(".languages a")) link.hash = location.hash;

const SAID = () => ({
  "is among the first that anybody would try": t("This password is among the first that anybody would try."),
  "is made of the login or the name": t("This password is made of the login or the name."),
  "holds a character that nobody can type": t("This password holds a character that nobody can type."),
  "is taken by the server itself": t("The server itself is called so."),
});

function complain(field, message) {
  const place = document.getElementById(field ? `${field}-wrong` : "wrong") ?? document.getElementById("wrong");
  place.textContent = SAID()[message] ?? message;
  place.hidden = false;
  const input = form.elements[field];
  if (input) input.setAttribute("aria-invalid", "true");
}

function clear() {
  for (const place of form.querySelectorAll(".wrong")) place.hidden = true;
  for (const input of form.querySelectorAll("input")) input.removeAttribute("aria-invalid");
}

if (!key) complain("", t("This page needs the whole set-up link from the server's log."));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clear();
  if (form.password.value !== form.again.value) {
    complain("again", t("The two are not the same."));
    form.again.select();
    return;
  }
  button.disabled = true;
  try {
    const { login, elements, password } = form;
    await api.post("/first-run", {
      key, login: login.value, name: elements.name.value, password: password.value, language,
    });
    location.replace("/desk");
  } catch (refused) {
    button.disabled = false;
    const fields = Object.entries(refused.fields ?? {});
    for (const [field, message] of fields) complain(field, message);
    if (fields.length) form.elements[fields[0][0]]?.focus();
    else if (refused.status === 403) complain("", t("This link is used up. Restart the server for a new one."));
    else if (refused.status === 409) complain("", t("There is an administrator already: sign in."));
    else complain("", refused.words);
  }
});
ready();
