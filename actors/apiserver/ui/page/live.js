// The one stream of this browser: sections of keyed values, changed in place as updates come in.

import { get } from "./api.js";

export const state = {
  cluster: new Map(),
  replicas: new Map(),
  nodes: new Map(),
  pods: new Map(),
  flows: new Map(),
  messages: new Map(),
  faults: new Map(),
};

const listeners = [];
let source = null;
let paused = false;
let pending = new Set();
let planned = false;
let told = () => {};
let watchdog = 0;

// The server says something at least every four seconds.
const FIRST_MS = 6000;
const SILENT_MS = 10000;
const AGAIN_MS = 2000;

// What of a query reads this replica's own state: all there is to read without a quorum.
export function own(name, value) {
  return state.cluster.get("")?.quorum === false ? { [name]: value } : {};
}

// `listener(sections)` is called with the names of the sections that changed.
export function onChange(listener) {
  listeners.push(listener);
}

export function isPaused() {
  return paused;
}

export function start(tell) {
  told = tell;
  open();
}

export function pause(value) {
  paused = value;
  if (!paused) plan();
  else told("paused", "");
}

function open() {
  const mine = new EventSource("/ui/live");
  let first = true;
  source = mine;
  watch(FIRST_MS);
  mine.onmessage = (event) => {
    if (source !== mine) return;
    watch(SILENT_MS);
    const update = JSON.parse(event.data);
    if (first) {
      for (const section of Object.values(state)) section.clear();
      for (const name of Object.keys(state)) pending.add(name);
      first = false;
    }
    merge(update);
    if (!paused) told("live", "good");
  };
  mine.onerror = async () => {
    if (source !== mine) return;
    told("not connected", "bad");
    first = true;
    if (mine.readyState !== EventSource.CLOSED) return;
    again();
    // Whoever is not known any more is sent to log in; a server that is down is tried again.
    await get("/ui/whoami").catch(() => {});
  };
}

// A server that was stopped neither ends a connection nor says anything: another may answer.
function watch(ms) {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => {
    told("not connected", "bad");
    source.close();
    open();
  }, ms);
}

function again() {
  source.close();
  clearTimeout(watchdog);
  setTimeout(open, AGAIN_MS);
}

function merge(update) {
  for (const [name, entries] of Object.entries(update)) {
    const section = state[name];
    if (!section) continue;
    for (const [key, value] of Object.entries(entries)) {
      if (value === null) section.delete(key);
      else section.set(key, value);
    }
    pending.add(name);
  }
  plan();
}

function plan() {
  if (planned || paused || !pending.size) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
    if (paused) return;
    const changed = pending;
    pending = new Set();
    for (const listener of listeners) listener(changed);
  });
}
