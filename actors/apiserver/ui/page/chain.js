// The causal tree of one trace: what led to what, over all processes, with times.

import { get } from "./api.js";
import { clock, copyButton, duration, el } from "./dom.js";
import { short } from "./names.js";

let everything = false;
let shown = "";

export async function showChain(place, trace) {
  if (!trace) {
    place.replaceChildren(el("p", {}, "Choose a message to see its chain."));
    return;
  }
  shown = trace;
  place.replaceChildren(el("p", { class: "quiet" }, "asking all processes for the chain"));
  try {
    const found = await get(`/ui/chain?trace=${encodeURIComponent(trace)}`);
    if (shown === trace) draw(place, found);
  } catch (error) {
    place.replaceChildren(el("p", { class: "notice" }, `The chain cannot be shown: ${error.message}`));
  }
}

function draw(place, found) {
  const again = el("button", { type: "button" }, "Look again");
  again.addEventListener("click", () => showChain(place, found.trace));
  const box = el("input", { type: "checkbox", id: "everything" });
  box.checked = everything;
  box.addEventListener("change", () => {
    everything = box.checked;
    draw(place, found);
  });
  const lines = visible(found.lines);
  const span = Math.max(1, ...found.lines.map((line) => line.at + (line.hop ?? 0) + (line.ms ?? 0)));
  const rows = lines.flatMap((line) => row(line, span));
  const where = found.processes.length ? `, seen by ${found.processes.join(", ")}` : "";
  const parts = [
    el("div", { class: "bar" }, el("h1", {}, "Chain"), el("code", {}, found.trace), copyButton(() => found.trace), again,
      el("label", {}, box, " reads and replies too")),
    el("p", { class: "quiet" }, found.lines.length
      ? `Began at ${clock(found.begin)}, ${lines.length} of ${found.lines.length} messages over ${duration(span)}${where}.`
      : "No process has a record of it any more (or not yet)."),
    found.silent.length ? el("p", { class: "notice" }, `No answer from ${found.silent.join(", ")}: what only they know is missing.`) : null,
    found.cut ? el("p", { class: "notice" }, `${found.cut} more messages are left out: \`steersman trace\` shows all.`) : null,
    el("div", { class: "scroll" }, el("table", { class: "chain" }, el("tbody", {}, rows))),
    found.linked.length ? el("p", {}, "Goes on in: ", found.linked.map((one) => [link(one), " "]).flat()) : null,
  ];
  place.replaceChildren(...parts.filter(Boolean));
}

const link = (trace) => el("a", { href: `#chain/${trace}` }, trace.slice(0, 8));

// Lines to show, each with its depth among those that are shown.
function visible(lines) {
  const kept = [];
  const above = [];
  for (const line of lines) {
    while (above.length && above[above.length - 1].depth >= line.depth) above.pop();
    if (everything || !line.quiet) {
      const level = above.length ? above[above.length - 1].level + 1 : 0;
      kept.push({ ...line, level });
      above.push({ depth: line.depth, level });
    }
  }
  return kept;
}

function row(line, span) {
  const text = el("td", { class: "step" });
  text.style.paddingLeft = `${Math.min(line.level, 24) * 16 + 6}px`;
  const who = line.msg === "http.request" ? `${line.from} → ${short(line.to ?? "")}` : `${short(line.from ?? "?")} → ${short(line.to ?? "?")}`;
  text.append(el("span", { class: "who", title: `${line.from ?? ""} → ${line.to ?? ""}` }, who), " ", el("b", {}, line.msg ?? "?"), ` ${line.subject ?? ""} `);
  if (line.outcome) text.append(el("span", { class: `chip ${/^(ok|[123]\d\d)$/.test(line.outcome) ? "" : "bad"}` }, line.outcome), " ");
  if (line.dropped) text.append(el("span", { class: "chip bad" }, `dropped: ${line.dropped}`), " ");
  for (const one of line.links ?? []) text.append(el("span", { class: "quiet" }, "also because of "), link(one), " ");
  const made = [el("tr", {}, el("td", { class: "number" }, `${line.at.toFixed(1)}`), text, el("td", { class: "number times" }, times(line)), bar(line, span))];
  for (const note of (line.notes ?? []).filter((one) => everything || !one.quiet)) {
    const cell = el("td", { class: "step note" }, `● ${short(note.from)}: ${note.text}`);
    cell.style.paddingLeft = `${Math.min(line.level + 1, 24) * 16 + 6}px`;
    made.push(el("tr", {}, el("td", { class: "number" }, note.at.toFixed(1)), cell, el("td"), el("td")));
  }
  return made;
}

function times(line) {
  const parts = [];
  if (line.hop) parts.push(`${duration(line.hop)} on its way`);
  if (line.wait) parts.push(`${duration(line.wait)} waiting`);
  if (line.ms !== undefined) parts.push(duration(line.ms));
  return parts.join(", ");
}

function bar(line, span) {
  const fill = el("i", {});
  fill.style.left = `${Math.min(99, (line.at / span) * 100)}%`;
  fill.style.width = `${Math.max(1, Math.min(100, (((line.hop ?? 0) + (line.ms ?? 0)) / span) * 100))}%`;
  return el("td", { class: "span" }, el("div", {}, fill));
}
