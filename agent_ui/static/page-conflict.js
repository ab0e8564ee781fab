// Two people change one thing: the second one sees what the first one made of it before anything is overwritten.
import { html } from "./ui.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { ask, unask } from "./store.js";
import { t } from "./texts.js";

/** The names of fields in which two forms differ. */
export const differing = (a, b) => Object.keys({ ...a, ...b }).filter((name) => name !== "version" && JSON.stringify(a[name]) !== JSON.stringify(b[name]));

/** `base`: the form that both began with; `mine`, `theirs`: what became of it; `word(name)`, `shown(name, value)`: fields
 *  and values in words; `take(form)`: what is to be in the form now, null: theirs as it is. */
export const conflict = ({ title, base, mine, theirs, word, shown, take }) => ask("conflict", { title, base, mine, theirs, word, shown, take });

export function ConflictDialog({ title, base, mine, theirs, word, shown, take }) {
  const ours = differing(base, mine);
  const changes = differing(base, theirs);
  const both = changes.filter((name) => ours.includes(name) && differing({ a: mine[name] }, { a: theirs[name] }).length);
  const choose = (form) => {
    take(form);
    unask();
  };
  const mineOverTheirs = () => choose({ ...theirs, ...Object.fromEntries(ours.map((name) => [name, mine[name]])) });
  return html`<${Dialog} wide title=${title ?? t("Somebody else changed this meanwhile")} onSubmit=${mineOverTheirs}>
    <p>${t("Nothing of yours was saved. This is what they made of it:")}</p>
    <table class="differences"><thead><tr><th scope="col">${t("What")}</th><th scope="col">${t("before")}</th><th scope="col">${t("theirs")}</th><th scope="col">${t("yours")}</th></tr></thead>
      <tbody>${changes.map((name) => html`<tr key=${name} class=${both.includes(name) ? "both" : ""}><th scope="row">${both.includes(name) && html`<${Icon} name="warning" size=${13} /> `}${word(name)}</th>
        <td><bdi>${shown(name, base[name])}</bdi></td><td><bdi>${shown(name, theirs[name])}</bdi></td><td><bdi>${ours.includes(name) ? shown(name, mine[name]) : ""}</bdi></td></tr>`)}</tbody></table>
    ${both.length > 0 && html`<p class="wrong">${t("Marked lines were changed by both of you.")}</p>`}
    <footer><button type="button" onClick=${() => choose(null)}>${t("Take theirs, drop mine")}</button>
      <button type="submit" class="main">${t("Put mine over theirs; I look and save")}</button></footer>
  <//>`;
}
