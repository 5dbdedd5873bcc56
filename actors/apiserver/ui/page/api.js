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

export async function get(path, headers = {}) {
  const answer = await fetch(path, { headers: { Accept: "application/json", ...headers } });
  return (await checked(answer)).json();
}

export async function post(path, body) {
  const answer = await fetch(path, {
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
