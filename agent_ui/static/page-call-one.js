// One call: who it was, how it ended, the way it took, and whose matter it is about.
import { html, useEffect, useState } from "./ui.js";
import { api } from "./api.js";
import { Badge, Empty, readable, spoken } from "./bits.js";
import { Icon } from "./icons.js";
import { action } from "./keys.js";
import { attempt } from "./shift.js";
import { alike, useDesk } from "./store.js";
import { t } from "./texts.js";
import { Moment, lasting, when } from "./time.js";
import { choose } from "./page-call-list.js";
import { Picture, Way } from "./page-call-way.js";
import { directionWord, endOf, lasted, outsider, talked, waited, who } from "./page-call-words.js";

const shown = (state) => (state.list?.calls ?? []).find((one) => one.id === state.chosen);
const link = () => document.querySelector(".one [data-action=ticket]");

export function startOne() {
  action("ticket", "t", t("Open its ticket"), () => link().click(), () => Boolean(link()));
}

export function One() {
  const id = useDesk((state) => state.chosen);
  if (!id) return html`<section class="panel one empty-place" aria-label=${t("The call")}><${Empty}>${t("Choose a call to see the way it took.")}<//></section>`;
  return html`<${Shown} key=${id} id=${id} />`;
}

function Shown({ id }) {
  const listed = useDesk(shown);
  const inList = useDesk((state) => state.list?.about?.[id]);
  const titles = useDesk((state) => state.titles ?? {}, alike);
  const [whole, setWhole] = useState(null);
  const [found, setFound] = useState(null);
  const about = inList ?? found;
  useEffect(() => {
    let gone = false;
    attempt(async () => {
      const call = await api.get(`/calls/${encodeURIComponent(id)}`);
      if (gone) return;
      setWhole(call);
      const matter = call.ticket && !inList ? await aboutIt(call.ticket) : null;
      if (!gone && matter) setFound(matter);
    });
    return () => { gone = true; };
  }, [id, listed?.ended_at, listed?.outcome]);
  const call = whole ?? listed;
  if (!call) return html`<section class="panel one empty-place" aria-label=${t("The call")} aria-busy="true" />`;
  const end = endOf(call.outcome, call.open);
  return html`<section class="panel one" aria-label=${t("The call")}>
    <header><h2 class="cut"><bdi>${who(call, about)}</bdi></h2><${Badge} kind=${end.kind} icon=${end.icon}>${end.word}<//>
      <button type="button" class="bare" onClick=${() => choose(null)} aria-label=${t("Close")}><${Icon} name="close" size=${14} /></button></header>
    <div class="inside" tabindex="0">
      <p class="whom"><bdi class="number">${readable(outsider(call)) || "–"}</bdi> <span class="quiet">${directionWord(call.direction)}</span>
        ${about?.customer && html`<a href=${`/desk#customer=${about.customer}`}><${Icon} name="person" size=${14} /> ${t("Customer")}</a>`}</p>
      <${OnTicket} call=${whole} about=${about} />
      <dl class="facts sums"><${Fact} name=${t("Began")}><${Moment} at=${call.started_at} /><//><${Fact} name=${t("Waited")}>${time(waited(call))}<//>
        <${Fact} name=${t("Talked")}>${time(talked(call))}<//><${Fact} name=${t("On hold")}>${time(call.held_s || null)}<//><${Fact} name=${t("In all")}>${time(lasted(call))}<//></dl>
      ${call.gap && html`<p class="held"><${Icon} name="offline" /> <span>${t("A part of it was not seen and comes from the switch's journals.")}</span></p>`}
      <h3>${t("The way it took")}</h3>
      <${Picture} call=${call} titles=${titles} />
      <${Way} call=${call} titles=${titles} />
      <p class="quiet number id"><bdi>${call.id}</bdi></p>
    </div>
  </section>`;
}

/** Of a call that no list brought: whose matter it is about. */
async function aboutIt(on) {
  const ticket = await api.get(`/tickets/${on.id}`);
  return { ticket: on.id, number: on.number, customer: ticket.customer, customer_name: ticket.customer_name };
}

const time = (value) => (value === null || value === undefined ? "–" : lasting(value));
const Fact = ({ name, children }) => html`<div><dt>${name}</dt><dd class="number">${children}</dd></div>`;

/** Which ticket, and why that one. */
function OnTicket({ call, about }) {
  const on = call?.ticket;
  if (call && !on) return html`<p class="on quiet">${t("It is on no ticket.")}</p>`;
  if (!on && !about) return html`<p class="on quiet" aria-busy="true">…</p>`;
  return html`<p class="on"><a class="button" data-action="ticket" href=${`/desk#ticket=${on?.id ?? about.ticket}`}><${Icon} name="ticket" size=${14} /> ${t("Ticket {number}", { number: spoken(on?.number ?? about.number) })} <kbd aria-hidden="true">T</kbd></a>
    ${on && html`<small class="quiet">${on.why ? on.why : ""} ${t("since {time}", { time: when(on.since) })}</small>`}</p>`;
}
