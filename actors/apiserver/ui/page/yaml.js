// YAML of plain JSON values, as kubectl prints it.

const PLAIN = /^[A-Za-z_./][\w./ ()@+,=:-]*$/;
const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
// What JSON lets stand as it is, and YAML does not.
const UNSEEN = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;
const WORDS = /^(true|false|yes|no|on|off|null|y|n|~)$/i;

export function yaml(value, indent = "") {
  if (Array.isArray(value)) return list(value, indent);
  if (value !== null && typeof value === "object") return map(value, indent);
  return `${scalar(value, indent)}\n`;
}

function map(value, indent) {
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  if (!entries.length) return "{}\n";
  return entries.map(([key, one]) => `${indent}${scalar(key, "")}:${below(one, indent)}`).join("");
}

function below(value, indent) {
  if (Array.isArray(value)) return value.length ? `\n${list(value, indent)}` : " []\n";
  if (value !== null && typeof value === "object") {
    return Object.keys(value).length ? `\n${map(value, `${indent}  `)}` : " {}\n";
  }
  return ` ${scalar(value, `${indent}  `)}\n`;
}

function list(values, indent) {
  if (!values.length) return "[]\n";
  return values
    .map((value) => {
      if (value === null || typeof value !== "object") return `${indent}- ${scalar(value, `${indent}  `)}\n`;
      const text = yaml(value, `${indent}  `);
      return `${indent}- ${text.trimStart()}`;
    })
    .join("");
}

function scalar(value, indent) {
  if (typeof value !== "string") return String(value);
  if (value.includes("\n") && indent && !/[^\S\n]\n|^\s|\r|\t/.test(value) && value.search(UNSEEN) < 0) {
    const end = value.endsWith("\n") ? "|" : "|-";
    const lines = value.replace(/\n$/, "").split("\n");
    return `${end}\n${lines.map((line) => (line ? indent + line : "")).join("\n")}`;
  }
  const plain = PLAIN.test(value) && !WORDS.test(value) && !/[ :]$|: |^[.\d]/.test(value);
  if ((plain || UID.test(value)) && !/^\d+e\d/.test(value)) return value;
  return JSON.stringify(value).replace(UNSEEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
