// Older versions of one object, as far back as the store keeps them, and what changed between two.

import { get } from "./api.js";
import { diffView } from "./diff.js";
import { el } from "./dom.js";
import { own } from "./live.js";
import { objectText, render, withoutManagers } from "./objects.js";

export async function showHistory(place, path, secret) {
  const first = await get(`/ui/history?${new URLSearchParams({ path, ...own("local", "1") })}`);
  const history = { path, secret, values: !secret, versions: first.versions, told: first, chosen: [], texts: new Map() };
  const [newest, older] = history.versions;
  history.chosen = [older?.revision ?? newest.revision, newest.revision];
  await draw(place, history);
}

async function draw(place, history) {
  const body = el("div", { id: "difference" });
  const list = el("table", { class: "versions" },
    el("thead", {}, el("tr", {}, ["from", "to", "revision", "by", "when"].map((text) => el("th", {}, text)))),
    el("tbody", {}, history.versions.map((version) => row(place, history, version))));
  place.replaceChildren(el("div", { class: "scroll short" }, list), ending(place, history), values(place, history), body);
  await difference(body, history);
}

function row(place, history, version) {
  const radio = (at) => {
    const made = el("input", { type: "radio", name: `side-${at}`, "aria-label": `${at ? "to" : "from"} revision ${version.revision}` });
    made.checked = history.chosen[at] === version.revision;
    made.addEventListener("change", () => {
      history.chosen[at] = version.revision;
      draw(place, history);
    });
    return el("td", {}, made);
  };
  const by = version.by.join(", ");
  return el("tr", { "data-revision": version.revision }, radio(0), radio(1), el("td", { class: "number" }, String(version.revision)), el("td", {}, by || "not said"), el("td", { class: "moment" }, version.time));
}

function ending(place, history) {
  const { complete, forgotten } = history.told;
  if (complete) return el("p", { class: "quiet" }, "The last line is its creation.");
  if (forgotten) return el("p", { class: "quiet" }, "Older versions are compacted away.");
  const button = el("button", { type: "button" }, "Older");
  button.addEventListener("click", async () => {
    const before = history.versions[history.versions.length - 1].revision;
    history.told = await get(`/ui/history?${new URLSearchParams({ path: history.path, before })}`);
    history.versions = [...history.versions, ...history.told.versions];
    await draw(place, history);
  });
  return el("p", {}, button);
}

function values(place, history) {
  if (history.values) return "";
  const button = el("button", { type: "button" }, "Show the values");
  button.addEventListener("click", () => {
    history.values = true;
    draw(place, history);
  });
  return el("p", { class: "quiet" }, "Versions of a Secret are not asked for until you say so. ", button);
}

async function at(history, revision) {
  if (!history.texts.has(revision)) {
    history.texts.set(revision, await get(`/ui/history?${new URLSearchParams({ path: history.path, at: revision })}`));
  }
  return history.texts.get(revision);
}

async function difference(body, history) {
  if (!history.values) return;
  const [from, to] = history.chosen;
  const [before, after] = [await at(history, from), await at(history, to)];
  if (from === to) {
    body.replaceChildren(el("h3", {}, `As it was at revision ${to}`), ...objectText(after, "yaml"));
    return;
  }
  body.replaceChildren(
    el("h3", {}, `From revision ${from} to ${to}`),
    diffView(render(withoutManagers(before), "yaml"), render(withoutManagers(after), "yaml")),
  );
}
