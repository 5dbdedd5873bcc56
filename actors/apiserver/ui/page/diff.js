// The difference of two texts, line by line: the longest common subsequence.

import { el } from "./dom.js";

const CONTEXT = 3;
// Beyond this many cells the table would be too large: the middle is then shown as replaced.
const CELLS_MAX = 4_000_000;

export function diffLines(before, after) {
  const a = before.split("\n");
  const b = after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const same = (lines) => lines.map((text) => [" ", text]);
  const middle = between(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return [...same(a.slice(0, start)), ...middle, ...same(a.slice(a.length - end))];
}

function between(a, b) {
  if (a.length * b.length > CELLS_MAX) return [...a.map((text) => ["-", text]), ...b.map((text) => ["+", text])];
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  const found = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      found.push([" ", a[i]]);
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && table[(i + 1) * width + j] >= table[i * width + j + 1])) {
      found.push(["-", a[i]]);
      i += 1;
    } else {
      found.push(["+", b[j]]);
      j += 1;
    }
  }
  return found;
}

// Only the changes, with a few lines around each.
export function diffView(before, after) {
  const lines = diffLines(before, after);
  const near = lines.map((_, at) => lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(([sign]) => sign !== " "));
  if (!near.some(Boolean)) return el("p", { class: "quiet" }, "No difference.");
  const rows = [];
  lines.forEach(([sign, text], at) => {
    if (!near[at]) {
      if (at === 0 || near[at - 1]) rows.push(el("span", { class: "skip" }, "⋯\n"));
      return;
    }
    const name = { "+": "added", "-": "removed", " ": "same" }[sign];
    rows.push(el("span", { class: name }, `${sign} ${text}\n`));
  });
  return el("pre", { class: "diff" }, rows);
}
