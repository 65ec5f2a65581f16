// The page of a feed and a graph. All text from data goes in as text, never as HTML.
// The graph is drawn when its shape changes, and patched where only values did.
"use strict";

const PAUSE = 250; // ms between two looks at the state
const SILENCE = 3500; // ms without a sign of life after which it is not live
const ROWS = 40;
const ORDER = ["applied", "duplicate", "filtered", "superseded", "late", "unfinished", "quarantined"];
const WARN = new Set(["unfinished", "partly"]);
const BAD = new Set(["quarantined", "failed", "discarded", "lost"]);
const GOOD = new Set(["applied", "done", "ok"]);

const at = (id) => document.getElementById(id);

function made(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== "" && child !== null && child !== undefined));
  return element;
}

const text = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
const tone = (word) => (BAD.has(word) ? "bad" : WARN.has(word) ? "warn" : GOOD.has(word) ? "good" : "");

function clock(iso) {
  const time = new Date(iso);
  return isNaN(time) ? text(iso) : time.toLocaleTimeString("en-GB") + "." + String(time.getMilliseconds()).padStart(3, "0");
}

function took(ms) {
  if (typeof ms !== "number") return "";
  return ms < 10 ? ms.toFixed(1) + " ms" : ms < 1000 ? Math.round(ms) + " ms" : (ms / 1000).toFixed(1) + " s";
}

function ago(iso) {
  const seconds = Math.max(0, Math.round((Date.now() - new Date(iso)) / 1000));
  if (isNaN(seconds)) return "";
  if (seconds < 2) return "just now";
  if (seconds < 60) return seconds + " s ago";
  return seconds < 3600 ? Math.floor(seconds / 60) + " min ago" : Math.floor(seconds / 3600) + " h ago";
}

// --- what was told ------------------------------------------------------------------------------------------------------

const shown = new Map(); // section -> what it shows, to leave alone what has not changed
let newest = null; // n of the last entry that is on the page
let latest = null; // the last entry

function changed(section, data) {
  const now = JSON.stringify(data);
  if (shown.get(section) === now) return false;
  shown.set(section, now);
  return true;
}

function showCounts(state) {
  const counts = { ...state.counts };
  const names = [...ORDER, ...Object.keys(counts).filter((name) => !ORDER.includes(name)).sort()];
  const tiles = [["records", state.records, ""], ...names.map((name) => [name, counts[name] || 0, tone(name)]), ["failed deliveries", state.failed, "bad"]];
  if (!changed("counts", tiles)) return;
  at("counts").replaceChildren(...tiles.map(([name, number, colour]) => made("div",
    number ? (colour === "good" ? "" : colour) : "zero", made("dt", "", name), made("dd", "", number.toLocaleString("en")))));
}

function row(entry) {
  const counts = entry.counts && typeof entry.counts === "object" ? Object.entries(entry.counts) : [];
  const tags = counts.filter(([, number]) => number).map(([name, number]) => made("span", "tag " + tone(name), number + " " + name));
  if (entry.outcome && (entry.outcome !== "done" || !tags.length)) tags.unshift(made("span", "tag " + tone(entry.outcome), text(entry.outcome)));
  const lane = text(entry.lane).replace(/^shardId-0*(?=\d)/, "shard ");
  const below = [entry.service, entry.unit, lane].map(text).filter(Boolean).join(" · ");
  const lag = typeof entry.lag_ms === "number" ? made("small", "", "lag " + took(entry.lag_ms)) : "";
  return made("tr", newest !== null && entry.n > newest ? "fresh" : "",
    made("td", "time", clock(entry.time)),
    made("td", "from", text(entry.source) || "–", below ? made("small", "", below) : ""),
    made("td", "number", text(entry.records)),
    made("td", "", ...tags, entry.message ? made("span", "said", text(entry.message)) : ""),
    made("td", "number", took(entry.ms), lag));
}

function item(head, message, details, time, id = "", name = "") {
  const below = [clock(time), ...details.map(text)].filter(Boolean).join(" · ");
  const small = made("small", "", below);
  if (id) {
    const code = made("code", "id", name || id);
    code.title = id; // whole, as it is stored
    small.append(" · ", code);
  }
  return made("li", "", head ? made("b", "", head) : "", message ? made("span", "said", message) : "", small);
}

function failure(entry) {
  return item([text(entry.source), text(entry.outcome)].filter(Boolean).join(": "), text(entry.message),
    [entry.service, entry.unit, entry.lane], entry.time);
}

