// Keys: every action has one, all are listed on `?`, and none takes a letter from somebody who types.
import { t } from "./texts.js";

const actions = new Map();

/** `keys`: "Alt+R", "Ctrl+Enter", "?", "/", "Escape". `when`: only then (and only then listed as usable). */
export function action(id, keys, label, run, when = () => true) {
  actions.set(id, { id, keys, label, run, when });
}

export const allActions = () => [...actions.values()];
export const keysOf = (id) => actions.get(id)?.keys ?? "";

/** What is done by its key or by its button: the same. */
export function act(id) {
  const found = actions.get(id);
  if (found?.when()) found.run();
}

const typing = (element) =>
  element instanceof HTMLElement &&
  (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName)) &&
  !["checkbox", "radio", "button", "submit", "range"].includes(element.type);

function pressed(event) {
  const letter = event.code?.startsWith("Key") ? event.code.slice(3) : event.code?.startsWith("Digit") ? event.code.slice(5) : "";
  const name = (event.altKey || event.ctrlKey || event.metaKey) && letter ? letter : event.key;
  return [
    (event.ctrlKey || event.metaKey) && "Ctrl",
    event.altKey && "Alt",
    event.shiftKey && (event.altKey || event.ctrlKey) && "Shift",
    name,
  ].filter(Boolean).join("+");
}

/** A plain letter is somebody's text while they type, and while an input method composes everything is. */
function listen(event) {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
  if (event.getModifierState?.("AltGraph")) return;
  const keys = pressed(event);
  const plain = !/^(Ctrl|Alt)\+/.test(keys) && !/^F\d+$/.test(keys) && keys !== "Escape";
  if (plain && typing(event.target)) return;
  if (document.querySelector("dialog[open]") && keys !== "Ctrl+Enter") return;
  const found = allActions().find((one) => one.keys === keys && one.when());
  if (!found) return;
  event.preventDefault();
  if (!event.repeat) found.run();
}

export const startKeys = () => document.addEventListener("keydown", listen);

/** Keys as a person reads them. */
export const keyCaps = (keys) => keys.split("+").map((one) => CAPS[one] ?? one);
const CAPS = { Escape: t("Esc"), Enter: t("Enter"), ArrowUp: "↑", ArrowDown: "↓", p: "P" };
