// The wall for a screen that hangs there: figures that are read from across the room, nothing that scrolls. What does not
// fit on one page comes on the next; what is bad comes first and stays first.
import { html, classes, useEffect, useLayoutEffect, useRef, useState } from "./ui.js";
import { Icon } from "./icons.js";
import { useDesk } from "./store.js";
import { language, t } from "./texts.js";
import { useClock } from "./time.js";
import { crews, levelOf, limitsOf, oldest } from "./page-wall-data.js";
import { Row, Since, useFrame } from "./page-wall-live.js";
import { AlertStrip } from "./page-wall-places.js";
import { share } from "./page-wall-queues.js";
import { Blind, Totals } from "./page-wall-totals.js";

const TURN_MS = 10_000;
const CARD = { width: 250, height: 148 }; // the least in which a card can be read, px on 1366 x 768; larger screens have larger ones
const RANK = { bad: 0, warn: 1, "": 2, good: 2 };

export function Television() {
  const old = useDesk((state) => state.connection.state !== "live");
  return html`<main class=${classes("tv", old && "old")}>
    <header><h1>${t("Wall")}</h1><${Clock} />
      ${old && html`<p class="blind-strip" role="status"><${Icon} name="offline" size=${26} /> <strong>${t("Not connected: this picture is old")}</strong></p>`}</header>
    <div class="tv-strips"><${AlertStrip} tv /><${Blind} /></div>
    <${Totals} />
    <${Cards} />
  </main>`;
}

const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const Clock = () => html`<time class="number">${clock.format(useClock())}</time>`;

/** As many cards as fit, a page of them at a time. */
function Cards() {
  const queues = useFrame((state) => state.screen.queues);
  const agents = useFrame((state) => state.screen.agents);
  const tallies = useFrame((state) => state.screen.tallies);
  const switches = useFrame((state) => state.screen.switches);
  const settings = useDesk((state) => state.limits);
  const place = useRef(null);
  const [room, setRoom] = useState({ columns: 4, rows: 3 });
  useLayoutEffect(() => {
    const look = () => setRoom(fitting(place.current));
    const sizes = new ResizeObserver(look);
    sizes.observe(place.current);
    look();
    return () => sizes.disconnect();
  }, []);
  const crew = crews(agents);
  const cards = Object.entries(queues).map(([key, queue]) => {
    const limits = limitsOf(queue, settings);
    const level = worst(queue, tallies[`queue|${key}`], crew[key], limits);
    return { key, queue, numbers: tallies[`queue|${key}`], ready: crew[key]?.ready ?? 0, talking: (crew[key]?.talking ?? 0) + (crew[key]?.held ?? 0),
      limits, level, blind: switches[queue.pbx]?.link === "down" };
  }).sort((a, b) => RANK[a.level] - RANK[b.level] || (a.queue.title || a.key).localeCompare(b.queue.title || b.key, language, { numeric: true }));
  const each = room.columns * room.rows;
  const pages = Math.max(1, Math.ceil(cards.length / each));
  const page = usePage(pages);
  const shown = cards.slice(page * each, page * each + each);
  return html`<section class="tv-cards" ref=${place} aria-label=${t("Queues")} style=${{ "--columns": room.columns, "--rows": room.rows }}>
      ${shown.map((one) => html`<${Row} key=${one.key} draw=${draw} of=${[one.queue, one.numbers, one.ready, one.talking, one.level, one.blind, one.limits.warn_wait_s, one.limits.bad_level, one.limits.warn_level]} />`)}
    </section>
    <footer class="tv-pages">${pages > 1 && html`<span class="number">${t("Page {n} of {all}", { n: page + 1, all: pages })}</span> ${Array.from({ length: pages }, (_, at) => html`<i key=${at} class=${at === page ? "here" : ""}></i>`)}`}</footer>`;
}

function fitting(place) {
  const scale = Math.max(1, Math.min(innerWidth / 1366, innerHeight / 768));
  const box = place.getBoundingClientRect();
  const columns = Math.max(1, Math.floor(box.width / (CARD.width * scale)));
  const rows = Math.max(1, Math.floor(box.height / (CARD.height * scale)));
  return { columns, rows };
}

/** The page that is shown; it turns by itself, unless somebody wants things to stand still. */
function usePage(pages) {
  const [page, setPage] = useState(0);
  useEffect(() => {
    const turning = setInterval(() => setPage((now) => (now + 1) % pages), TURN_MS);
    return () => clearInterval(turning);
  }, [pages]);
  return page % pages;
}

/** The worst of what this queue's card shows. */
function worst(queue, numbers, crew, limits) {
  const waiting = queue.waiting.length;
  const levels = [levelOf("waiting", waiting, limits), levelOf("sl_offered", numbers?.sl_offered_30m, limits)];
  if (waiting && !(crew?.ready > 0)) levels.push("bad");
  return levels.includes("bad") ? "bad" : levels.includes("warn") ? "warn" : "";
}

function draw(queue, numbers, ready, talking, level, blind, warn, bad, good) {
  const first = oldest(queue);
  const recent = levelOf("sl_offered", numbers?.sl_offered_30m, { bad_level: bad, warn_level: good });
  return html`<article class=${classes("tv-card", level, blind && "blind")} data-queue=${`${queue.pbx}/${queue.name}`}>
    <h2>${blind ? html`<${Icon} name="offline" size=${20} />` : level === "bad" ? html`<${Icon} name="warning" size=${20} />` : level === "warn" ? html`<${Icon} name="watch" size=${20} />` : null}<bdi class="cut">${queue.title || queue.name}</bdi></h2>
    <p class="tv-waiting"><strong class="number">${queue.waiting.length}</strong> <span>${t("waiting")}</span> ${first && html`<${Since} at=${first} warn=${warn} />`}</p>
    <dl><div><dt>${t("ready")}</dt><dd class="number">${ready}</dd></div><div><dt>${t("in talk")}</dt><dd class="number">${talking}</dd></div>
      <div class=${recent}><dt>${t("SL 30 min")}</dt><dd class="number">${share(numbers?.sl_offered_30m)}</dd></div></dl>
  </article>`;
}
