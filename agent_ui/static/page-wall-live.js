// What keeps a wall of 60 queues and 350 agents calm: a table is looked at ten times a second at most however many messages come, a row is
// drawn anew only when its own values are others, and the seconds that run are text that is written, not drawn.
import { html, useLayoutEffect, useMemo, useRef } from "./ui.js";
import { useDesk, watch } from "./store.js";
import { lasting, now } from "./time.js";

const APART_MS = 100; // between two drawings: what comes meanwhile is drawn together
const waiting = new Set();
let asked = false;
let drawn = 0;

/** Once, before the browser paints; a page that nobody sees paints nothing and is still kept right. */
function soon(look) {
  waiting.add(look);
  if (asked) return;
  asked = true;
  const run = () => {
    asked = false;
    drawn = performance.now();
    const looks = [...waiting];
    waiting.clear();
    looks.forEach((one) => one());
  };
  const wait = APART_MS - (performance.now() - drawn);
  if (document.hidden) setTimeout(run, 250);
  else if (wait > 0) setTimeout(run, wait);
  else requestAnimationFrame(run);
}

/** As `useDesk`, ten times a second at most. */
export const useFrame = (select, same) => useDesk(select, same, calmly);

function calmly(check) {
  const quiet = watch(() => soon(check));
  return () => {
    waiting.delete(check);
    quiet();
  };
}

/** A row: drawn again only when one of these values is another one. */
export function Row({ draw, of }) {
  return useMemo(() => draw(...of), [draw, ...of]);
}

// --- seconds that run ---

const clocks = new Map(); // element -> since when

setInterval(() => {
  const at = now();
  clocks.forEach((clock, element) => tick(element, clock, at));
}, 1000);

function tick(element, { since, warn }, at) {
  const seconds = (at - since) / 1000;
  const text = lasting(seconds);
  if (element.firstChild) element.firstChild.data = text;
  else element.textContent = text;
  if (warn) element.classList.toggle("over", seconds >= warn);
}

/** How long something lasts; from `warn` seconds on it says so with its class. Screen readers are not told each second. */
export function Since({ at, warn }) {
  const place = useRef(null);
  useLayoutEffect(() => {
    const since = Date.parse(at);
    if (!Number.isFinite(since)) return undefined;
    const element = place.current;
    clocks.set(element, { since, warn });
    tick(element, { since, warn }, now());
    return () => clocks.delete(element);
  }, [at, warn]);
  return at ? html`<span ref=${place} class="number since" aria-live="off"></span>` : html`<span class="number quiet">–</span>`;
}
