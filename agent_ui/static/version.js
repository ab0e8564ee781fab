// A page that was left open over an upgrade becomes the new one as soon as nothing is lost by it.
import { desk, say, watch } from "./store.js";
import { onMessage } from "./stream.js";
import { t } from "./texts.js";

const LOOK_MS = 600_000; // pages without a stream do not hear that the server began anew
const mine = new URL(import.meta.url).pathname.split("/")[2];

/** `idle`: whether nothing is lost by another page, and `later`: what is said where something would be; without them only the
 *  reader knows, and is asked. */
export function keepUp(idle = null, later = "") {
  let newer = false;
  let going = false; // asked for again, a page that is on its way begins anew, and on a slow line never comes
  const follow = () => {
    if (going || !newer || !idle?.() || desk.dialog || document.activeElement?.value) return;
    going = true;
    location.reload();
  };
  const look = async () => {
    if (newer) return;
    const answer = await fetch("/static/version", { cache: "no-store" }).catch(() => null);
    if (newer || !answer?.ok || (await answer.text()) === mine) return;
    newer = true;
    follow();
    if (!idle) say(t("There is a new version of this page."), "warning", { label: t("Reload"), run: () => location.reload() });
    else if (later && !idle()) say(later, "warning");
  };
  let greeted = false;
  onMessage(({ type }) => {
    if (type !== "hello") return;
    if (greeted) look();
    greeted = true;
  });
  document.addEventListener("visibilitychange", () => document.hidden || look());
  setInterval(look, LOOK_MS);
  watch(follow);
}
