// The stream: numbered messages, acknowledged once they are painted, continued after a break. One way for start and
// recovery: whatever happened, the server answers with the rest or with a snapshot.
import { Refused, api, ended } from "./api.js";
import { apply } from "./screen.js";
import { desk, put } from "./store.js";
import { setClock } from "./time.js";

const SIGNED_OUT = 4401;
const PROTOCOL = "callserver.v1";
const PING_MS = 10_000; //     how often we ask whether the other side is there
const SILENCE_MS = 6_000; //   how long it may take to say so
const SLEPT_MS = 8_000; //     a second that took so long: the machine slept
const WAITS_MS = [200, 500, 1_000, 2_000, 3_000];
const ACK_MS = 1_000; //       between two acknowledgements of what nobody waits for
const ACK_EACH = 32; //        messages, after which it does not wait so long

let beside = false; //         nobody's screen: a page that is told what to read again
let socket = null;
let place = { stream: null, seq: 0 };
let tries = 0;
let waiting = null;
let pinged = 0;
let heard = 0;
let seen = 0; //               everything up to this number is painted or about to be
let said = 0;
let acknowledging = null;
const listeners = new Set();

/** Call `tell(message, before)` after each message; `before`: the screen as it was. */
export const onMessage = (tell) => listeners.add(tell);

export function start(how = {}) {
  beside = Boolean(how.beside);
  connect();
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  let last = Date.now();
  setInterval(() => {
    const slept = Date.now() - last > SLEPT_MS;
    last = Date.now();
    slept ? look() : keepAlive();
  }, 1000);
}

function connect() {
  clearTimeout(waiting);
  waiting = null;
  clearTimeout(acknowledging);
  acknowledging = null;
  said = seen; // the place says it
  const values = new URLSearchParams({ ...(beside && { beside }), ...(place.stream && place) });
  const mine = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/stream?${values}`, PROTOCOL);
  socket = mine;
  heard = Date.now();
  mine.onmessage = (event) => mine === socket && hear(event.data);
  mine.onclose = (event) => mine === socket && lost(event);
}

function hear(text) {
  heard = Date.now();
  pinged = 0;
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return startOver();
  }
  if (message.type === "hello") return greeted(message);
  if (message.type === "pong") return undefined;
  if (message.seq === undefined) return tell(message, desk.screen);
  if (message.type !== "snapshot") {
    if (message.seq <= place.seq) return acknowledge(message);
    if (message.seq !== place.seq + 1) return startOver();
  }
  place.seq = message.seq;
  for (const one of message.type === "several" ? message.messages : [message]) take(one);
  return acknowledge(message);
}

function take(message) {
  const before = desk.screen;
  put({ screen: apply(before, message), connection: live() });
  tell(message, before);
}

const tell = (message, before) => listeners.forEach((one) => one(message, before));

const live = () =>
  desk.connection.state === "live" ? desk.connection : { state: "live", since: Date.now(), node: desk.connection.node };

function greeted(hello) {
  tries = 0;
  setClock(hello.server_time);
  const seq = hello.resumed ? place.seq : 0;
  place = { stream: hello.stream, seq };
  if (!hello.resumed) seen = said = 0;
  // Live again at once where the rest follows; else the old picture stays, marked, until the snapshot is there.
  put({ connection: hello.resumed ? { ...live(), node: hello.node } : { ...desk.connection, node: hello.node } });
  tell(hello, desk.screen);
}

/** A number is missing: only a fresh snapshot is the truth. */
function startOver() {
  place = { stream: null, seq: 0 };
  drop();
}

function drop() {
  const old = socket;
  socket = null;
  old?.close();
  lost({});
}

function lost(event) {
  if (event.code === SIGNED_OUT) return ended();
  if (desk.connection.state !== "lost") put({ connection: { state: "lost", since: Date.now(), why: event.reason } });
  const wait = WAITS_MS[Math.min(tries, WAITS_MS.length - 1)];
  tries += 1;
  clearTimeout(waiting);
  waiting = setTimeout(again, wait * (0.75 + Math.random() / 2));
}

/** A browser does not say why a stream was refused; the API does. */
async function again() {
  waiting = null;
  if (tries > 1) {
    try {
      await api.get("/me");
    } catch (error) {
      if (error instanceof Refused && error.status === 401) return;
    }
  }
  connect();
}

const hurry = () => {
  if (waiting !== null) {
    tries = 0;
    clearTimeout(waiting);
    again();
  }
};

/** After sleep or a hidden hour the connection may be dead without anybody having said so. */
function look() {
  hurry();
  if (socket?.readyState === WebSocket.OPEN) ping();
}

function keepAlive() {
  if (socket?.readyState !== WebSocket.OPEN) {
    if (socket?.readyState === WebSocket.CONNECTING && Date.now() - heard > PING_MS) drop();
    return;
  }
  if (pinged && Date.now() - pinged > SILENCE_MS) drop();
  else if (!pinged && Date.now() - heard > PING_MS) ping();
}

function ping() {
  pinged = pinged || Date.now();
  send({ type: "ping", at: Date.now() });
}

/** A word to the server: that a missed call was seen. */
export function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** Once it is painted. A pop at once, since its way is measured; everything else with it, or together a little later:
 *  350 screens that each answer each message cost a server more than telling them. */
function acknowledge({ type, seq }) {
  seen = seq;
  if (type === "pop" || seen - said >= ACK_EACH) painted(say);
  else acknowledging ??= setTimeout(say, ACK_MS);
}

function say() {
  clearTimeout(acknowledging);
  acknowledging = null;
  if (seen <= said) return;
  said = seen;
  send({ type: "ack", seq: said });
}

/** A page that nobody sees paints nothing, and says so too. */
const painted = (then) =>
  document.hidden ? setTimeout(then, 0) : requestAnimationFrame(() => setTimeout(then, 0));
