// Lines between the actors on the map: one for all that one actor sends another, as wide as it is
// busy; its dashes run the way the messages go.

import { byId, el } from "./dom.js";
import { state } from "./live.js";
import { kindOf, placeOf, processOf } from "./names.js";

const SVG = "http://www.w3.org/2000/svg";
const EDGES_MAX = 90;
const KINDS = { http: "requests of people and tools", api: "components and the API server", store: "the store", raft: "Raft" };
const drawn = new Map();

export function renderEdges() {
  const svg = byId("edges");
  const map = byId("map").getBoundingClientRect();
  const wanted = byId("show-flows").checked ? busiest() : [];
  svg.setAttribute("width", map.width);
  svg.setAttribute("height", map.height);
  const places = new Map();
  for (const chip of byId("map").querySelectorAll("[data-place]")) places.set(chip.dataset.place, chip);
  const seen = new Set();
  for (const edge of wanted) {
    const from = centre(places.get(edge.from), map);
    const to = centre(places.get(edge.to), map);
    if (!from || !to) continue;
    seen.add(edge.key);
    draw(svg, edge, from, to);
  }
  for (const [key, path] of drawn) {
    if (!seen.has(key)) {
      path.remove();
      drawn.delete(key);
    }
  }
  legend();
}

function busiest() {
  const edges = new Map();
  const inner = byId("show-inner").checked;
  for (const [key, value] of state.flows) {
    const [from, to, type] = key.split("|");
    const places = [placeOf(from), placeOf(to)];
    if (places[0] === places[1] || (!inner && processOf(from) === processOf(to))) continue;
    const name = places.join(">");
    const edge = edges.get(name) ?? { key: name, from: places[0], to: places[1], rate: 0, lost: 0, kind: kindOf(from, to, type) };
    edge.rate += value[0];
    edge.lost += value[3];
    edges.set(name, edge);
  }
  const found = [...edges.values()].filter((edge) => edge.rate > 0 || edge.lost > 0);
  return found.sort((a, b) => b.lost - a.lost || b.rate - a.rate).slice(0, EDGES_MAX);
}

function centre(chip, map) {
  if (!chip || !chip.offsetParent) return null;
  const box = chip.getBoundingClientRect();
  return { x: box.left - map.left + box.width / 2, y: box.top - map.top + box.height / 2 };
}

function draw(svg, edge, from, to) {
  let path = drawn.get(edge.key);
  if (!path) {
    path = document.createElementNS(SVG, "path");
    path.append(document.createElementNS(SVG, "title"));
    path.addEventListener("click", () => {
      byId("flow-filter").value = `${edge.from} ${edge.to}`;
      location.hash = "#flows";
    });
    svg.append(path);
    drawn.set(edge.key, path);
  }
  // Bent to one side, so that the two directions lie apart.
  const bend = 0.16;
  const middle = { x: (from.x + to.x) / 2 - (to.y - from.y) * bend, y: (from.y + to.y) / 2 + (to.x - from.x) * bend };
  const line = `M${Math.round(from.x)} ${Math.round(from.y)} Q${Math.round(middle.x)} ${Math.round(middle.y)} ${Math.round(to.x)} ${Math.round(to.y)}`;
  if (path.getAttribute("d") !== line) path.setAttribute("d", line);
  const speed = edge.rate > 50 ? "fast" : edge.rate > 5 ? "middling" : "slow";
  const look = `edge ${edge.lost ? "lost" : edge.kind} ${speed}`;
  if (path.getAttribute("class") !== look) path.setAttribute("class", look);
  const width = Math.min(5, 1 + Math.log10(1 + edge.rate) * 1.5).toFixed(1);
  if (path.getAttribute("stroke-width") !== width) path.setAttribute("stroke-width", width);
  const lost = edge.lost ? `, ${edge.lost.toFixed(1)}/s lost` : "";
  path.firstChild.textContent = `${edge.from} → ${edge.to}: ${edge.rate.toFixed(1)}/s${lost}`;
}

function legend() {
  const place = byId("legend");
  if (place.firstChild) return;
  for (const [kind, text] of Object.entries(KINDS)) place.append(el("span", { class: `key ${kind}` }, text));
  place.append(el("span", { class: "key lost" }, "lost"));
}
