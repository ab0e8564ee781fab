// The API, as the desk asks it: JSON, versions, keys against doing twice, and what was refused in words.
import { refused, told } from "./refusals.js";
import { learnAllWords, t } from "./texts.js";

const ROOT = "/api/v1";
const PATIENCE_MS = 15_000;
const AGAIN_MS = 3_000;

/** What the server did not do, in the reader's words. `status` 0: it could not be asked. `fields`: what is wrong, by field. */
export class Refused extends Error {
  constructor(status, detail, errors = []) {
    super(told(detail, errors));
    this.status = status;
    this.detail = detail; // as the server said it
    this.fields = Object.fromEntries(errors.map((one) => [one.field, refused(one.message)]));
  }

  /** For people. */
  get words() {
    const said = TITLES()[this.status] ?? (this.status >= 500 ? t("A mistake in callserver") : t("It did not work"));
    return this.message ? `${said}: ${this.message}` : said;
  }
}

const TITLES = () => ({
  0: t("No connection to callserver"),
  401: t("You are not signed in any more"),
  403: t("Not allowed"),
  404: t("There is no such thing"),
  409: t("It is not as you thought"),
  412: t("Somebody changed it meanwhile"),
  422: t("A value is wrong"),
  429: t("Too many requests"),
  503: t("Not now"),
});

let tellEnd = () => {};
let over = false; // the way to the door is gone once: begun again by each further refusal it might never end

/** What to do when nobody is signed in any more. */
export const onEnd = (tell) => { tellEnd = tell; };
export function ended() {
  if (over) return;
  over = true;
  tellEnd();
}

async function ask(method, path, body, { version, key, keepalive = false, patience = PATIENCE_MS } = {}) {
  const headers = { "X-Callserver": "1", Accept: "application/json" };
  const file = body instanceof Blob;
  if (body !== undefined) headers["Content-Type"] = file ? body.type || "application/octet-stream" : "application/json";
  if (version !== undefined && version !== null) headers["If-Match"] = `"${version}"`;
  if (key) headers["Idempotency-Key"] = key;
  const asked = { method, headers, credentials: "same-origin", keepalive, cache: "no-store" };
  if (body !== undefined) asked.body = file ? body : JSON.stringify(body);
  if (!keepalive) asked.signal = AbortSignal.timeout(patience);
  let answer;
  try {
    answer = await fetch(ROOT + path, asked);
  } catch {
    throw new Refused(0, "");
  }
  const found = await parsed(answer);
  if (answer.ok) return found;
  if (answer.status === 401) ended();
  await learnAllWords().catch(() => {}); // else it is said in the server's
  throw new Refused(answer.status, found?.detail ?? "", found?.errors ?? []);
}

/** What a page cannot do without: asked for until it is there. Raises Refused where asking again is of no use. */
export async function insist(ask) {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Refused) || (error.status && error.status < 429)) throw error;
      await new Promise((go) => setTimeout(go, AGAIN_MS));
    }
  }
}

/** What was answered; a line that breaks in the middle of an answer is no answer. */
async function parsed(answer) {
  try {
    return answer.status === 204 ? null : await answer.json();
  } catch {
    if (answer.ok) throw new Refused(0, "");
    return null;
  }
}

const query = (values = {}) => {
  const said = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return said.length ? `?${new URLSearchParams(said)}` : "";
};

export const api = {
  get: (path, values, more) => ask("GET", path + query(values), undefined, more),
  post: (path, body, more) => ask("POST", path, body ?? {}, more),
  put: (path, body, more) => ask("PUT", path, body, more),
  patch: (path, body, more) => ask("PATCH", path, body, more),
  remove: (path, more) => ask("DELETE", path, undefined, more),
};

/** A key under which the same wish is done once, however often it is sent. */
export const onceKey = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4))).join("-");
