// What the screen says, in the reader's language. Keys are the English words; the catalog comes with the page.
const page = document.documentElement;
const catalog = await fetch(page.dataset.texts, { credentials: "same-origin" })
  .then((answer) => answer.json())
  .catch(() => ({ language: page.lang, messages: {}, problems: {}, reasons: {} }));

export const language = catalog.language;
export const { problems, reasons } = catalog; // by their codes: written down once, where the server decides
/** What the server refuses, by its English words; refusals.js finds the values in them. The desk's come with the rest. */
export const refusals = () => catalog.refusals ?? {};
const plurals = new Intl.PluralRules(language);
const decimal = new Intl.NumberFormat(language);

let learning = page.dataset.texts?.includes("texts.desk.") ? null : Promise.resolve();

/** The rest of the words, where a page began with the desk's alone and goes on to say others. Asked for once. */
export function learnAllWords() {
  learning ??= learn().catch((error) => {
    learning = null;
    throw error;
  });
  return learning;
}

async function learn() {
  const answer = await fetch(page.dataset.texts.replace("texts.desk.", "texts."), { credentials: "same-origin" });
  const whole = await answer.json();
  Object.assign(catalog, { messages: whole.messages, refusals: whole.refusals });
}

const filled = (text, values) =>
  values ? text.replace(/\{(\w+)\}/g, (all, name) => (values[name] ?? all)) : text;

/** A message; {name} in it is filled in. One that nobody translated stays English. */
export function t(message, values) {
  const found = catalog.messages[message];
  return filled(typeof found === "string" ? found : found?.other ?? message, values);
}

/** A message that counts: the form that fits n; {n} is filled in. */
export function tn(one, many, n, values) {
  const forms = catalog.messages[one];
  const shape = plurals.select(n);
  const found = typeof forms === "object" ? forms[shape] ?? forms.other : shape === "one" ? one : many;
  return filled(found, { n: decimal.format(n), ...values });
}

/** A title that data brings along in several languages: {"en": "Repair", "zh": "维修"}. */
export function titled(titles, otherwise = "") {
  if (!titles) return otherwise;
  const short = language.split("-")[0];
  return titles[language] ?? titles[short] ?? titles.en ?? Object.values(titles)[0] ?? otherwise;
}

export const number = (value) => decimal.format(value);
