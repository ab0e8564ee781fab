// Through a list, as every page walks: its rows by the arrow keys, its pages by a cursor.
import { action } from "./keys.js";
import { desk, put } from "./store.js";
import { t } from "./texts.js";

/** Pages of the list that `list()` is now, each one behind the cursor of the one before; `load`: the page anew. */
export function paging(load, list = () => desk.list) {
  const turn = (places) => {
    put({ places });
    load();
  };
  const forth = () => list()?.cursor && turn([...desk.places, list().cursor]);
  const back = () => desk.places.length && turn(desk.places.slice(0, -1));
  const start = () => {
    action("forth", "PageDown", t("The next page"), forth, () => Boolean(list()?.cursor));
    action("back", "PageUp", t("The page before"), back, () => desk.places.length > 0);
  };
  return { turn, forth, back, start };
}

/** Look at the row `by` further than the one that is looked at. `prefix`: of the rows' ids in the document. */
export function step(rows, by, choose, prefix) {
  const at = rows.findIndex((one) => one.id === desk.chosen);
  const next = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by))];
  if (!next) return;
  choose(next.id);
  document.getElementById(`${prefix}-${next.id}`)?.scrollIntoView({ block: "nearest" });
}
