// How a page beside the desk stays true: the stream says that something changed, and the page reads it again, once for
// everything that changes together. The slower the server answers, the more rarely it is asked.
import { desk, put, say, watch } from "./store.js";
import { onMessage, start } from "./stream.js";

const SOON_MS = 300; //      what changes together is read together
const CALM_MS = 1_500; //    between two readings, and at least ten times as long as one took
const CLOCK_MS = 60_000; //  what becomes late does so while nothing happens; of other nodes nobody here is told sooner

/** `look` now, and again after each of these words, as long as somebody sees the page. Gives the first reading. */
export function keepHearing(words, look) {
  let planned = null;
  let reading = false;
  let stale = false;
  let notBefore = 0;

  const plan = () => {
    stale = true;
    if (planned !== null || reading || document.hidden) return;
    planned = setTimeout(read, Math.max(SOON_MS, notBefore - Date.now()));
  };
  const read = async () => {
    planned = null;
    stale = false;
    reading = true;
    const begun = Date.now();
    await look().catch(refused);
    reading = false;
    notBefore = Date.now() + Math.max(CALM_MS, 10 * (Date.now() - begun));
    if (stale) plan();
  };

  onMessage((message) => {
    if (words.includes(message.type) || (message.type === "hello" && !message.resumed)) plan();
  });
  document.addEventListener("visibilitychange", () => stale && plan());
  setInterval(plan, CLOCK_MS);
  watch(() => {
    const unseen = desk.connection.state === "lost";
    if (unseen !== Boolean(desk.unseen)) put({ unseen });
  });
  start({ beside: true });
  return read();
}

/** What the server refuses is said; that it is not there is shown by the stream. */
function refused(error) {
  if (error.status === undefined) throw error;
  if (error.status !== 0) say(error.words, "warning");
}
