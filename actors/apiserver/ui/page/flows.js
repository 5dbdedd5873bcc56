// The table of flows: who sends what to whom, how often, how long it takes, what is lost.

import { get } from "./api.js";
import { byId, duration, el, reconcile, setText } from "./dom.js";
import { state } from "./live.js";
import { messageLink } from "./messages.js";
import { short } from "./names.js";

const ROWS_MAX = 200;
let chosen = "";
let prepared = false;

export function renderFlows() {
  if (!prepared) prepare();
  const words = byId("flow-filter").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...state.flows]
    .filter(([key]) => words.every((word) => matches(key.toLowerCase(), word)))
    .sort((a, b) => b[1][3] - a[1][3] || b[1][0] - a[1][0] || (a[0] < b[0] ? -1 : 1));
  const body = byId("flows").lastChild;
  reconcile(body, rows.slice(0, ROWS_MAX).map(([key]) => key), makeRow, (row, key) => updateRow(row, state.flows.get(key)));
  const missed = state.cluster.get("")?.missed ? " · busy: some were counted from samples" : "";
  setText(byId("flow-note"), `${rows.length} flows${missed}`);
}

// `controllers@replica-1` means the actor's children too.
function matches(key, word) {
  const [name, process] = word.split("@");
  if (!process) return key.includes(word);
  return key.split("|").some((part) => {
    const [actor, where] = part.split("@");
    if (process === "clients") return !where && actor === name;
    return where === process && (actor === name || actor.startsWith(`${name}/`));
  });
}

function prepare() {
  prepared = true;
  byId("flow-filter").addEventListener("input", renderFlows);
  const head = ["per second", "type", "from and to", "takes", "failed/s", "lost/s"];
  byId("flows").append(
    el("thead", {}, el("tr", {}, head.map((text, at) => el("th", { class: at === 1 || at === 2 ? "" : "number" }, text)))),
    el("tbody"),
  );
  byId("flow-messages").append(el("p", { class: "quiet" }, "Choose a flow to see its last messages."));
}

function makeRow(key) {
  const [from, to, type] = key.split("|");
  const button = el("button", { type: "button", class: "link" }, type);
  const number = () => el("td", { class: "number" });
  const way = el("td", { class: "way", title: `${from} → ${to}` }, el("span", {}, short(from)), el("span", {}, `→ ${short(to)}`));
  const row = el("tr", {}, number(), el("td", {}, button), way, number(), number(), number());
  row.addEventListener("click", () => open(key));
  return row;
}

function updateRow(row, [rate, takes, failed, lost, why]) {
  const cells = row.children;
  setText(cells[0], rate.toFixed(1));
  setText(cells[3], takes ? duration(takes) : "");
  setText(cells[4], failed ? failed.toFixed(1) : "");
  setText(cells[5], lost ? `${lost.toFixed(1)} ${why}` : "");
  row.classList.toggle("bad", failed > 0 || lost > 0);
}

async function open(key) {
  chosen = key;
  const [from, to, type] = key.split("|");
  const place = byId("flow-messages");
  const found = await get(`/ui/messages?${new URLSearchParams({ from, to, type })}`);
  if (chosen !== key) return;
  const list = found.map((message) => el("li", {}, messageLink(message)));
  place.replaceChildren(
    el("h2", {}, `${from} → ${to}`),
    el("p", { class: "quiet" }, `The last ${type}. Heartbeats are counted only, and are not here.`),
    list.length ? el("ol", { class: "messages" }, list) : el("p", {}, "None is known."),
  );
}
