// A ringing call is told in every way that somebody wants: to a screen reader, by a sound, by the desktop.
import { desk } from "./store.js";
import { t } from "./texts.js";
import { roughly } from "./time.js";
import { numberKind } from "./words.js";

const TONES = { ring: [[880, 0], [698, 0.18]], bell: [[1175, 0], [880, 0.12], [1175, 0.24]], low: [[330, 0], [262, 0.25]] };
const AGAIN_MS = 2400;

let audio = null;
let again = null;
let shown = null;
const title = document.title;

/** Sounds may only be made once somebody has touched the page. */
export function allowSound() {
  const wake = () => {
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume();
  };
  addEventListener("pointerdown", wake, { once: true });
  addEventListener("keydown", wake, { once: true });
}

/** Tell of a call that rings; null: it rings no more. */
export function announce(pop) {
  clearInterval(again);
  shown?.close();
  shown = null;
  document.title = title;
  const place = document.getElementById("called");
  if (!pop || pop.state !== "offered") {
    place.textContent = "";
    return;
  }
  const words = spoken(pop);
  place.textContent = words;
  document.title = `☎ ${pop.name || pop.number?.shown || numberKind("withheld")}`;
  sound();
  again = setInterval(sound, AGAIN_MS);
  notify(words, pop);
}

/** More is known now of the one who rings: in words, without another peal. */
export function retell(pop) {
  const place = document.getElementById("called");
  if (pop?.state === "offered" && place.textContent) place.textContent = spoken(pop);
}

export function spoken(pop) {
  const [known] = pop.caller?.customers?.length === 1 ? pop.caller.customers : [];
  const who = known?.customer.name || pop.name || pop.number?.shown || numberKind("withheld");
  const parts = [
    t("Call from {name}", { name: who }),
    known?.customer.vip ? "VIP" : "",
    known?.customer.caution ? t("Caution: {why}", { why: known.customer.caution }) : "",
    pop.queue ? t("queue {queue}", { queue: pop.queue_title || pop.queue }) : "",
    pop.waited_s >= 1 ? t("waited {time}", { time: roughly(pop.waited_s) }) : "",
  ];
  return parts.filter(Boolean).join(", ");
}

/** One peal, as loud as its owner wants; `tone` and `volume` to try others. */
export function sound(tone = desk.me?.sound ?? "ring", volume = desk.me?.volume ?? 70) {
  const notes = TONES[tone];
  if (!notes || !volume || !audio || audio.state !== "running") return;
  for (const [pitch, after] of notes) note(pitch, audio.currentTime + after, (volume / 100) ** 2);
}

export const tones = () => Object.keys(TONES);

function note(pitch, at, loud) {
  const [voice, gain] = [audio.createOscillator(), audio.createGain()];
  voice.frequency.value = pitch;
  voice.type = "triangle";
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(loud * 0.5, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.5);
  voice.connect(gain).connect(audio.destination);
  voice.start(at);
  voice.stop(at + 0.55);
}

// --- the desktop: a choice of this browser, since only it can be asked ---

const WISH = "callserver.notify";
export const mayNotify = () => "Notification" in window;
export const wantsNotices = () => mayNotify() && localStorage.getItem(WISH) === "yes" && Notification.permission === "granted";

export async function wishNotices(wanted) {
  localStorage.setItem(WISH, wanted ? "yes" : "no");
  if (wanted && Notification.permission === "default") await Notification.requestPermission();
  return wantsNotices();
}

function notify(words, pop) {
  if (!wantsNotices() || document.hasFocus()) return;
  try {
    shown = new Notification(words, { tag: pop.call, silent: true });
    shown.onclick = () => window.focus();
  } catch {
    // Some platforms allow notifications only from service workers; the sound and the title remain.
  }
}
