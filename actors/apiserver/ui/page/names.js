// Addresses of actors, as `controllers/deployment-controller@replica-1`.

export const REPLICA_PARTS = ["apiserver", "store", "controllers", "scheduler", "cloud"];
export const NODE_PARTS = ["kubelet", "proxy", "dns"];
export const CLIENTS = "clients";

export function processOf(address) {
  const at = address.indexOf("@");
  return at < 0 ? CLIENTS : address.slice(at + 1);
}

export function componentOf(address) {
  const at = address.indexOf("@");
  return at < 0 ? address : address.slice(0, at).split("/")[0];
}

// What an edge of the map ends at: children of an actor count as the actor.
export function placeOf(address) {
  return `${componentOf(address)}@${processOf(address)}`;
}

export function short(address) {
  return address.includes("@") ? address.split("/").pop() : address;
}

export function kindOf(from, to, type) {
  if (type === "http.request") return "http";
  if (componentOf(from) === "store" && componentOf(to) === "store") return "raft";
  if (componentOf(from) === "store" || componentOf(to) === "store") return "store";
  return "api";
}
