// A table of the wall: sorted by a click on its head, in groups, drawn a row at a time. Of a long one only the rows in view
// are there: a browser that lays out 350 agents four times a second does nothing else.
import { html, classes, useLayoutEffect, useRef, useState } from "./ui.js";
import { Icon } from "./icons.js";
import { Row } from "./page-wall-live.js";
import { grouped, sorted } from "./page-wall-data.js";
import { desk, put, useDesk } from "./store.js";

const MANY = 80; //   rows that are all there
const AROUND = 16; // rows above and below those in view
const HEIGHT = 27; // of a row, px, before one was measured

/** `columns`: [{id, title, of(row), wide, right}], `rows`: [{key, of: [values], ...}], `draw(...of)`: a row's cells in a `tr`. */
export function Table({ name, label, columns, rows, draw, groupsOf, nameOf, first }) {
  const sort = useDesk((state) => state.sorts?.[name] ?? first);
  const column = columns.find((one) => one.id === sort.by) ?? columns[0];
  const lines = grouped(sorted(rows, column.of, sort.down, nameOf), groupsOf).flatMap(([title, members]) => [
    ...(title ? [{ key: `group ${title}`, title, many: members.length }] : []), ...members.map((row) => ({ key: `${title} ${row.key}`, row }))]);
  const place = useRef(null);
  const { from, to, height } = useView(place, lines.length);
  const [above, below] = [Math.min(from, lines.length) * height, Math.max(0, lines.length - to) * height];
  return html`<table class=${name} aria-label=${label} aria-rowcount=${lines.length + 1} ref=${place}>
    <thead><tr>${columns.map((one) => html`<${Head} key=${one.id} name=${name} column=${one} sort=${sort} />`)}</tr></thead>
    <tbody>
      ${above > 0 && html`<${Space} key="above" height=${above} columns=${columns.length} />`}
      ${lines.slice(from, to).map((line) => (line.row ? html`<${Row} key=${line.key} draw=${draw} of=${line.row.of} />`
        : html`<tr class="group" key=${line.key}><th colspan=${columns.length} scope="rowgroup"><bdi>${line.title}</bdi> <span class="count number">${line.many}</span></th></tr>`))}
      ${below > 0 && html`<${Space} key="below" height=${below} columns=${columns.length} />`}
    </tbody>
  </table>`;
}

const Space = ({ height, columns }) => html`<tr class="space" aria-hidden="true"><td colspan=${columns} style=${{ height: `${height}px` }}></td></tr>`;

/** Which of so many lines are in view, and how high one is. */
function useView(place, many) {
  const [view, setView] = useState({ from: 0, to: MANY, height: HEIGHT });
  const long = many > MANY;
  useLayoutEffect(() => {
    if (!long) return undefined;
    const scroller = place.current.closest(".inside");
    const look = () => {
      const height = place.current.querySelector("tbody tr:not(.space)")?.getBoundingClientRect().height || HEIGHT;
      const first = Math.floor(scroller.scrollTop / height / 8) * 8;
      const [from, to] = [Math.max(0, first - AROUND), first + Math.ceil(scroller.clientHeight / height) + AROUND];
      setView((before) => (before.from === from && before.to === to && before.height === height ? before : { from, to, height }));
    };
    look();
    scroller.addEventListener("scroll", look, { passive: true });
    const sizes = new ResizeObserver(look);
    sizes.observe(scroller);
    return () => {
      scroller.removeEventListener("scroll", look);
      sizes.disconnect();
    };
  }, [long]);
  return long ? view : { from: 0, to: many, height: 0 };
}

function Head({ name, column, sort }) {
  const here = sort.by === column.id;
  if (!column.of) return html`<th scope="col" class=${column.kind} title=${column.hint}>${column.short ?? column.title}</th>`;
  const turn = () => put({ sorts: { ...desk.sorts, [name]: { by: column.id, down: here ? !sort.down : column.down ?? false } } });
  return html`<th scope="col" class=${classes(column.kind, here && "sorted")} aria-sort=${here ? (sort.down ? "descending" : "ascending") : undefined}>
    <button type="button" class="bare" onClick=${turn} title=${column.hint ?? column.title}><span>${column.short ?? column.title}</span>${here && html`<${Icon} name=${sort.down ? "down" : "up"} size=${11} />`}</button></th>`;
}

/** A number with its sign: colour never stands alone. */
export const Judged = ({ level, children, title }) => html`<span class=${classes("judged", level)} title=${title}>
  ${level === "bad" ? html`<${Icon} name="warning" size=${12} />` : level === "warn" ? html`<${Icon} name="watch" size=${12} />` : null}${children}</span>`;
