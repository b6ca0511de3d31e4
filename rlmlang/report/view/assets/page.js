// The page: its head, its parts in order, what leads from one to another.

import { answerPart } from "./answer.js";
import { batchPart } from "./batch.js";
import { CallPanel } from "./call.js";
import { comparePart } from "./compare.js";
import { coveragePart } from "./coverage.js";
import { Run, block } from "./data.js";
import { choice, el, fill } from "./dom.js";
import { flamePart } from "./flame.js";
import { count, counted, dollars, moment, percent, seconds } from "./format.js";
import { lanesPart } from "./lanes.js";
import { followRun } from "./live.js";
import { pricePart } from "./price.js";
import { sessionsPart } from "./session.js";
import { CallTable } from "./table.js";

let page = block("page");
const top = document.getElementById("top");
const main = document.getElementById("main");
const panel = new CallPanel(document.getElementById("panel"), {
  closed: () => (waiting ? redraw() : null),
  showPlace: () => document.getElementById("coverage").scrollIntoView({ behavior: "smooth" }),
});
const runs = page.runs.map(() => null);
let shown = null;
let waiting = false;

/** A run of the page; it is read when it is wanted. */
function runAt(number) {
  runs[number] ??= new Run(number);
  return runs[number];
}

/** Shows a run: what stands at the top at once, the rest when its columns are read. */
async function show(number) {
  const run = runAt(number);
  panel.close();
  drawHead(run, number);
  const open = (call, order) => panel.open(run, call, order ?? null);
  const filterStep = (name) => shown?.table.showStep(name);
  fill(main, pageParts(number), answerPart(run, open), pricePart(run, filterStep));
  await run.load();
  const table = new CallTable(run, open);
  shown = { run, table, number };
  const sessions = await sessionsPart(run, open);
  for (const node of [coveragePart(run, open), flamePart(run, open), lanesPart(run, open), sessions, table.node]) {
    if (node) main.append(node);
  }
  drawNav();
  openNamed(run);
  setTimeout(() => table.readWords());
  document.documentElement.dataset.ready = String(number);
}

/** What stands before the parts of a run: the items of a batch, or what two runs differ in. */
function pageParts(number) {
  if (page.change) {
    const openIn = async (id) => {
      const at = page.runs.length - 1;
      if (number !== at) await show(at);
      const call = shown.run.find(id);
      if (call >= 0) panel.open(shown.run, call);
    };
    return comparePart(page.change, [runAt(0), runAt(1)], openIn);
  }
  return page.batch ? batchPart(page.batch, page.runs, (at) => show(at).then(() => jump("answer"))) : null;
}

function drawHead(run, number) {
  const { head } = run;
  const title = el("h1", {}, page.batch ? `batch ${page.batch.name}` : head.recipe);
  const state = page.batch ? page.batch.state : head.state;
  const about = [page.batch ? page.batch.run : head.run, moment(page.batch ? page.batch.started : head.started), page.batch ? "" : head.path];
  fill(
    top, el("div", { class: "title" }, title, el("span", { class: `state ${state}` }, state), el("p", { class: "about" }, about.filter(Boolean).join(" · "))),
    chooser(number), page.batch ? el("h2", { class: "item" }, head.item || head.run) : null, facts(head), inputs(head), el("nav", { "aria-label": "parts" }),
  );
}

function chooser(number) {
  if (!page.change) return null;
  return choice("run", [[0, `before · ${page.runs[0]}`], [1, `after · ${page.runs[1]}`]], number, (at) => show(at));
}

function facts(head) {
  const { usage } = head;
  const worst = head.price.totals.worst?.usd;
  const of = typeof worst === "number" && worst > 0 && usage.usd !== null ? `${percent(usage.usd / worst)} of at most ${dollars(worst)}` : "";
  const told = head.receipt.filter((line) => line.total);
  const bytes = (name) => told.reduce((sum, line) => sum + line[name], 0);
  const rows = [
    ["cost", dollars(usage.usd), of],
    ["calls", count(usage.calls), head.price.planned && typeof head.price.totals.worst.calls === "number" ? `of at most ${count(head.price.totals.worst.calls)}` : ""],
    ["tok", count(usage.tokens_in + usage.tokens_out), `${count(usage.tokens_in)} in, ${count(usage.tokens_out)} out`],
    ["time", seconds(head.seconds), ""],
  ];
  if (told.length) rows.push(["read", percent(bytes("read") / bytes("total")), `of ${counted(told.length, "reading")}`]);
  return el("dl", { class: "figures" }, rows.map(([name, value, more]) => el("div", {}, el("dt", {}, name), el("dd", {}, value), el("small", {}, more))));
}

function inputs(head) {
  const rows = Object.entries(head.inputs);
  if (!rows.length) return null;
  return el("dl", { class: "inputs" }, rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", { title: value }, value))));
}

function drawNav() {
  const links = [...main.querySelectorAll(":scope > section")].map((node, at) =>
    el("a", { href: `#${node.id}`, title: at < 9 ? `key ${at + 1}` : null, onclick: (event) => follow(event, node.id) }, node.querySelector("h2").textContent),
  );
  fill(top.querySelector("nav"), links);
}

function follow(event, id) {
  event.preventDefault();
  jump(id);
}

function jump(id) {
  const node = document.getElementById(id);
  node?.scrollIntoView();
  node?.focus({ preventScroll: true });
}

/** Opens the call that the address names. */
function openNamed(run) {
  const found = /^#call=(.*)$/.exec(location.hash);
  const call = found ? run.find(decodeURIComponent(found[1])) : -1;
  if (call >= 0) panel.open(run, call);
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") panel.close();
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const parts = [...main.querySelectorAll(":scope > section")];
  if (event.key === "/" && shown) {
    event.preventDefault();
    shown.table.search.focus();
  } else if (!panel.node.hidden && (event.key === "j" || event.key === "k")) panel.go(event.key === "j" ? 1 : -1);
  else if (/^[1-9]$/.test(event.key) && parts[event.key - 1]) jump(parts[event.key - 1].id);
}

/** Draws the data that has come, where the reader was; not below a call that is looked at. */
async function redraw() {
  waiting = !panel.node.hidden;
  if (waiting) return;
  const [top, wanted, number] = [scrollY, shown?.table.wanted, shown?.number ?? 0];
  page = block("page");
  runs.splice(0, runs.length, ...page.runs.map(() => null));
  if (!runs.length) return;
  const next = Math.min(number, runs.length - 1);
  await runAt(next).load();
  await show(next);
  if (wanted) shown.table.want(wanted);
  scrollTo(0, top);
}

document.addEventListener("keydown", keys);
followRun(redraw);
if (page.runs.length) show(page.runs.length === 2 && page.change ? 1 : 0);
else fill(main, page.batch ? batchPart(page.batch, [], () => null) : null);
