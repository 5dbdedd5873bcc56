// Objects through the ordinary API, with the rights of who looks: kinds, lists, one object.

import { get } from "./api.js";
import { byId, el } from "./dom.js";
import { showHistory } from "./history.js";
import { showChains } from "./chains.js";
import { own } from "./live.js";
import { mask, objectText } from "./objects.js";

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1";
const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const PAGE = 200;
// `ns` and `name`: of the object that is shown; `in`: the namespace that is listed, "" for all.
const START = { g: "", v: "v1", r: "pods" };

let kinds = null;
let listed = "";
let request = 0;

export async function openExplorer(query) {
  const mine = (request += 1);
  try {
    kinds ??= await discover();
    if (mine !== request) return;
    const place = where(query);
    bar(place);
    const wanted = [place.g, place.v, place.r, place.in].join("/");
    if (listed !== wanted) {
      listed = wanted;
      await list(place);
    }
    mark(place);
    if (mine !== request) return;
    if (place.name) await one(place);
    else byId("object-one").replaceChildren(el("p", { class: "quiet" }, "Choose an object."));
  } catch (error) {
    byId("object-one").replaceChildren(el("p", { class: "notice" }, error.message));
  }
}

function where(query) {
  const place = Object.fromEntries(query);
  const empty = { g: "", v: "v1", ns: "", name: "", in: "", show: "yaml" };
  return place.r ? { ...empty, ...place } : { ...empty, ...START };
}

async function discover() {
  const groups = await Promise.all(["/ui/api/api", "/ui/api/apis"].map((path) => get(path, { Accept: AGGREGATED })));
  const found = [];
  for (const group of groups.flatMap((answer) => answer.items)) {
    const version = group.versions[0];
    for (const one of version?.resources ?? []) {
      if (!one.verbs.includes("list")) continue;
      const g = group.metadata.name ?? "";
      found.push({ g, v: version.version, r: one.resource, kind: one.responseKind.kind, namespaced: one.scope === "Namespaced" });
    }
  }
  return found.sort((a, b) => (a.g < b.g ? -1 : a.g > b.g ? 1 : a.r < b.r ? -1 : 1));
}

const sameKind = (place) => (one) => one.g === place.g && one.v === place.v && one.r === place.r;

export function pathOf(place) {
  const root = place.g ? `/apis/${place.g}/${place.v}` : `/api/${place.v}`;
  const inside = place.ns ? `/namespaces/${encodeURIComponent(place.ns)}` : "";
  return `${root}${inside}/${place.r}${place.name ? `/${encodeURIComponent(place.name)}` : ""}`;
}

function go(place) {
  const kept = Object.entries(place).filter(([, value]) => value);
  location.hash = `#objects?${new URLSearchParams(Object.fromEntries(kept))}`;
}

function bar(place) {
  const select = el("select", { "aria-label": "Kind", id: "kind" });
  for (const g of new Set(kinds.map((one) => one.g))) {
    const options = kinds.filter((one) => one.g === g).map((one) => {
      const option = el("option", { value: `${one.g}/${one.v}/${one.r}` }, one.r);
      option.selected = sameKind(place)(one);
      return option;
    });
    select.append(el("optgroup", { label: g || "core" }, options));
  }
  select.addEventListener("change", () => {
    const [g, v, r] = select.value.split("/");
    go({ g, v, r, in: kinds.find(sameKind({ g, v, r }))?.namespaced ? place.in : "" });
  });
  const namespace = el("input", { type: "search", placeholder: "all namespaces", "aria-label": "Namespace", value: place.in, id: "namespace" });
  namespace.addEventListener("change", () => go({ g: place.g, v: place.v, r: place.r, in: namespace.value.trim() }));
  const filter = el("input", { type: "search", placeholder: "filter", "aria-label": "Filter objects", id: "object-filter" });
  filter.addEventListener("input", () => narrow(filter.value));
  byId("object-bar").replaceChildren(el("h1", {}, "Objects"), select, kinds.find(sameKind(place))?.namespaced ? namespace : "", filter);
}

