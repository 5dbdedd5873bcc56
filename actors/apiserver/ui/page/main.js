// Puts the page together: who is here, which view is shown, what the server says of itself.

import { get, post, toLogin } from "./api.js";
import { showChain } from "./chain.js";
import { byId, setClass, setText } from "./dom.js";
import { renderEdges } from "./edges.js";
import { openExplorer } from "./explorer.js";
import { renderFaults, setRights } from "./faults.js";
import { renderFlows } from "./flows.js";
import { isPaused, onChange, pause, start, state } from "./live.js";
import { renderMap } from "./map.js";
import { renderMessages } from "./messages.js";

const VIEWS = ["map", "flows", "chain", "objects", "faults"];
let view = "";

function route() {
  const [name, ...rest] = location.hash.slice(1).split("?");
  const [wanted, argument] = name.split("/");
  view = VIEWS.includes(wanted) ? wanted : "map";
  for (const one of VIEWS) byId(`view-${one}`).hidden = one !== view;
  for (const link of byId("tabs").children) {
    link.toggleAttribute("aria-current", link.getAttribute("href") === `#${view}`);
  }
  if (view === "chain") showChain(byId("view-chain"), argument ?? "");
  if (view === "objects") openExplorer(new URLSearchParams(rest.join("?")));
  render(new Set(Object.keys(state)));
}

function render(changed) {
  header();
  const any = (...names) => names.some((name) => changed.has(name));
  if (view === "map") {
    if (any("cluster", "replicas", "nodes", "pods", "faults")) renderMap();
    if (any("messages")) renderMessages();
    renderEdges();
  }
  if (view === "flows" && any("flows")) renderFlows();
  if (view === "faults" && any("faults", "cluster")) renderFaults();
}

function header() {
  const cluster = state.cluster.get("");
  if (!cluster) return;
  setText(byId("cluster-name"), cluster.name);
  document.title = `${cluster.name}: Steersman`;
  const quorum = byId("quorum");
  if (cluster.quorum === null) setText(quorum, "asking");
  else setText(quorum, cluster.quorum ? `leader ${cluster.leader}` : "no quorum");
  setClass(quorum, `chip ${cluster.quorum === false ? "bad" : ""}`);
  const notice = byId("notice");
  const text =
    cluster.quorum === false
      ? `${cluster.replica}, which serves this page, knows of no leader with a quorum: nothing can ` +
        "be written, and what is shown of objects is what it knew last."
      : "";
  setText(notice, text);
  notice.hidden = !text;
  const count = byId("fault-count");
  setText(count, String(state.faults.size));
  count.hidden = !state.faults.size;
}

function tell(text, kind) {
  const cluster = state.cluster.get("");
  setText(byId("live"), cluster && text === "live" ? `live from ${cluster.replica}` : text);
  setClass(byId("live"), `chip ${kind}`);
}

byId("pause").addEventListener("click", () => {
  pause(!isPaused());
  setText(byId("pause"), isPaused() ? "Go on" : "Pause");
});
byId("logout").addEventListener("click", async () => {
  await post("/ui/logout", {});
  toLogin();
});
byId("logout-everywhere").addEventListener("click", async () => {
  const notice = byId("notice");
  try {
    await post("/ui/logout/everywhere", {});
    toLogin();
  } catch (error) {
    setText(notice, error.message);
    notice.hidden = false;
  }
});
addEventListener("hashchange", route);
addEventListener("resize", () => view === "map" && renderEdges());
for (const id of ["show-flows", "show-inner"]) byId(id).addEventListener("change", renderEdges);

onChange(render);
route();
start(tell);
const me = await get("/ui/whoami");
setText(byId("user"), me.user);
setRights(me);
// A token ends with its account, and no sooner.
byId("logout-everywhere").hidden = me.byToken;
