// Faults: those that are active, and those that somebody may put in from here.

import { lines, post } from "./api.js";
import { byId, clock, el, setText } from "./dom.js";
import { state } from "./live.js";

// What a process, or all of a zone, can suffer: words of `steersman chaos`.
const FAULTS = {
  replica: [
    ["Kill", (to) => ["kill", to]],
    ["Pause", (to) => ["pause", to]],
    ["Restart", (to) => ["restart", to], false],
    ["Partition", (to) => ["partition", to]],
    ["Slow disk", (to) => ["slow-disk", to, "200ms"]],
    ["Disk full", (to) => ["disk-full", to]],
  ],
  node: [
    ["Kill", (to) => ["kill", to]],
    ["Pause", (to) => ["pause", to]],
    ["Restart", (to) => ["restart", to], false],
    ["Partition", (to) => ["partition", to]],
  ],
  zone: [
    ["Outage", (to) => ["zone-outage", to]],
    ["Partition", (to) => ["partition", to]],
    ["Kill", (to) => ["kill", to]],
  ],
};

let rights = { noFaults: "asking what you may", user: "" };

export function setRights(told) {
  rights = told;
}

// Why nothing can be broken from here; "" if something can.
function objection() {
  const chaos = state.cluster.get("")?.chaos;
  if (rights.noFaults) return `Breaking things needs the verb post on /ui/chaos: ${rights.noFaults}`;
  return chaos ?? "";
}

export function openFaults(kind, name, facts) {
  const dialog = byId("dialog");
  const close = el("button", { type: "button", "aria-label": "Close" }, "Close");
  close.addEventListener("click", () => dialog.close());
  const rows = Object.entries(facts).filter(([, value]) => value !== undefined && value !== "");
  const active = [...state.faults.values()].filter((one) => [...(one.names ?? []), ...(one.others ?? [])].includes(name));
  dialog.replaceChildren(
    el("div", { class: "bar" }, el("h2", {}, kind === "zone" ? `zone ${name}` : name), close),
    el("dl", {}, rows.map(([term, value]) => [el("dt", {}, term), el("dd", {}, String(value))]).flat()),
    active.length ? el("div", {}, el("h3", {}, "Suffers from"), faultList(active)) : "",
    el("h3", {}, "Break it"),
    breaking(kind, name),
  );
  dialog.showModal();
}

function breaking(kind, name) {
  const why = objection();
  if (why) return el("p", { class: "notice", id: "no-faults" }, why);
  const seconds = el("input", { type: "number", min: "1", max: "3600", value: "10", id: "fault-seconds" });
  const output = el("pre", { class: "output", hidden: true });
  const buttons = FAULTS[kind].map(([text, words, lasting = true]) => {
    const button = el("button", { type: "button", class: "danger" }, text);
    button.addEventListener("click", () => {
      const command = words(`${kind}/${name}`);
      if (lasting) command.push("--for", `${Number(seconds.value) || 10}s`);
      run(command, output);
    });
    return button;
  });
  return el("div", {}, el("p", {}, el("label", {}, "for ", seconds, " seconds")), el("div", { class: "buttons" }, buttons), output);
}

async function run(command, output) {
  output.hidden = false;
  output.textContent = `steersman chaos ${command.join(" ")}\n`;
  try {
    for await (const answer of lines(await post("/ui/chaos", { command }))) {
      if (answer.line !== undefined) output.append(`${answer.line}\n`);
      if (answer.done) output.append(answer.ok ? "done\n" : `failed: ${answer.error ?? "the launcher says no more"}\n`);
    }
  } catch (error) {
    output.append(`refused: ${error.message}\n`);
  }
}

// Made once and changed in place: a button must not be replaced between press and release.
let parts = null;

function makeView() {
  const output = el("pre", { class: "output", hidden: true });
  const heal = el("button", { type: "button", id: "heal" }, "Heal everything");
  heal.addEventListener("click", () => run(["heal"], output));
  parts = { heal, list: el("div"), hint: el("p", { class: "quiet" }), missing: el("p", { class: "notice", id: "no-launcher" }), shown: "" };
  byId("view-faults").replaceChildren(
    el("div", { class: "bar" }, el("h1", {}, "Faults"), heal), parts.missing, parts.list, parts.hint, output);
}

export function renderFaults() {
  if (!parts) makeView();
  const active = [...state.faults.values()];
  const missing = state.cluster.get("")?.chaos ?? "";
  const why = objection();
  setText(parts.missing, missing);
  parts.missing.hidden = !missing;
  parts.heal.hidden = !active.length || Boolean(why);
  setText(parts.hint, why && why !== missing ? why : missing ? "" : "Choose a zone, a replica or a node on the map to break it.");
  const shown = JSON.stringify([active, missing]);
  if (shown === parts.shown) return;
  parts.shown = shown;
  const none = missing ? "Without it, active faults are not known." : "None is active.";
  parts.list.replaceChildren(active.length ? faultList(active) : el("p", {}, none));
}

function faultList(active) {
  return el("div", { class: "scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, ["fault", "hits", "by", "since", "until", "evidence"].map((text) => el("th", {}, text)))),
    el("tbody", {}, active.map((one) => el("tr", {},
      el("td", {}, el("b", {}, one.name ?? "?")),
      el("td", {}, [...(one.names ?? []), ...(one.others?.length ? ["from", ...one.others] : [])].join(" ")),
      el("td", {}, one.user ?? ""),
      el("td", {}, one.since ? clock(one.since, false) : ""),
      el("td", {}, one.until ? clock(one.until, false) : "it is healed"),
      el("td", {}, one.proof || (one.doubt ? `not proven: ${one.doubt}` : "")))))));
}