function narrow(text) {
  for (const row of byId("object-list").querySelectorAll("tbody tr")) {
    row.hidden = !row.textContent.toLowerCase().includes(text.trim().toLowerCase());
  }
}

async function list(place, token = "") {
  const target = byId("object-list");
  const query = new URLSearchParams({ limit: PAGE, ...(token ? { continue: token } : own("resourceVersion", "0")) });
  let found;
  try {
    found = await get(`/ui/api${pathOf({ ...place, ns: place.in, name: "" })}?${query}`, { Accept: TABLE });
  } catch (error) {
    target.replaceChildren(el("p", { class: "notice" }, error.message));
    return;
  }
  const columns = found.columnDefinitions.map((one, at) => [one, at]).filter(([one]) => one.priority === 0);
  const namespaced = kinds.find(sameKind(place))?.namespaced && !place.in;
  const rows = found.rows.map((row) => {
    const { name, namespace = "" } = row.object.metadata;
    const cells = columns.map(([, at]) => el("td", {}, String(row.cells[at] ?? "")));
    const made = el("tr", { "data-name": name, "data-namespace": namespace }, namespaced ? el("td", {}, namespace) : null, cells);
    const link = el("a", { href: "#" }, String(row.cells[columns[0][1]]));
    link.addEventListener("click", (event) => event.preventDefault());
    cells[0].replaceChildren(link);
    made.addEventListener("click", () => go({ ...place, ns: namespace, name, show: "yaml" }));
    return made;
  });
  const more = found.metadata.continue;
  if (token) {
    target.querySelector("tbody").append(...rows);
    target.querySelector(".more")?.remove();
  } else {
    const head = [...(namespaced ? ["Namespace"] : []), ...columns.map(([one]) => one.name)];
    target.replaceChildren(
      el("table", {}, el("thead", {}, el("tr", {}, head.map((text) => el("th", {}, text)))), el("tbody", {}, rows)),
      rows.length ? "" : el("p", { class: "quiet" }, "There are none."),
    );
  }
  if (more) {
    const button = el("button", { type: "button", class: "more" }, `More (${found.metadata.remainingItemCount ?? "some"} left)`);
    button.addEventListener("click", () => list(place, more));
    target.append(button);
  }
}

function mark(place) {
  for (const row of byId("object-list").querySelectorAll("tbody tr")) {
    const chosen = row.dataset.name === place.name && row.dataset.namespace === place.ns;
    row.toggleAttribute("aria-selected", chosen);
  }
}

async function one(place) {
  const target = byId("object-one");
  const tab = (show, text) => el("a", { href: `#objects?${new URLSearchParams({ ...place, show })}`, "aria-current": place.show === show ? "true" : undefined }, text);
  const head = el("div", { class: "bar" }, el("h2", {}, `${place.ns ? `${place.ns}/` : ""}${place.name}`),
    el("nav", { class: "tabs" }, tab("yaml", "YAML"), tab("json", "JSON"), tab("history", "History"), tab("chains", "Chains")));
  const body = el("div", {}, el("p", { class: "quiet" }, "asking"));
  target.replaceChildren(head, body);
  if (place.show === "history") await showHistory(body, pathOf(place), place.r === "secrets" && !place.g);
  else if (place.show === "chains") await showChains(body, pathOf(place));
  else await content(body, place);
}

// Of a Secret only the metadata is asked for, until its values are.
async function content(body, place, values = false) {
  const secret = place.r === "secrets" && !place.g;
  const found = await get(`/ui/api${pathOf(place)}?${new URLSearchParams(own("resourceVersion", "0"))}`, secret && !values ? { Accept: METADATA } : {});
  const text = objectText(secret && !values ? mask(found) : found, place.show);
  let button = null;
  if (secret && !values) {
    button = el("button", { type: "button", class: "show" }, "Show the values");
    button.addEventListener("click", () => content(body, place, true));
  }
  body.replaceChildren(secret && !values ? el("p", { class: "quiet" }, "The values of a Secret are not asked for until you say so. ", button) : "", ...text);
}