function quarantined(one) {
  const reason = one.reason && typeof one.reason === "object" ? one.reason : {};
  const cell = text(one.cell || reason.cell);
  return item([text(one.service), text(one.unit)].filter(Boolean).join(", ") || text(one.source), text(one.message || reason.message),
    [cell && "cell " + cell, one.line || reason.line], one.time, text(one.id || one.position), text(one.short));
}

function showList(id, entries, total, draw) {
  if (!changed(id, [entries, total])) return;
  at(id).replaceChildren(...entries.map(draw));
  at(id + "-none").hidden = entries.length > 0;
  at(id + "-count").textContent = total ? total.toLocaleString("en") : "";
  at(id + "-count").className = total ? "count some" : "count";
}

function showState(state) {
  if (newest !== null && state.entries < newest) newest = null; // another feed, after a restart
  latest = state.last[0] || null;
  showCounts(state);
  if (changed("last", state.last.slice(0, ROWS))) {
    at("last").replaceChildren(...state.last.slice(0, ROWS).map(row));
    at("last-none").hidden = state.last.length > 0;
  }
  newest = state.entries;
  showList("failures", state.failures, state.failed, failure);
  showList("cases", state.cases, state.quarantined, quarantined);
}

// --- the graph ----------------------------------------------------------------------------------------------------------

const below = (node) => node.value || { unset: "unset", error: "error" }[node.state] || "";
const shapeOf = (graph) => JSON.stringify([graph.title, graph.edges,
  graph.nodes.map((node) => [node.id, node.name, node.kind, node.detail, node.state, Boolean(below(node))])]);

let shape = null;

async function showGraph() {
  const answer = await fetch("/graph?format=json");
  if (!answer.ok) {
    shape = null;
    at("graph").replaceChildren(made("p", "none bad", (await answer.text()).trim()));
    return;
  }
  const graph = await answer.json();
  at("title").textContent = document.title = graph.title || "reactflow dev";
  if (shapeOf(graph) !== shape) await draw(graph);
  else if (changed("graph", graph.nodes)) graph.nodes.forEach(patch);
}

async function draw(graph) {
  if (!graph.nodes.length) {
    at("graph").replaceChildren(made("p", "none", "There is nothing to draw yet."));
  } else {
    const answer = await fetch("/graph");
    if (!answer.ok) return;
    const svg = document.importNode(new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement, true);
    svg.style.minWidth = Math.round(0.6 * Number(svg.getAttribute("width"))) + "px"; // a wide one scrolls: it must be read
    at("graph").replaceChildren(svg);
  }
  shape = shapeOf(graph);
  changed("graph", graph.nodes);
}

function patch(node) {
  const group = at("graph").querySelector(`g[id$="-n${Number(node.id)}"]`);
  const value = group && group.querySelector(".v");
  if (!value) return;
  const room = Math.floor((Number(group.querySelector(".b").getAttribute("width")) - 45.5) / 7.02);
  const letters = Array.from(below(node).replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, "\ufffd"));
  value.textContent = letters.length > room ? letters.slice(0, room - 1).join("") + "…" : letters.join("");
  const words = (node.state === "error" ? "error: " : "") + node.value;
  const kind = node.detail ? `${node.kind}, ${node.detail}` : node.kind;
  group.querySelector("title").textContent = [`${node.name} (${kind})`, words, node.site].filter(Boolean).join("\n");
}

// --- when ---------------------------------------------------------------------------------------------------------------

let heard = 0;
let isBusy = false;
let isWanted = false;

function live(word, colour) {
  if (at("live").textContent === word) return;
  at("live").textContent = word;
  at("live").className = "pill " + colour;
}

async function refresh() {
  isWanted = true;
  if (isBusy || document.hidden) return;
  isBusy = true;
  while (isWanted && !document.hidden) {
    isWanted = false;
    try {
      showState(await (await fetch("/state")).json());
      await showGraph();
    } catch {
      // it went away: the event stream says so, and asks again when it is back
    }
    tick();
    await new Promise((done) => setTimeout(done, PAUSE));
  }
  isBusy = false;
}

function tick() {
  at("ago").textContent = latest ? "last change " + ago(latest.time) : "";
  if (heard && Date.now() - heard > SILENCE) live("no answer", "bad");
}

function follow() {
  const events = new EventSource("/events");
  const sign = () => {
    heard = Date.now();
    live("live", "good");
    refresh();
  };
  for (const kind of ["open", "message", "alive", "dropped"]) events.addEventListener(kind, sign);
  events.addEventListener("end", () => live("ended", "bad"));
  events.onerror = () => {
    heard = 0;
    live("not connected", "bad");
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 2000);
  };
}

for (const place of document.querySelectorAll(".origin")) place.textContent = location.origin;
document.addEventListener("visibilitychange", () => document.hidden || refresh());
setInterval(tick, 1000);
follow();
