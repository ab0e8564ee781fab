// What the server refused, in the reader's language. It says it in English, with values in it; the catalog has the words.
import { refusals } from "./texts.js";

const LONGEST = 600; // longer is no sentence of ours
const PLACE = /\{(\w+)\}/g;
const plain = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** How the values in it are called, and the fields it is about; words.js knows. */
const naming = { field: (path) => path };
export const name = (namers) => Object.assign(naming, namers);

let [readFrom, patterns] = [null, []];

/** Those with values in them, to be looked for; made anew once there are others. */
function withValues() {
  if (readFrom !== refusals()) [readFrom, patterns] = [refusals(), patternsOf(refusals())];
  return patterns;
}

const patternsOf = (all) => Object.entries(all).filter(([english]) => english.includes("{")).map(([english, words]) => ({
  words,
  names: Array.from(english.matchAll(PLACE), (found) => found[1]),
  pattern: new RegExp(`^${english.split(PLACE).map((part, at) => (at % 2 ? "(.+?)" : plain(part))).join("")}$`, "s"),
  told: english.replace(PLACE, "").length,
})).sort((one, other) => other.told - one.told); // the one that says most fits best

/** The sentence, translated where somebody has; else as it came. */
export function refused(text) {
  if (refusals()[text]) return refusals()[text];
  if (text.length > LONGEST) return text;
  for (const { words, names, pattern } of withValues()) {
    const found = pattern.exec(text);
    if (found) return words.replace(PLACE, (all, one) => called(one, found[names.indexOf(one) + 1]));
  }
  return text;
}

const called = (one, value) => naming[one]?.(value) ?? value;

/** The whole of it: each wrong field with its name, or the one sentence. */
export function told(detail, errors) {
  if (!errors.length || !Object.keys(refusals()).length) return refused(detail);
  return errors.map(({ field, message }) => [field && naming.field(field), refused(message)].filter(Boolean).join(": ")).join("; ");
}
