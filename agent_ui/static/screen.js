// The picture of the floor that the stream keeps up: pure, the same rules as callserver/push/screen.py.
const COLLECTIONS = {
  agent: "agents", queue: "queues", tally: "tallies", call: "calls", pop: "pops",
  shift: "shift", promise: "promises", notice: "notices", switch: "switches", alert: "alerts",
};
const STAYS = "abandoned"; // a pop that is closed so stays, to be seen as a missed call

export const nothing = () =>
  Object.fromEntries(Object.values(COLLECTIONS).map((name) => [name, {}]));

/** The screen after a message; the old one is not touched. Messages that are not about the screen change nothing. */
export function apply(screen, message) {
  if (message.type === "snapshot") return { ...nothing(), ...message.screen };
  if (message.type === "several") return message.messages.reduce(apply, screen);
  if (message.type === "pop.update") return changed(screen, "pops", message.key, updated(screen, message));
  if (message.type === "pop.closed") return changed(screen, "pops", message.key, closed(screen, message));
  const name = COLLECTIONS[message.type];
  return name ? changed(screen, name, message.key, message.value) : screen;
}

const updated = (screen, { key, value }) => (key in screen.pops ? { ...screen.pops[key], ...value } : null);

const closed = (screen, { key, why }) =>
  why === STAYS && key in screen.pops ? { ...screen.pops[key], state: "missed" } : null;

function changed(screen, name, key, value) {
  if (value === null || value === undefined) {
    if (!(key in screen[name])) return screen;
    const { [key]: gone, ...rest } = screen[name];
    return { ...screen, [name]: rest };
  }
  return { ...screen, [name]: { ...screen[name], [key]: value } };
}
