// The items of a batch, each of which leads to its run.

import { el, empty, fill, part, table } from "./dom.js";
import { count, counted, dollars, seconds, short } from "./format.js";

const COLUMNS = [
  ["item", "name"],
  ["state", "state"],
  ["calls", "calls"],
  ["cost", "usd"],
  ["time", "seconds"],
  ["problem", "problem"],
];
const SHOWN = 2_000;

/** The part of a batch's items; `choose` shows the run of a name. */
export function batchPart(batch, runs, choose) {
  const place = el("div", { class: "items" });
  const search = el("input", { type: "search", placeholder: "Search items", "aria-label": "search items", oninput: draw });
  let sorted = ["", 1];
  function draw() {
    const text = search.value.toLowerCase();
    const found = batch.items.filter((item) => `${item.name} ${item.state} ${item.problem}`.toLowerCase().includes(text));
    const [key, way] = sorted;
    if (key) found.sort((a, b) => way * (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0));
    fill(place, found.length ? items(found, runs, choose, by) : empty("No item has these words."));
  }
  function by(key) {
    sorted = [key, sorted[0] === key ? -sorted[1] : key === "name" ? 1 : -1];
    draw();
  }
  draw();
  return part("items", "Items", summary(batch), batch.items.length ? [el("div", { class: "filters" }, search), place] : empty("No item of this batch was begun."));
}

function summary(batch) {
  const states = new Map();
  for (const item of batch.items) states.set(item.state, (states.get(item.state) ?? 0) + 1);
  const unknown = batch.items.some((item) => item.usd === null);
  const usd = unknown ? null : batch.items.reduce((sum, item) => sum + item.usd, 0);
  const told = [...states].map(([state, number]) => `${count(number)} ${state}`).join(", ");
  return `${counted(batch.items.length, "item")}: ${told} · ${dollars(usd)}`;
}

function items(found, runs, choose, by) {
  const heading = ([words, key]) => [el("button", { type: "button", class: "link", onclick: () => by(key) }, words), ["calls", "usd", "seconds"].includes(key)];
  const row = (item) => [
    name(item, runs, choose),
    el("span", { class: `state ${item.state}` }, item.state),
    count(item.calls), dollars(item.usd), seconds(item.seconds), short(item.problem, 120),
  ];
  const rest = found.length - SHOWN;
  return [table(COLUMNS.map(heading), found.slice(0, SHOWN).map(row)), rest > 0 ? el("p", { class: "faint" }, `and ${count(rest)} more`) : null];
}

function name(item, runs, choose) {
  const at = runs.indexOf(item.run);
  if (at >= 0) return el("button", { type: "button", class: "link", onclick: () => choose(at) }, item.name);
  return el("span", { title: `rlm view ${item.run}` }, item.name);
}
