// Times: the server's clock (this machine's may be wrong), and how times are told.
import { html, useEffect, useState } from "./ui.js";
import { language, t } from "./texts.js";

let ahead = 0; // how far the server's clock is ahead of ours, ms

/** Every hello of the server sets our clock. */
export function setClock(serverTime) {
  const at = Date.parse(serverTime);
  if (Number.isFinite(at)) ahead = at - Date.now();
}

export const now = () => Date.now() + ahead;
export const clockIsWrongBy = () => ahead;

let shapes = shaped();
function shaped(timeZone) {
  const shape = (options) => new Intl.DateTimeFormat(language, { timeZone, ...options });
  return {
    clock: shape({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    seconds: shape({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
    day: shape({ month: "short", day: "numeric" }),
    dayOfYear: shape({ year: "numeric", month: "short", day: "numeric" }),
    weekday: shape({ weekday: "short" }),
    whole: shape({ dateStyle: "full", timeStyle: "medium" }),
    date: new Intl.DateTimeFormat("sv", { timeZone }),
  };
}

/** From now on days and times are those of this zone, and not of this computer: where lists and reports have to agree. */
export function tellTimesOf(zone) {
  try {
    shapes = shaped(zone);
  } catch {
    // a browser that does not know the zone tells its own times
  }
}

const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

/** The date on the wall, moved by so many days: "2026-11-22". */
export function dateOf(at, more = 0) {
  const noon = new Date(`${shapes.date.format(at)}T12:00Z`); // no clock is ever put forward there
  noon.setUTCDate(noon.getUTCDate() + more);
  return noon.toISOString().slice(0, 10);
}
const daysFrom = (at) => Math.round((Date.parse(dateOf(at)) - Date.parse(dateOf(now()))) / 86_400_000);

/** "14:05", "Tue 14:05", "3 Nov 14:05", "3 Nov 2024". */
export function when(iso) {
  const at = Date.parse(iso);
  if (!Number.isFinite(at)) return "";
  const days = daysFrom(at);
  if (days === 0) return shapes.clock.format(at);
  if (Math.abs(days) < 7) return `${shapes.weekday.format(at)} ${shapes.clock.format(at)}`;
  const sameYear = dateOf(at).slice(0, 4) === dateOf(now()).slice(0, 4);
  return sameYear ? `${shapes.day.format(at)} ${shapes.clock.format(at)}` : shapes.dayOfYear.format(at);
}

const plainDay = new Intl.DateTimeFormat(language, { timeZone: "UTC", year: "numeric", month: "short", day: "numeric" });

/** A day without a time: "2026-11-22" as people write it. */
export function onDay(date) {
  const at = Date.parse(`${date}T12:00:00Z`);
  return Number.isFinite(at) ? plainDay.format(at) : "";
}

/** The whole moment, for a title. */
export function wholly(iso) {
  const at = Date.parse(iso);
  return Number.isFinite(at) ? shapes.whole.format(at) : "";
}

/** "14:05:09", for what happens within minutes. */
export const toTheSecond = (iso) => shapes.seconds.format(Date.parse(iso));

/** "in 12 minutes", "2 hours ago", "yesterday". */
export function away(iso) {
  const seconds = (Date.parse(iso) - now()) / 1000;
  if (!Number.isFinite(seconds)) return "";
  const size = Math.abs(seconds);
  if (size < 60) return relative.format(0, "minute");
  if (size < 5400) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 86_400 && daysFrom(Date.parse(iso)) === 0) return relative.format(Math.round(seconds / 3600), "hour");
  return relative.format(daysFrom(Date.parse(iso)) || Math.sign(seconds), "day");
}

/** Seconds as "0:07", "12:30", "1:02:03". */
export function lasting(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const all = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60];
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Seconds as words: "45 s", "12 min". */
export const roughly = (seconds) =>
  seconds < 90 ? t("{n} s", { n: Math.round(seconds) }) : t("{n} min", { n: Math.round(seconds / 60) });

// --- components that follow the clock ---

const followers = new Set();
setInterval(() => followers.forEach((tell) => tell(now())), 1000);

/** The server's time, again each second. */
export function useClock() {
  const [at, setAt] = useState(now());
  useEffect(() => {
    followers.add(setAt);
    return () => followers.delete(setAt);
  }, []);
  return at;
}

/** How long something lasts, counting. Screen readers are not told each second. */
export function Lasting({ since }) {
  const at = useClock();
  return html`<span class="number" role="timer" aria-live="off">${lasting((at - Date.parse(since)) / 1000)}</span>`;
}

/** How long something is still to go, counting down. */
export function Left({ until }) {
  const at = useClock();
  return html`<span class="number" role="timer" aria-live="off">${lasting((Date.parse(until) - at) / 1000)}</span>`;
}

/** How long until something is due, counting down; once it is past, how late it is: said, not only coloured. */
export function Due({ at }) {
  const left = (Date.parse(at) - useClock()) / 1000;
  if (left > 5400 || left < -5400) return html`<span class="number" title=${wholly(at)}>${left < 0 ? t("late: {when}", { when: away(at) }) : away(at)}</span>`;
  return html`<span class="number" role="timer" aria-live="off" title=${wholly(at)}>${left < 0
    ? t("late by {time}", { time: lasting(-left) }) : t("in {time}", { time: lasting(left + 1) })}</span>`;
}

export const isPast = (iso) => Date.parse(iso) < now();
export const onToday = (iso) => Number.isFinite(Date.parse(iso)) && daysFrom(Date.parse(iso)) === 0;

export const Moment = ({ at }) => html`<time datetime=${at} title=${wholly(at)}>${when(at)}</time>`;
