// From a number to the calls that it counts.
import { html, classes } from "./ui.js";
import { t } from "./texts.js";
import { asQuery, question } from "./page-report-data.js";
import { NOTHING, definition, told, titleOf } from "./page-report-words.js";

/** Numbers that are not of calls; calls cannot be listed for them. */
const NOT_OF_CALLS = /^(promise|ticket_age|first_visit|repeat_repair|occupancy|omission|ratings|csat|dissatisfied)/;

/** `row`: {at, until, key, title}; what is not there is not narrowed. */
export function callsOf(metric, row = {}) {
  if (NOT_OF_CALLS.test(metric)) return null;
  const { compare: _, ...asked } = question();
  return `/calls?${asQuery({ ...asked, metric, at: row.at, until: row.until, key: row.key, title: row.title })}`;
}

/** A number, as a link where it is one of calls. */
export function Value({ metric, value, row, label, gap }) {
  const text = told(metric, value);
  const none = value === null || value === undefined || (value === 0 && definition(metric)?.unit === "count");
  const address = none ? null : callsOf(metric, row);
  const name = [label, titleOf(metric), text].filter(Boolean).join(", ");
  const mark = gap && value !== null && html`<span class="gap-mark" title=${t("A part of what it counts was not seen.")}>◇<span class="unseen"> ${t("touches a gap")}</span></span>`;
  return address ? html`<a class=${classes("number", "value")} href=${address} aria-label=${t("{number}: show the calls", { number: name })}>${text}</a>${mark}`
    : html`<span class=${classes("number", text === NOTHING && "quiet")} title=${text === NOTHING ? t("There is nothing to count it of.") : undefined}>${text}</span>${mark}`;
}
