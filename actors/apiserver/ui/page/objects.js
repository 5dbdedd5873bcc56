// How one object is written out.

import { copyButton, el } from "./dom.js";
import { yaml } from "./yaml.js";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

// Without what may quote a Secret's values.
export function mask(object) {
  const annotations = { ...object.metadata?.annotations };
  if (LAST_APPLIED in annotations) annotations[LAST_APPLIED] = "(hidden)";
  const metadata = { ...object.metadata };
  if (object.metadata?.annotations) metadata.annotations = annotations;
  return { ...object, metadata };
}

// Nobody reads who owns which field, most of the time.
export function withoutManagers(object) {
  const metadata = { ...object.metadata };
  delete metadata.managedFields;
  return { ...object, metadata };
}

export function render(object, form) {
  return form === "json" ? `${JSON.stringify(object, null, 2)}\n` : yaml(object);
}

export function objectText(object, form) {
  const pre = el("pre", { class: "object" });
  const box = el("input", { type: "checkbox" });
  const draw = () => (pre.textContent = render(box.checked ? object : withoutManagers(object), form));
  box.addEventListener("change", draw);
  draw();
  return [el("div", { class: "bar" }, el("label", {}, box, " managedFields"), copyButton(() => pre.textContent)), pre];
}
