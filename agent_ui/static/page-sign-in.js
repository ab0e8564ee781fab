// Signing in: the form of the page, sent as the API wants it.
import { ready } from "./page-early.js";
import { api } from "./api.js";
import { t, tn } from "./texts.js";

const form = document.getElementById("sign-in");
const wrong = document.getElementById("wrong");
const button = form.querySelector("button");

/** Where to go then: a place of this server, or the desk. */
function next() {
  const wanted = new URLSearchParams(location.search).get("next") ?? "";
  return /^\/(?![/\\])[^\\\s]*$/.test(wanted) ? wanted : "/desk";
}

function words(refused) {
  if (refused.status === 401) return t("Login or password is wrong.");
  if (refused.status === 429) {
    const seconds = Number(/(\d+) s$/.exec(refused.detail)?.[1] ?? 60);
    return tn("Too many wrong tries. Try again in a second.", "Too many wrong tries. Try again in {n} seconds.", seconds);
  }
  if (refused.status === 503) return t("Too many people sign in at this moment. Try again in some seconds.");
  return refused.words;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  wrong.hidden = true;
  button.disabled = true;
  try {
    await api.post("/session", { login: form.login.value, password: form.password.value });
    location.replace(next());
  } catch (refused) {
    wrong.textContent = words(refused);
    wrong.hidden = false;
    button.disabled = false;
    form.password.select();
  }
});
ready();
