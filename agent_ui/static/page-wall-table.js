// A table of the wall: sorted by a click on its head, in groups, drawn a row at a time.
import { html, classes } from "./ui.js";
import { Icon } from "./icons.js";
import { Row } from "./page-wall-live.js";
import { grouped, sorted } from "./page-wall-data.js";
import { desk, put, useDesk } from "./store.js";

/** `columns`: [{id, title, of(row), wide, right}], `rows`: [{key, of: [values], ...}], `draw(...of)`: a row's cells in a `tr`. */
export function Table({ name, label, columns, rows, draw, groupsOf, nameOf, first }) {
  const sort = useDesk((state) => state.sorts?.[name] ?? first);
  const column = columns.find((one) => one.id === sort.by) ?? columns[0];
  const groups = grouped(sorted(rows, column.of, sort.down, nameOf), groupsOf);
  return html`<table class=${name} aria-label=${label}>
    <thead><tr>${columns.map((one) => html`<${Head} key=${one.id} name=${name} column=${one} sort=${sort} />`)}</tr></thead>
    ${groups.map(([title, members]) => html`<tbody key=${title}>
      ${title && html`<tr class="group" key="group"><th colspan=${columns.length} scope="rowgroup"><bdi>${title}</bdi> <span class="count number">${members.length}</span></th></tr>`}
      ${members.map((row) => html`<${Row} key=${row.key} draw=${draw} of=${row.of} />`)}
    </tbody>`)}
  </table>`;
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
