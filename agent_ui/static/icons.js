// Pictures: one line each, drawn in the colour of the text, never read aloud.
import { html } from "./ui.js";

const PATHS = {
  ready: "M4 12l5 5L20 6",
  ringing: "M6 9a6 6 0 0 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7M10 20h4",
  talking: "M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a1 1 0 0 1-1 1A15 15 0 0 1 4 5a1 1 0 0 1 1-1",
  held: "M8 5v14M16 5v14",
  wrap_up: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  paused: "M5 8h11v6a4 4 0 0 1-4 4H9a4 4 0 0 1-4-4zM16 9h2a2 2 0 0 1 0 5h-2M8 3v2M12 3v2",
  unreachable: "M12 3l10 18H2zM12 10v5M12 18v.5",
  gone: "M14 4h5v16h-5M4 12h10M10 8l4 4-4 4",
  offline: "M3 3l18 18M5 12a10 10 0 0 1 4-2.5M2 8.5A15 15 0 0 1 6 6M10.5 5A15 15 0 0 1 22 8.5M15 10a10 10 0 0 1 4 2M9 15.5a5 5 0 0 1 6 0M12 19v.5",
  hangup: "M3 15c0-2 4-5 9-5s9 3 9 5-1 2-2 2l-3-1v-3a14 14 0 0 0-8 0v3l-3 1c-1 0-2 0-2-2",
  transfer: "M4 8h13l-4-4M20 16H7l4 4",
  search: "M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12M15 15l5 5",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 21a8 8 0 0 1 16 0",
  star: "M12 3l2.7 5.8 6.3.8-4.6 4.3 1.2 6.3L12 17l-5.6 3.2 1.2-6.3L3 9.6l6.3-.8z",
  warning: "M12 3l10 18H2zM12 10v5M12 18v.5",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4l3 2",
  missed: "M4 5l7 7 7-7M4 5h5M4 5v5M3 18c0-1 4-3 9-3s9 2 9 3",
  note: "M5 4h14v12l-4 4H5zM8 9h8M8 13h5",
  ticket: "M3 8h18v3a2 2 0 0 0 0 4v3H3v-3a2 2 0 0 0 0-4zM14 8v10",
  message: "M4 5h16v11H9l-5 4z",
  bell: "M6 9a6 6 0 0 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7M10 20h4",
  keys: "M3 7h18v11H3zM6 11h1M10 11h1M14 11h1M18 11h.5M7 15h10",
  gear: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v4M12 18v4M2 12h4M18 12h4M5 5l3 3M16 16l3 3M19 5l-3 3M8 16l-3 3",
  close: "M5 5l14 14M19 5L5 19",
  why: "M9 9a3 3 0 1 1 4 3c-1 .5-1 1-1 2M12 18v.5M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20",
  queue: "M4 6h16M4 12h12M4 18h8",
  box: "M4 7l8-4 8 4v10l-8 4-8-4zM4 7l8 4 8-4M12 11v10",
  clip: "M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8.3 8.2a1.6 1.6 0 0 1-2.3-2.3L15 7",
  out: "M14 4h5v16h-5M4 12h10M10 8l4 4-4 4",
  again: "M20 12a8 8 0 1 1-2.5-5.8M20 3v4h-4",
  stop: "M8 3h8l5 5v8l-5 5H8l-5-5V8z",
  move: "M4 12h14M13 7l5 5-5 5",
  up: "M6 15l6-6 6 6",
  down: "M6 9l6 6 6-6",
  watch: "M12 3l9 9-9 9-9-9zM12 8v5M12 16v.5",
  ear: "M7 10a5 5 0 0 1 10 0c0 5-4 5-4 9a3 3 0 0 1-5 1M10 10a2 2 0 0 1 4 0",
  people: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M2 20a6 6 0 0 1 12 0M16 6a3 3 0 0 1 0 6M17 14a6 6 0 0 1 5 6",
  more: "M5 12h.5M12 12h.5M19 12h.5",
  wall: "M4 5h7v6H4zM13 5h7v10h-7zM4 13h7v6H4zM13 17h7v2h-7z",
};

const ALSO = { listening: "ear" };

export const Icon = ({ name, size = 16 }) => html`<svg class="icon" width=${size} height=${size} viewBox="0 0 24 24"
  fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"
  focusable="false"><path d=${PATHS[name] ?? PATHS[ALSO[name]] ?? PATHS.note} /></svg>`;
