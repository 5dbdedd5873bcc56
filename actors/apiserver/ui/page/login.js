// Logs in: with a code in the address's fragment (which no server ever sees), or with a token.

import { byId } from "./dom.js";

function say(text) {
  const notice = byId("notice");
  notice.textContent = text;
  notice.hidden = !text;
}

async function logIn(body) {
  say("");
  const answer = await fetch("/ui/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.ok) {
    location.replace("/ui");
    return;
  }
  let message = `HTTP ${answer.status}`;
  try {
    message = (await answer.json()).message ?? message;
  } catch {
    // Not a Status.
  }
  if (answer.status === 401) {
    message = body.code
      ? "This code has been used, or is too old: ask for another with `steersman ui`."
      : "This token proves nothing to this cluster.";
  }
  say(message);
}

byId("login").addEventListener("submit", (event) => {
  event.preventDefault();
  logIn({ token: byId("token").value.trim() });
});

function fromAddress() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!code) return;
  // Not kept in the browser's history.
  history.replaceState(null, "", "/ui/login");
  logIn({ code });
}

addEventListener("hashchange", fromAddress);
fromAddress();
