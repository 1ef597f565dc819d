// The page keeps itself fresh and calls the JSON API. What it shows is always
// rendered by the server: a refresh fetches the page again and swaps the parts
// marked data-live that changed, so there is one place that knows how things look.
"use strict";

document.documentElement.classList.remove("no-js");
const said = document.getElementById("said");
const shown = new Map(); // what the server sent last for each live part
for (const part of document.querySelectorAll("[data-live]")) shown.set(part.id, part.innerHTML);

function say(text, bad) {
  said.textContent = text;
  said.classList.toggle("bad", Boolean(bad));
}

let refreshing = false;
async function refresh() {
  if (refreshing || document.hidden) return;
  refreshing = true;
  try {
    const response = await fetch(location.href);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of fresh.querySelectorAll("[data-live]")) swap(part);
    document.title = fresh.title;
    if (said.textContent === unreachable) say("");
  } catch {
    say(unreachable, true);
  } finally {
    refreshing = false;
  }
}
const unreachable = "The console does not answer. Is the process still running?";

// swap replaces a part's content and leaves the keyboard where it was.
function swap(part) {
  const old = document.getElementById(part.id);
  if (!old || shown.get(part.id) === part.innerHTML) return;
  shown.set(part.id, part.innerHTML);
  const focused = old.contains(document.activeElement) ? identify(document.activeElement) : null;
  const opened = [...old.querySelectorAll("details")].map((d) => d.open);
  old.replaceChildren(...part.childNodes);
  old.querySelectorAll("details").forEach((d, i) => { if (opened[i]) d.open = true; });
  if (focused) old.querySelector(focused)?.focus({ preventScroll: true });
}

function identify(element) {
  for (const name of ["id", "href", "data-do"]) {
    const value = element.getAttribute(name);
    if (value) return `[${name}="${CSS.escape(value)}"]`;
  }
  return null;
}

// call asks the API and gives its answer, or says what went wrong and gives null.
async function call(method, path, body) {
  try {
    const response = await fetch(path, { method, body: body && JSON.stringify(body) });
    const answer = response.status === 204 ? {} : await response.json();
    if (!response.ok) throw new Error(answer.error?.message ?? response.statusText);
    return answer;
  } catch (error) {
    say(error.message, true);
    return null;
  }
}

async function moveClock(body) {
  const buttons = document.querySelectorAll("#clock button, #jump");
  buttons.forEach((b) => { b.disabled = true; });
  say("The clock is moving…");
  const answer = await call("POST", "/api/clock", body);
  document.querySelectorAll("#clock button, #jump").forEach((b) => { b.disabled = false; });
  if (answer) say(`It is ${answer.now.slice(0, 19).replace("T", " ")} UTC; ${answer.dispatched} ${answer.dispatched === 1 ? "task was" : "tasks were"} dispatched.`);
  refresh();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { advance, set, do: action, body, confirm: question } = button.dataset;
  if (advance) return moveClock({ advance });
  if (set) return moveClock({ set });
  if (!action || (question && !confirm(question))) return;
  const answer = await call(...action.split(" "), body && JSON.parse(body));
  if (answer) say(answer.event ? (answer.delivered ? `The event ${answer.event} was delivered.` : answer.message) : "Done.", answer.delivered === false);
  refresh();
});

document.getElementById("clock").addEventListener("submit", (event) => {
  event.preventDefault();
  const advance = event.target.elements.advance.value.trim();
  if (advance) moveClock({ advance });
});

document.getElementById("fault")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { pair, rate, latency } = event.target.elements;
  const [target, mode] = pair.value.split(" ");
  const fault = { target, mode, rate: Number(rate.value) };
  if (latency.value.trim()) fault.latency = latency.value.trim();
  if (await call("POST", "/api/faults", fault)) say(`${target} now fails: ${mode}.`);
  refresh();
});

document.addEventListener("visibilitychange", refresh);
setInterval(refresh, 1500);
