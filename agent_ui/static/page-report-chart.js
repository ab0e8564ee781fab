// The chart of one number over the period. It is read by eye, by keyboard (arrows move a mark whose number is said) and on
// paper; the table has the same. Lines differ by dashes as well as by colour. uPlot draws; what it draws with are the
// colours of the page at that moment, so it is drawn again when those change.
import { html, useEffect, useRef, useState } from "./ui.js";
import { Empty } from "./bits.js";
import { alike, desk, useDesk } from "./store.js";
import { t } from "./texts.js";
import uPlot from "./vendor/page-uplot.js";
import { chosenMetric } from "./page-report-cards.js";
import { callsOf } from "./page-report-link.js";
import { brief, definition, keyWord, onlyDay, spanOf, titleOf, told } from "./page-report-words.js";

const LINES = 6; // more cannot be told apart
const COLOURS = ["--accent", "--bad", "--wrap", "--ring", "--pause", "--talk"];
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [14, 4]];

/** {spans: [row], lines: [{key, title, values, rows}]}: one value a span for each line. */
function drawn(report, metric) {
  const spans = [...new Map(report.rows.map((row) => [row.at, row])).values()];
  const place = new Map(spans.map((row, at) => [row.at, at]));
  const keys = report.asked.split ? report.totals.by_key.slice(0, LINES) : [{ key: "", title: titleOf(metric) }];
  const lines = keys.map(({ key, title }) => ({ key, title: report.asked.split ? keyWord(report.asked.split, { key, title }) : title, values: Array(spans.length).fill(null), rows: Array(spans.length).fill(null) }));
  const byKey = new Map(lines.map((line) => [line.key, line]));
  for (const row of report.rows) {
    const line = byKey.get(row.key);
    if (!line) continue;
    line.values[place.get(row.at)] = row.values[metric];
    line.rows[place.get(row.at)] = row;
  }
  return { spans, lines };
}

