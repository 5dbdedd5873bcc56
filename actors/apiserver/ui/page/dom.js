// Elements without markup: text is always text, so that no name in the cluster can become a script.

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

export const byId = (id) => document.getElementById(id);

// Makes the children of `parent` stand for `keys`, in order, keeping those that are there already:
// what a person points at does not go away under them.
export function reconcile(parent, keys, make, update) {
  const known = parent.kept ?? (parent.kept = new Map());
  const wanted = new Set(keys);
  for (const [key, child] of known) {
    if (!wanted.has(key)) {
      child.remove();
      known.delete(key);
    }
  }
  let before = null;
  for (const key of keys) {
    let child = known.get(key);
    if (!child) {
      child = make(key);
      known.set(key, child);
    }
    const place = before ? before.nextSibling : parent.firstChild;
    if (place !== child) parent.insertBefore(child, place);
    update?.(child, key);
    before = child;
  }
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setClass(element, name) {
  if (element.className !== name) element.className = name;
}

export function clock(seconds, millis = true) {
  const date = new Date(seconds * 1000);
  const pad = (value, width = 2) => String(value).padStart(width, "0");
  const text = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return millis ? `${text}.${pad(date.getMilliseconds(), 3)}` : text;
}

export function duration(ms) {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  return `${(ms / 1000).toFixed(ms < 10000 ? 2 : 1)} s`;
}

export function copyButton(text, label = "Copy") {
  const button = el("button", { type: "button" }, label);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = label), 1500);
  });
  return button;
}
