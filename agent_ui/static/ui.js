// What a component is made of: Preact, its hooks, and `html` instead of a compiler. Text is always a text node.
import { h, render, Fragment } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export { render, Fragment };
export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/hooks.js";
export const html = htm.bind(h);

/** Class names of what is true: classes("badge", late && "bad"). */
export const classes = (...names) => names.filter(Boolean).join(" ");
