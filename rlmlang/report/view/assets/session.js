// A session of a model that writes code, as a notebook: what it wrote, what came of it.

import { el, part } from "./dom.js";
import { count, counted, dollars, plain, seconds } from "./format.js";

const LONG = 4_000;

/** The part of the sessions; null where the run has none. */
export async function sessionsPart(run, open) {
  const sessions = run.head.groups.map((group, number) => ({ ...group, number })).filter((group) => group.kind === "session");
  if (!sessions.length) return null;
  const made = await run.sessions();
  const books = sessions.slice(0, 100).map((session, at) =>
    el("details", { open: at === 0, class: "notebook" }, el("summary", {}, session.id, el("small", {}, ` ${told(run, session.number)}`)), turns(run, made, session.number, open)),
  );
  const rest = sessions.length > books.length ? el("p", { class: "faint" }, `and ${count(sessions.length - books.length)} more, in the table of calls`) : null;
  return part("sessions", "Sessions", "What models that write code wrote, and what came of it.", books, rest);
}

function callsIn(run, group) {
  const found = [];
  for (let call = 0; call < run.calls.rows; call += 1) if (run.calls.group[call] === group) found.push(call);
  return found;
}

function told(run, group) {
  const calls = callsIn(run, group);
  const usd = calls.reduce((sum, call) => sum + run.usd[call], 0);
  return `${counted(calls.length, "call")} · ${run.unpriced ? "price unknown" : dollars(usd)}`;
}

/** The turns of a session in order, each with its code and with the calls that this began. */
function turns(run, made, group, open) {
  const calls = callsIn(run, group);
  const own = calls.filter((call) => made.cells[call] || /\.(turn \d+|last)$/.test(run.id(call)));
  own.sort((a, b) => run.calls.began[a] - run.calls.began[b]);
  return own.map((call) => turn(run, made, call, open));
}

function turn(run, made, call, open) {
  const name = run.id(call).split(".").at(-1);
  const title = el("button", { type: "button", class: "link", onclick: () => open(call) }, name);
  const cell = made.cells[call];
  const words = `${seconds(run.took[call])} · ${count(run.tokOut[call])} tok`;
  const head = el("div", { class: "turn" }, title, el("small", {}, words));
  return el("div", { class: "cell" }, head, cell ? cellView(run, cell, open) : said(run, call), toolCalls(made.tools, run.id(call)));
}

function said(run, call) {
  const answer = run.answer(call);
  return answer ? el("pre", { class: "prose" }, answer) : null;
}

/** The code of a turn, its output, its error or what it submitted, and what it began. */
export function cellView(run, cell, open) {
  const parts = [];
  if (cell.code === undefined) parts.push(el("p", { class: "faint" }, "The page holds no texts: what was written is not shown."));
  if (cell.code) parts.push(el("pre", { class: "code" }, cell.code));
  if (cell.output?.trim()) parts.push(el("pre", { class: "output" }, cut(cell.output)));
  if (cell.error) parts.push(el("pre", { class: "output error" }, cut(cell.error)));
  if (cell.submitted) parts.push(el("div", { class: "submitted" }, el("small", {}, "submitted"), el("pre", {}, cell.value === undefined ? "…" : plain(cell.value))));
  const began = cell.calls.slice(0, 40).map((id) => beganBy(run, id, open));
  const where = [seconds(cell.seconds), cell.tier ? `in ${cell.tier}` : "", cell.fresh ? "begun anew after it" : ""].filter(Boolean).join(" ");
  parts.push(el("p", { class: "ran" }, where, began.length ? [" · asked ", began] : null));
  return parts;
}

function beganBy(run, id, open) {
  const call = run.find(id);
  if (call < 0) return el("span", { class: "chip still" }, id);
  return el("button", { type: "button", class: "chip", onclick: () => open(call) }, id);
}

function cut(text) {
  return text.length > LONG ? `${text.slice(0, LONG)}\n… and ${count(text.length - LONG)} more characters` : text;
}

/** The functions outside of the sandbox that the code of a call used. */
export function toolCalls(tools, id) {
  const mine = tools.filter((tool) => tool.call === id || tool.call.startsWith(`${id}.`));
  if (!mine.length) return null;
  const line = (tool) =>
    el("li", {}, el("code", {}, `${tool.tool}(${tool.arguments ?? "…"})`), tool.failed ? el("span", { class: "bad" }, ` ${tool.error ?? "failed"}`) : ` ${count(tool.size)} characters, ${seconds(tool.seconds)}`);
  return el("ul", { class: "tools" }, mine.slice(0, 50).map(line));
}
