// The overview of the administration: what can be set where, and where a newcomer begins.
import { html } from "./ui.js";
import { Icon } from "./icons.js";
import { Admin, beginAdmin, open } from "./page-admin-frame.js";
import { may } from "./page-frame.js";
import { useDesk } from "./store.js";
import { t } from "./texts.js";

function Overview() {
  useDesk((state) => state.me);
  const groups = open();
  return html`<${Admin} title=${t("Administration")}>
    <section class="panel overview-of-admin" aria-label=${t("Overview")}><div class="inside" tabindex="0">
      ${may("users:manage") && html`<a class="first-steps" href="/start"><${Icon} name="talking" size=${26} />
        <span><strong>${t("From nothing to the first answered call")}</strong><small>${t("Link to the switch, phones, queue, people, a test call: what is done, and what to do next.")}</small></span></a>`}
      ${groups.map(([group, pages]) => html`<div key=${group} class="group"><h2>${group}</h2><ul>${pages.map(([path, name, , icon, what]) => html`
        <li key=${path}><a href=${path}><${Icon} name=${icon} size=${20} /><span><strong>${name}</strong><small class="quiet">${what}</small></span></a></li>`)}</ul></div>`)}
      ${!groups.length && html`<p class="empty quiet">${t("You may not change any settings. Administrators may.")}</p>`}
    </div></section>
  <//>`;
}

beginAdmin(Overview);
