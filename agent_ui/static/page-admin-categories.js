// Categories of products: how people call them, and how long their warranty lasts. A product whose end of the warranty
// nobody said follows its category at once.
import { html } from "./ui.js";
import { api } from "./api.js";
import { Do } from "./bits.js";
import { confirm } from "./page-admin-dialogs.js";
import { Editor, forget, isDraft, saidSaved, withKept } from "./page-admin-edit.js";
import { Count, Line, Long } from "./page-admin-fields.js";
import { Admin, beginAdmin } from "./page-admin-frame.js";
import { NEW, NothingPicked, PickList, pick, pickMade, usePicked } from "./page-admin-list.js";
import { attempt } from "./shift.js";
import { desk, put, reading, say, useDesk } from "./store.js";
import { t, titled, tn } from "./texts.js";

put({ categories: null });

const load = reading(async () => ({ categories: (await api.get("/categories")).categories }));

const WORDS = {
  category: t("Short name"), title_zh: t("Name in Chinese"), title_en: t("Name in English"), months: t("Warranty, months from the purchase"), also: t("Other names"),
};

const toForm = (one) => ({
  ...(one ? {} : { category: "" }), title_zh: one?.title.zh ?? "", title_en: one?.title.en ?? "", months: one ? String(one.months ?? "") : "12", also: (one?.also ?? []).join("\n"),
});

function toBody(form, complain, category) {
  const months = form.months.trim() ? Number(form.months) : null;
  if (months !== null && !(Number.isInteger(months) && months >= 1 && months <= 600)) complain("months", t("whole months from 1 to 600, or nothing"));
  for (const name of ["title_zh", "title_en"]) if (!form[name].trim()) complain(name, t("is missing"));
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(category)) complain("category", t("small letters, digits and _, at most 40"));
  return { category, title: { zh: form.title_zh.trim(), en: form.title_en.trim() }, months, also: form.also.split(/[\n,，、;；]/).map((one) => one.trim()).filter(Boolean) };
}

/** What is wrong with a name is said where it is typed. */
function placed(error) {
  const at = (path) => path.replace(/^title\.(\w+)$/, "title_$1").replace(/^also.*$/, "also");
  error.fields = Object.fromEntries(Object.entries(error.fields ?? {}).map(([path, why]) => [at(path), why]));
  throw error;
}

const lasts = (one) => (one.months === null ? t("no rule") : tn("{n} month", "{n} months", one.months));
const isShipped = (one) => !one.changed;
const noteOf = (one) => `${one.category} · ${isShipped(one) ? t("as shipped") : t("version {n}", { n: one.version })}`;

function Categories() {
  const categories = useDesk((state) => state.categories);
  const drafts = useDesk((state) => state.drafts);
  const picked = usePicked();
  const one = (categories ?? []).find((each) => each.category === picked);
  const items = categories?.map((each) => ({
    id: each.category, name: titled(each.title, each.category), note: `${each.category} · ${lasts(each)}`, also: [...Object.values(each.title), ...each.also].join(" "),
    badge: isShipped(each) ? null : { icon: "wrap_up", text: t("version {n}", { n: each.version }) }, unsaved: isDraft({ drafts }, `category:${each.category}`),
  })) ?? null;
  return html`<${Admin} title=${t("Categories and warranty")}>
    <${PickList} title=${t("Categories of products")} items=${items} add=${t("New category")} />
    ${picked === NEW ? html`<${One} key=${NEW} one=${null} />` : one ? html`<${One} key=${one.category} one=${one} />` : html`<${NothingPicked}>${t("Choose a category of products, or make a new one.")}<//>`}
  <//>`;
}

function One({ one }) {
  const name = `category:${one?.category ?? NEW}`;
  const path = `/categories/${one?.category}`;
  const save = (body, version) => (one ? api.put(path, body, { version }) : api.post("/categories", body)).catch(placed);
  const saved = async (kept, base) => {
    put({ categories: withKept(desk.categories, kept, "category") });
    await attempt(load);
    pickMade(kept.category);
    const undo = one && (() => attempt(async () => { await api.put(path, toBody(base, () => {}, one.category), { version: kept.version }); await load(); }));
    saidSaved(titled(kept.title, kept.category), undo);
  };
  const again = async () => {
    const theirs = await api.get(path);
    await load();
    return theirs;
  };
  return html`<${Editor} name=${name} title=${one ? titled(one.title, one.category) : t("New category")} note=${one && noteOf(one)} thing=${one}
      form=${toForm} body=${(form, complain) => toBody(form, complain, one?.category ?? form.category.trim())} save=${save} saved=${saved} again=${again} words=${WORDS} doing=${one && !isShipped(one) && html`<${Doing} one=${one} />`}>
    ${(field) => html`<div class="grid">
        ${!one && field("category", Line, { needed: true, maxlength: 40, help: t("Small letters, digits and _; for programs, and for ever.") })}
        ${field("title_zh", Line, { needed: true, maxlength: 60 })}${field("title_en", Line, { needed: true, maxlength: 60 })}
        ${field("months", Count, { placeholder: t("no rule"), help: t("Counts for every product of this category whose end of the warranty nobody said, also for those that there are.") })}
        ${field("also", Long, { wide: true, help: t("One a line: how lists that are imported call it, too. No name may belong to two categories.") })}
      </div>`}
  <//>`;
}

function Doing({ one }) {
  const what = titled(one.title, one.category);
  const remove = () => confirm({
    title: t("Back: {what}", { what }), label: t("Back, or remove"),
    says: [t("A shipped category becomes as it is shipped, with its warranty. One of your own is removed: its products keep its short name and have no rule any more.")],
    run: async () => {
      await api.remove(`/categories/${one.category}`, { version: one.version });
      forget(`category:${one.category}`);
      await load();
      if (!desk.categories.some((each) => each.category === one.category)) pick(null);
      say(t("Done: {what}", { what }));
    },
  });
  return html`<span class="left"><${Do} id="reset" icon="again" onClick=${remove}>${t("As shipped, or remove")}<//></span>`;
}

beginAdmin(Categories, load);
