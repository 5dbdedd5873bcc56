// Zones, what runs in them, and the pods on the nodes.

import { byId, el, reconcile, setClass, setText } from "./dom.js";
import { openFaults } from "./faults.js";
import { state } from "./live.js";
import { NODE_PARTS, REPLICA_PARTS, componentOf, processOf } from "./names.js";

// A log bar shows the last so many entries.
const BAR_ENTRIES = 100;
const PODS_SHOWN = 120;

export function renderMap() {
  const zones = state.cluster.get("")?.zones ?? [];
  const byNode = podsByNode();
  reconcile(byId("zones"), zones, makeZone, (box, zone) => updateZone(box, zone, byNode));
  const unplaced = byNode.get("") ?? [];
  const row = byId("unplaced");
  row.hidden = !unplaced.length;
  if (!row.firstChild) row.append(el("h3", {}, "Pods on no node"), el("div", { class: "pods" }));
  pods(row.lastChild, unplaced);
  clients();
}

function podsByNode() {
  const found = new Map();
  for (const [name, told] of state.pods) {
    if (!found.has(told[0])) found.set(told[0], []);
    found.get(told[0]).push([name, told]);
  }
  for (const list of found.values()) list.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  return found;
}

function makeZone(zone) {
  const head = el("button", { type: "button", class: "zone-head", title: `What zone ${zone} can suffer` }, `zone ${zone}`);
  head.addEventListener("click", () => openFaults("zone", zone, zoneFacts(zone)));
  return el("section", { class: "zone", "data-zone": zone }, head, el("div", { class: "boxes" }));
}

function updateZone(box, zone, byNode) {
  const inZone = (section) => [...section].filter(([, told]) => told.zone === zone).map(([name]) => name);
  const replicas = inZone(state.replicas).sort();
  const nodes = inZone(state.nodes).sort();
  reconcile(box.lastChild, [...replicas, ...nodes], makeBox, (child, name) => {
    if (state.replicas.has(name)) updateReplica(child, state.replicas.get(name));
    else updateNode(child, name, state.nodes.get(name), byNode.get(name) ?? []);
    suffering(child, faultsOf(name));
  });
}

function suffering(box, faults) {
  box.classList.toggle("hit", faults.length > 0);
  let row = box.querySelector(".suffers");
  if (!row && !faults.length) return;
  if (!row) box.append((row = el("div", { class: "suffers" })));
  reconcile(row, faults.map((one) => one.name), (name) => el("span", { class: "chip bad" }, name));
}

function makeBox(name) {
  const replica = state.replicas.has(name);
  const head = el("button", { type: "button", class: "box-head" }, el("b", {}, name), el("span", { class: "chip" }));
  head.addEventListener("click", () => {
    if (replica) openFaults("replica", name, replicaFacts(name));
    else openFaults("node", name, nodeFacts(name));
  });
  const parts = el("div", { class: "parts" });
  for (const part of replica ? REPLICA_PARTS : NODE_PARTS) parts.append(chip(`${part}@${name}`, part));
  const box = el("article", { class: "box", "data-process": name }, head, el("p", { class: "line" }));
  if (replica) box.append(bar());
  else box.append(el("div", { class: "pods" }));
  box.append(parts);
  return box;
}

function chip(place, text) {
  const made = el("a", { class: "part", "data-place": place, href: `#flows` }, text);
  made.addEventListener("click", () => (byId("flow-filter").value = place));
  return made;
}

function bar() {
  return el("div", { class: "log", title: "" }, el("i", { class: "last" }), el("i", { class: "commit" }), el("i", { class: "applied" }));
}

