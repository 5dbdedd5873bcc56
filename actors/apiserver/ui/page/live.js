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
  source = new EventSource("/ui/live");
  let first = true;
  source.onmessage = (event) => {
    const update = JSON.parse(event.data);
    if (first) {
      for (const section of Object.values(state)) section.clear();
      for (const name of Object.keys(state)) pending.add(name);
      first = false;
    }
    if (!paused) told("live", "good");
    merge(update);
  };
  source.onerror = async () => {
    told("not connected", "bad");
    first = true;
    if (source.readyState === EventSource.CLOSED) {
      source.close();
      try {
        await get("/ui/whoami");
      } catch {
        // It says itself why; a server that is down is tried again.
      }
      setTimeout(open, 2000);
    }
  };
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