export function Chart() {
  const report = useDesk((state) => state.report);
  const metric = useDesk(chosenMetric);
  useDesk((state) => state.kinds, alike);
  const known = useDesk((state) => Boolean(state.definitions[metric]));
  const [mark, setMark] = useState(null);
  const at = mark?.report === report && mark?.metric === metric ? mark.at : null; // of another report it is no mark
  const setAt = (place) => setMark({ report, metric, at: place });
  const found = report && known ? drawn(report, metric) : null;
  const some = found?.lines.some((line) => line.values.some((one) => one !== null));
  const by = report?.asked.by;
  const said = found && at !== null && found.spans[at] ? reading(found, at, metric, by) : "";
  const keys = (event) => {
    const last = (found?.spans.length ?? 0) - 1;
    const next = { ArrowRight: Math.min(last, (at ?? -1) + 1), ArrowLeft: Math.max(0, (at ?? last + 1) - 1), Home: 0, End: last }[event.key];
    if (event.key === "Enter" && at !== null) {
      const address = callsOf(metric, found.lines[0].rows[at] ?? found.spans[at]);
      if (address) location.assign(address);
    }
    if (next === undefined || last < 0) return;
    event.preventDefault();
    event.stopPropagation();
    setAt(next);
  };
  return html`<section class="panel chart" aria-label=${t("Chart")} aria-busy=${report ? undefined : "true"}>
    <header><h2>${metric ? titleOf(metric) : ""}</h2><${Legend} lines=${report?.asked.split ? found?.lines ?? [] : []} more=${(report?.totals.by_key.length ?? 0) - LINES} />
      <p class="reading number">${said || html`<span class="quiet">${t("Arrow keys read it, Enter shows the calls.")}</span>`}</p></header>
    ${some ? html`<div class="plot" tabindex="0" role="slider" aria-label=${t("Chart: {name}", { name: titleOf(metric) })} aria-valuemin="0" aria-valuemax=${Math.max(0, found.spans.length - 1)}
        aria-valuenow=${at ?? 0} aria-valuetext=${said || t("nothing is chosen")} onKeyDown=${keys}><${Plot} found=${found} metric=${metric} by=${by} at=${at} onAt=${setAt} /></div>`
      : report && html`<${Empty}>${t("There was nothing to count.")}<//>`}
  </section>`;
}

function reading({ spans, lines }, at, metric, by) {
  const values = lines.length === 1 ? told(metric, lines[0].values[at]) : lines.map((line) => `${line.title} ${told(metric, line.values[at])}`).join(" · ");
  const gap = lines.some((line) => line.rows[at]?.gap) ? ` ◇ ${t("touches a gap")}` : "";
  return `${spanOf(spans[at], by)}: ${values}${gap}`;
}

const Legend = ({ lines, more }) => html`<ul class="legend">${lines.map((line, n) => html`<li key=${line.key}><svg width="26" height="8" aria-hidden="true"><line x1="0" x2="26" y1="4" y2="4" class=${`line-${n}`} stroke-dasharray=${DASHES[n].join(" ")} /></svg>
  <bdi class="cut">${line.title}</bdi></li>`)}${lines.length > 0 && more > 0 && html`<li class="quiet">${t("and {n} more in the table", { n: more })}</li>`}</ul>`;

// --- drawing ---

/** Drawn anew when the numbers, the size, the theme or the paper change. */
function Plot({ found, metric, by, at, onAt }) {
  const box = useRef(null);
  const plot = useRef(null);
  const [paint, setPaint] = useState(0);
  useEffect(() => {
    const again = () => setPaint((n) => n + 1);
    const medias = ["print", "(prefers-color-scheme: dark)"].map((one) => matchMedia(one));
    medias.forEach((one) => one.addEventListener("change", again));
    const theme = new MutationObserver(again);
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const size = new ResizeObserver(() => plot.current?.setSize({ width: box.current.clientWidth, height: box.current.clientHeight }));
    size.observe(box.current);
    return () => {
      medias.forEach((one) => one.removeEventListener("change", again));
      theme.disconnect();
      size.disconnect();
    };
  }, []);
  useEffect(() => {
    plot.current = new uPlot(options(box.current, found, metric, by, onAt), [found.spans.map((_, n) => n), ...found.lines.map((line) => line.values)], box.current);
    return () => plot.current.destroy();
  }, [desk.report, metric, paint]);
  useEffect(() => {
    if (at === null || !plot.current) return;
    plot.current.setCursor({ left: plot.current.valToPos(at, "x"), top: 4 }, false);
  }, [at, paint]);
  return html`<div class="paper" ref=${box} aria-hidden="true"></div>`;
}

function options(box, { spans, lines }, metric, by, onAt) {
  const style = getComputedStyle(box);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), size: 4 }, font: `12px ${style.fontFamily}` };
  const bars = lines.length === 1 && definition(metric)?.unit === "count";
  return {
    width: box.clientWidth, height: box.clientHeight, legend: { show: false }, padding: [8, 12, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 }, bind: { dblclick: () => null } },
    scales: { x: { time: false, range: () => [-0.6, spans.length - 0.4] }, y: { range: (_, low, high) => [0, top(metric, high)] } },
    axes: [
      { ...axis, grid: { show: false }, values: (_, splits) => splits.map((n) => label(spans, n, by)), incrs: [1, 2, 3, 4, 6, 7, 8, 12, 14, 24, 28, 48, 96, 182, 365], space: 62, size: 30 },
      { ...axis, values: (_, splits) => splits.map((value) => told(metric, value)), size: 62, space: 28 },
    ],
    series: [{}, ...lines.map((line, n) => ({
      stroke: colour(COLOURS[n]), width: bars ? 1 : 2, dash: DASHES[n], fill: bars ? colour("--accent-soft") : undefined,
      paths: bars ? uPlot.paths.bars({ size: [0.7, 60] }) : uPlot.paths.linear(), points: { show: !bars, size: 5 }, spanGaps: false,
    }))],
    hooks: {
      setCursor: [(one) => one.cursor.idx !== null && one.cursor.idx !== undefined && one.cursor.event && onAt(Math.round(one.cursor.idx))],
      drawClear: [(one) => shade(one, spans, lines, colour("--pause-soft"), colour("--pause"))],
    },
  };
}

/** The ratio's end is 1; others have a little air above. */
const top = (metric, high) => (definition(metric)?.unit === "ratio" ? 1 : Math.max(high * 1.08, definition(metric)?.unit === "count" ? 4 : 1));

function label(spans, n, by) {
  if (!Number.isInteger(n) || !spans[n]) return "";
  const midnight = (by === "hour" || by === "interval") && spans[n].at.slice(11, 16) === "00:00";
  return midnight ? onlyDay(spans[n]) : brief(spans[n], by);
}

/** Spans that touch a gap stand on hatching: what they count was not all seen. */
function shade(plot, spans, lines, ground, ink) {
  const { ctx, bbox } = plot;
  ctx.save();
  spans.forEach((_, n) => {
    if (!lines.some((line) => line.rows[n]?.gap)) return;
    const [left, right] = [n - 0.5, n + 0.5].map((x) => plot.valToPos(x, "x", true));
    ctx.fillStyle = ground;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.fillStyle = ink;
    ctx.fillRect(left, bbox.top, right - left, 3 * devicePixelRatio);
  });
  ctx.restore();
}