function updateReplica(box, told) {
  const [head, line, log] = box.children;
  const up = told.state === "up";
  const role = up ? told.role : told.state === "asked" ? "asking" : "down";
  setText(head.lastChild, role);
  setClass(head.lastChild, `chip role-${role}`);
  box.classList.toggle("down", told.state === "down");
  if (!up) {
    setText(line, told.why || "is asked");
    log.hidden = true;
    return;
  }
  const furthest = Math.max(...[...state.replicas.values()].map((one) => one.last ?? 0));
  const behind = furthest - told.applied;
  const lag = behind > 0 ? ` · ${behind} behind` : "";
  setText(line, `term ${told.term} · log ${told.applied} · revision ${told.revision}${lag}${told.alarms.length ? " · ALARM" : ""}`);
  log.hidden = told.engine !== "raft";
  log.title = `applied ${told.applied}, committed ${told.commit}, last ${told.last}, snapshot ${told.snapshot}`;
  const share = (index) => `${Math.max(0, Math.min(100, ((index - furthest + BAR_ENTRIES) / BAR_ENTRIES) * 100))}%`;
  const [last, commit, applied] = log.children;
  last.style.width = share(told.last);
  commit.style.width = share(told.commit);
  applied.style.width = share(told.applied);
}

function updateNode(box, name, told, list) {
  const [head, line, squares] = box.children;
  const status = told.ready ? (told.cordoned ? "cordoned" : "ready") : "not ready";
  setText(head.lastChild, status);
  setClass(head.lastChild, `chip ${told.ready ? (told.cordoned ? "warn" : "good") : "bad"}`);
  box.classList.toggle("down", !told.ready);
  const ready = list.filter(([, pod]) => podKind(pod) === "good").length;
  const process = told.process ? " · its process does not answer" : "";
  setText(line, `${ready} of ${list.length} pods ready${process}`);
  pods(squares, list);
}

function pods(row, list) {
  const shown = list.slice(0, PODS_SHOWN);
  reconcile(
    row,
    shown.map(([name]) => name),
    (name) => {
      const [namespace, pod] = name.split("/");
      const query = new URLSearchParams({ v: "v1", r: "pods", ns: namespace, name: pod });
      return el("a", { class: "pod", href: `#objects?${query}`, "data-pod": name });
    },
    (square, name) => {
      const told = state.pods.get(name);
      if (!told) return;
      const [, status, ready, total, restarts] = told;
      setClass(square, `pod ${podKind(told)}`);
      square.title = `${name}: ${status}, ${ready} of ${total} ready${restarts ? `, ${restarts} restarts` : ""}`;
      square.setAttribute("aria-label", square.title);
    },
  );
  row.toggleAttribute("data-more", list.length > shown.length);
}

export function podKind([, status, ready, total]) {
  if (status === "Running") return ready === total ? "good" : "warn";
  if (status === "Completed" || status === "Succeeded") return "done";
  if (status === "Terminating") return "going";
  if (/^(Pending|ContainerCreating|PodInitializing|Init:\d)/.test(status)) return "coming";
  return "bad";
}

function clients() {
  const users = new Set();
  for (const key of state.flows.keys()) {
    const [from] = key.split("|");
    if (processOf(from) === "clients" && from) users.add(from);
  }
  const row = byId("clients");
  row.hidden = !users.size;
  reconcile(row, [...users].sort().slice(0, 12), (user) => chip(`${componentOf(user)}@clients`, user));
}

export function faultsOf(name) {
  return [...state.faults.values()].filter((one) => [...(one.names ?? []), ...(one.others ?? [])].includes(name));
}

function replicaFacts(name) {
  const told = state.replicas.get(name) ?? {};
  if (told.state !== "up") return { zone: told.zone, address: told.address, state: told.state, why: told.why };
  return {
    zone: told.zone,
    address: told.address,
    role: told.role,
    term: told.term,
    "last index": told.last,
    committed: told.commit,
    applied: told.applied,
    snapshot: told.snapshot,
    revision: told.revision,
    "compacted up to": told.compacted,
    keys: told.keys,
    engine: told.engine,
    alarms: told.alarms.join("; ") || "none",
  };
}

function nodeFacts(name) {
  const told = state.nodes.get(name) ?? {};
  return {
    zone: told.zone,
    ready: told.ready ? "yes" : `no: ${told.why}`,
    cordoned: told.cordoned ? "yes" : "no",
    taints: (told.taints ?? []).join(", ") || "none",
    process: told.process || "answers",
    pods: [...state.pods.values()].filter((pod) => pod[0] === name).length,
  };
}

function zoneFacts(zone) {
  const names = (section) => [...section].filter(([, told]) => told.zone === zone).map(([name]) => name).join(", ");
  return { replicas: names(state.replicas) || "none", nodes: names(state.nodes) || "none" };
}
