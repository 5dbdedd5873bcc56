// Questions to the server. Whoever is not known (any more) is sent to log in.

export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function checked(answer) {
  if (answer.ok) return answer;
  let message = `HTTP ${answer.status}`;
  try {
    message = (await answer.json()).message ?? message;
  } catch {
    // Not a Status: the number must do.
  }
  if (answer.status === 401) toLogin();
  throw new Refused(answer.status, message);
}

export function toLogin() {
  location.assign("/ui/login");
}

// A connection may lead to a server that was stopped, and says nothing: it is given up, and another
// made, which by the address that replicas share may lead to another. What was given up is not
// carried out later: the server sees that nobody waits for it.
const HEADERS_MS = 7000;
const TRIES = 4;

// A question may be asked again when the network failed; an order might be carried out twice.
const AGAIN_MS = 500;

async function patiently(path, options) {
  const question = options.method === undefined;
  for (let left = TRIES - 1; ; left -= 1) {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), HEADERS_MS);
    try {
      return await fetch(path, { ...options, signal: giveUp.signal });
    } catch (error) {
      if (!left || !(question || giveUp.signal.aborted)) throw error;
      if (!giveUp.signal.aborted) await new Promise((done) => setTimeout(done, AGAIN_MS));
    } finally {
      clearTimeout(timer);
    }
  }
}

export async function get(path, headers = {}) {
  const answer = await patiently(path, { headers: { Accept: "application/json", ...headers } });
  return (await checked(answer)).json();
}

export async function post(path, body) {
  const answer = await patiently(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return checked(answer);
}

// Lines of JSON as they come in.
export async function* lines(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const whole = (rest + value).split("\n");
    rest = whole.pop();
    for (const line of whole) if (line) yield JSON.parse(line);
  }
}
