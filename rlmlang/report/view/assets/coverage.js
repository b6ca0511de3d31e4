// The coverage map: each source from its first byte to its last, and what came of every byte.

import { Stretch, canvas, colour } from "./canvas.js";
import { el, empty, fill, part } from "./dom.js";
import { bytes, count, counted, percent } from "./format.js";

const WORDS = { read: "read", code: "looked at by code", filtered: "filtered out", failed: "failed", never: "never seen" };
const HEIGHT = 44;
const FEW = 60;

/** The part of the coverage map. */
export function coveragePart(run, open) {
  const { coverage } = run.head;
  const words = "Every source from its first byte to its last. Click a place to see the calls that saw it; drag to zoom in, double click to zoom out.";
  if (!coverage.length) return part("coverage", "Coverage", null, empty("This run read no source: its inputs were values, or it has not begun to read."));
  return part("coverage", "Coverage", words, coverage.map((source) => sourceMap(run, source, open)));
}

/** The documents of a source one behind the other, and the spans of each at its place. */
export function laidOut(run, source) {
  const { spans } = run;
  const places = new Map(source.documents.map((number) => [number, { number, least: Infinity, most: 0, at: 0 }]));
  const rows = [];
  for (let row = 0; row < spans.rows; row += 1) {
    const place = places.get(spans.document[row]);
    if (!place) continue;
    place.least = Math.min(place.least, spans.start[row]);
    place.most = Math.max(place.most, spans.end[row]);
    rows.push(row);
  }
  let all = 0;
  for (const place of places.values()) {
    place.at = all;
    all += Math.max(0, place.most - Math.min(place.least, place.most));
  }
  const documents = [...places.values()].filter((place) => place.most > place.least);
  return { documents, places, rows, known: all, all: all + source.rest };
}

/** The bytes of each fate below each pixel. */
export function pixels(run, source, laid, from, to, width) {
  const { spans } = run;
  const fates = run.head.units.fates;
  const found = fates.map(() => new Float64Array(width));
  const scale = width / Math.max(1e-9, to - from);
  const put = (fate, start, end) => {
    const left = Math.max(0, (start - from) * scale);
    const right = Math.min(width, (end - from) * scale);
    for (let x = Math.floor(left); x < right; x += 1) found[fate][x] += (Math.min(right, x + 1) - Math.max(left, x)) / scale;
  };
  for (const row of laid.rows) {
    const place = laid.places.get(spans.document[row]);
    put(spans.fate[row], place.at + spans.start[row] - place.least, place.at + spans.end[row] - place.least);
  }
  if (source.rest) put(source.bytes.never ? fates.indexOf("never") : fates.indexOf("filtered"), laid.known, laid.all);
  return found;
}

function sourceMap(run, source, open) {
  const laid = laidOut(run, source);
  const list = el("div", { class: "seen", "aria-live": "polite" });
  const total = Object.values(source.bytes).reduce((a, b) => a + b, 0);
  const title = el("h3", {}, source.name, " ", el("small", {}, `${bytes(total)}${laid.documents.length > 1 ? ` in ${counted(source.documents.length, "document")} that were opened` : ""}`));
  if (!total) return el("div", { class: "source" }, title, empty("Nothing of it was read."), leftOut(source));
  const drawn = canvas(`coverage of ${source.name}`, HEIGHT, (context, width, height) => draw(context, width, height));
  const choose = (x) => fill(list, seen(run, laid, stretch.at(x), stretch.at(x + 1), open));
  const hover = (x) => [placeOf(run, laid, stretch.at(x)), `${counted(callsAt(run, laid, stretch.at(x), stretch.at(x + 1)).length, "call")} saw this place`];
  const ends = el("div", { class: "ends" });
  const changed = () => fill(ends, el("span", {}, placeOf(run, laid, stretch.from)), el("span", {}, placeOf(run, laid, stretch.to)));
  const stretch = new Stretch(drawn, laid.all, { hover, choose, changed });
  changed();
  function draw(context, width, height) {
    paint(context, pixels(run, source, laid, stretch.from, stretch.to, Math.floor(width)), run.head.units.fates, height);
    for (const place of laid.documents.slice(1)) edge(context, stretch.x(place.at), height);
    stretch.marks(context, height);
  }
  return el("div", { class: "source" }, title, legend(source, total), drawn.node, ends, list, leftOut(source));
}

function paint(context, found, fates, height) {
  const colours = fates.map((fate) => colour(`--${fate}`));
  for (let x = 0; x < found[0].length; x += 1) {
    const all = found.reduce((sum, column) => sum + column[x], 0);
    let top = height;
    found.forEach((column, fate) => {
      if (!column[x] || !all) return;
      const tall = Math.max(2, (height * column[x]) / all);
      context.fillStyle = colours[fate];
      context.fillRect(x, top - tall, 1, tall);
      top -= tall;
    });
  }
}

function edge(context, x, height) {
  context.fillStyle = colour("--panel");
  context.fillRect(Math.round(x) - 0.5, 0, 1, height);
}

function legend(source, total) {
  const shown = Object.entries(source.bytes).filter(([fate, amount]) => amount || fate === "read");
  return el(
    "ul", { class: "legend" },
    shown.map(([fate, amount]) => el("li", {}, el("i", { class: fate }), `${WORDS[fate]} `, el("b", {}, percent(amount / total)), el("small", {}, ` ${count(amount)} bytes`))),
  );
}

function documentAt(laid, at) {
  return laid.documents.findLast((place) => place.at <= at);
}

function placeOf(run, laid, at) {
  const place = documentAt(laid, at);
  if (!place) return `byte ${count(Math.floor(at))}`;
  if (at > laid.known) return "beyond what was opened";
  return `${run.head.documents[place.number]} byte ${count(Math.floor(at - place.at + place.least))}`;
}

/** The calls that saw a byte between two places. */
function callsAt(run, laid, from, to) {
  const place = documentAt(laid, from);
  if (!place || from > laid.known) return [];
  const { ranges } = run;
  const [start, end] = [from - place.at + place.least, to - place.at + place.least];
  const found = new Set();
  for (let row = 0; row < ranges.rows; row += 1) {
    if (ranges.document[row] === place.number && ranges.start[row] < end && ranges.end[row] > start) found.add(ranges.call[row]);
  }
  return [...found];
}

function seen(run, laid, from, to, open) {
  const calls = callsAt(run, laid, from, to);
  const where = el("span", {}, `${placeOf(run, laid, from)}: `);
  if (!calls.length) return [where, el("span", { class: "faint" }, "no call saw it")];
  const links = calls.slice(0, FEW).map((call) => el("button", { type: "button", class: "chip", onclick: () => open(call) }, run.id(call)));
  return [where, links, calls.length > FEW ? el("span", { class: "faint" }, ` and ${count(calls.length - FEW)} more`) : null];
}

function leftOut(source) {
  if (!source.left_out.length) return null;
  const files = source.left_out.slice(0, 500).map(([path, reason]) => el("li", {}, el("code", {}, path), ` ${reason}`));
  return el("details", {}, el("summary", {}, `${counted(source.left_out.length, "file")} left out`), el("ul", { class: "files" }, files));
}
