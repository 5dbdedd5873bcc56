// The chains that wrote one object, or in which something was noted of it.

import { get } from "./api.js";
import { clock, el } from "./dom.js";
import { short } from "./names.js";

export async function showChains(place, path) {
  const found = await get(`/ui/chains?${new URLSearchParams({ path })}`);
  const rows = found.chains.map(([ts, who, type, subject, trace, count]) =>
    el("li", {}, el("a", { class: "message", href: `#chain/${trace}` },
      el("span", { class: "when" }, clock(ts)),
      el("span", { class: "who" }, short(who)),
      el("span", { class: "quiet" }, `${count} records of it`),
      el("span", { class: "what" }, el("b", {}, type), ` ${subject}`))));
  place.replaceChildren(
    found.silent.length ? el("p", { class: "notice" }, `No answer from ${found.silent.join(", ")}.`) : "",
    el("p", { class: "quiet" }, rows.length ? "What wrote it, the newest first, as far as trace files reach back." : "No trace file tells of it any more."),
    rows.length ? el("ol", { class: "messages" }, rows) : "",
  );
}
