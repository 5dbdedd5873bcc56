// What just happened: the messages that tell something, the newest first.

import { byId, clock, el, reconcile } from "./dom.js";
import { state } from "./live.js";
import { short } from "./names.js";

const SHOWN = 60;
let held = false;

const list = () => byId("messages");

export function renderMessages() {
  if (!list().prepared) prepare();
  if (held) return;
  const filter = byId("message-filter").value.trim().toLowerCase();
  const at = (key) => state.messages.get(key)[0];
  // They come in as each process tells of them, and not in order of time.
  const keys = [...state.messages.keys()]
    .sort((a, b) => at(b) - at(a) || b - a)
    .filter((key) => !filter || state.messages.get(key).join(" ").toLowerCase().includes(filter))
    .slice(0, SHOWN);
  reconcile(list(), keys, (key) => el("li", {}, messageLink(state.messages.get(key))));
}

function prepare() {
  list().prepared = true;
  const hold = (value) => () => {
    held = value;
    list().classList.toggle("held", value);
    if (!value) renderMessages();
  };
  list().addEventListener("pointerenter", hold(true));
  list().addEventListener("pointerleave", hold(false));
  list().addEventListener("focusin", hold(true));
  list().addEventListener("focusout", hold(false));
  byId("message-filter").addEventListener("input", renderMessages);
}

// One message; it leads to its chain.
export function messageLink([ts, from, to, type, subject, trace, outcome]) {
  const bad = outcome && !/^(ok|[123]\d\d)$/.test(outcome);
  return el(
    "a",
    { class: "message", href: trace ? `#chain/${trace}` : null },
    el("span", { class: "when" }, clock(ts)),
    el("span", { class: "who" }, to ? `${short(from)} → ${short(to)}` : `● ${short(from)}`),
    el("span", { class: "what" }, el("b", {}, type), ` ${subject}`),
    outcome && el("span", { class: `chip ${bad ? "bad" : ""}` }, outcome),
  );
}
