// The table: the same numbers as the chart, and all others; the first column and the heads stay while it scrolls.
import { html } from "./ui.js";
import { Empty } from "./bits.js";
import { alike, useDesk } from "./store.js";
import { t } from "./texts.js";
import { want } from "./page-report-data.js";
import { Value } from "./page-report-link.js";
import { SPLITS, TABLES, explain, hint, keyWord, spanOf, titleOf } from "./page-report-words.js";

const MOST = 2_000; // rows that a browser draws without delay; an export has all

const OF_ONE = ["queue", "agent", "kind", "site", "outcome"]; // a row of one of these is the whole of it, however it is cut

const tableOf = (wanted, columns) => (has(wanted.table, columns) ? wanted.table : Object.keys(TABLES).find((name) => has(name, columns)));
const has = (name, columns) => Boolean(TABLES[name]?.keys.some((key) => columns.includes(key)));

export function Numbers() {
  const report = useDesk((state) => state.report);
  const wanted = useDesk((state) => state.wanted, alike);
  useDesk((state) => state.definitions, alike);
  useDesk((state) => state.kinds, alike);
  if (!report) return html`<section class="panel numbers" aria-label=${t("Numbers")} aria-busy="true" />`;
  const { by, split } = report.asked;
  const name = tableOf(wanted, report.columns);
  const columns = (TABLES[name]?.keys ?? report.columns).filter((key) => report.columns.includes(key));
  return html`<section class="panel numbers" aria-label=${t("Numbers")}>
    <header><h2>${t("Numbers")}</h2><span class="filters" role="group" aria-label=${t("About what")}>${Object.entries(TABLES).filter(([one]) => has(one, report.columns)).map(([one, { label }]) => html`
      <button key=${one} type="button" class="bare" data-table=${one} aria-pressed=${name === one ? "true" : "false"} onClick=${() => want({ table: one })}>${label()}</button>`)}</span></header>
    <div class="inside" tabindex="0"><table class="report-table">
      <thead><tr><th scope="col">${split ? SPLITS[split]() : t("When")}</th>${columns.map((key) => html`<th key=${key} scope="col" class="right">
        <button type="button" class="bare" title=${hint(key)} onClick=${() => explain(key)}>${titleOf(key)}</button></th>`)}</tr></thead>
      ${split && html`<tbody class="keys">${report.totals.by_key.map((row) => html`<${Row} key=${row.key} row=${row} name=${keyWord(split, row)} columns=${columns} only=${OF_ONE.includes(split) && row.key && !row.key.includes(",") ? () => want({ [split]: row.key, split: "" }) : null} />`)}</tbody>`}
      <tbody class="whole"><${Row} row=${report.totals} name=${t("all together")} columns=${columns} /></tbody>
      ${split ? html`<${Spans} report=${report} columns=${columns} />` : html`<tbody>${report.rows.slice(0, MOST).map((row) => html`<${Row} key=${row.at} row=${row} name=${spanOf(row, by)} columns=${columns} />`)}</tbody>`}
    </table>
    ${!report.rows.length && html`<${Empty}>${t("There was nothing to count.")}<//>`}
    ${report.rows.length > MOST && html`<${Empty}>${t("Only the first {n} rows are shown; the export has all.", { n: MOST })}<//>`}</div>
  </section>`;
}

/** `only()`: look at this one alone. */
const Row = ({ row, name, columns, only }) => html`<tr><th scope="row" class="cut">${only ? html`<button type="button" class="bare cut" data-key=${row.key} title=${t("Only {what}, over time", { what: name })} onClick=${only}><bdi>${name}</bdi></button>` : html`<bdi title=${name}>${name}</bdi>`}</th>
  ${columns.map((key) => html`<td key=${key} class="right"><${Value} metric=${key} value=${row.values[key]} row=${row.at || row.key !== undefined ? row : {}} label=${name} gap=${row.gap} /></td>`)}</tr>`;

/** Every span of what is split, one group of rows a span. */
function Spans({ report, columns }) {
  const groups = Map.groupBy ? Map.groupBy(report.rows.slice(0, MOST), (row) => row.at) : grouped(report.rows.slice(0, MOST));
  return [...groups].map(([at, rows]) => html`<tbody key=${at}><tr><th scope="rowgroup" colspan=${columns.length + 1} class="span-head">${spanOf(rows[0], report.asked.by)}</th></tr>
    ${rows.map((row) => html`<${Row} key=${row.key} row=${row} name=${keyWord(report.asked.split, row)} columns=${columns} />`)}</tbody>`);
}

function grouped(rows) {
  const found = new Map();
  for (const row of rows) found.set(row.at, [...(found.get(row.at) ?? []), row]);
  return found;
}
