// Two runs beside each other: what changed, and where the money went.

import { el, empty, part, table } from "./dom.js";
import { count, dollars, plain, seconds } from "./format.js";
import { changed } from "./words.js";

const SHOWN = 200;

/** The part of what changed from the first run to the second. */
export function comparePart(change, [before, after], open) {
  const { run } = change;
  return part(
    "changes", "What changed", `${before.head.run} → ${after.head.run}`,
    results(run), totals(before.head, after.head), plans(change.recipes), costs(before, after), coverage(run.coverage), answers(run, open),
  );
}

function results(run) {
  const [before, after] = [run.before, run.after].map((side) => (side.result === null ? `(${side.state})` : plain(side.result)));
  const same = before === after;
  return el("div", {}, el("h3", {}, "Answer", el("small", {}, same ? " the same" : " another")), same ? null : changed(before, after));
}

function totals(before, after) {
  const rows = [
    ["cost", "usd", dollars],
    ["calls", "calls", count],
    ["tok in", "tokens_in", count],
    ["tok out", "tokens_out", count],
  ].map(([name, key, words]) => [name, words(before.usage[key]), words(after.usage[key]), delta(before.usage[key], after.usage[key], words)]);
  rows.push(["time", seconds(before.seconds), seconds(after.seconds), delta(before.seconds, after.seconds, seconds)]);
  return table([[""], ["before", true], ["after", true], ["change", true]], rows, { class: "narrow" });
}

function delta(before, after, words) {
  if (before === after || before === null || after === null) return "";
  const sign = after > before ? "+" : "−";
  return el("span", { class: after > before ? "warn" : "good" }, sign + words(Math.abs(after - before)));
}

function plans(recipes) {
  const changes = recipes.flatMap((recipe) => recipe.changes);
  if (!changes.length) return el("p", { class: "faint" }, "Both ran the same recipe with the same prompts.");
  const fields = (change) => change.fields.map((field) => el("div", { class: "field" }, el("small", {}, field.name), changed(String(field.before ?? ""), String(field.after ?? ""))));
  return el("div", {}, el("h3", {}, "Recipe"), changes.map((change) => el("details", { open: true }, el("summary", {}, `${change.kind} ${change.name}: ${change.how}`), fields(change))));
}

function costs(before, after) {
  const paid = (run) => new Map(run.head.price.steps.map((step) => [step.step, step.paid]));
  const [old, now] = [paid(before), paid(after)];
  const steps = [...new Set([...now.keys(), ...old.keys()])];
  const none = { usd: 0, calls: 0 };
  const pairs = steps.map((step) => [step, old.get(step) ?? none, now.get(step) ?? none]).filter(([, a, b]) => a.calls || b.calls);
  if (!pairs.length) return null;
  pairs.sort((a, b) => Math.abs(b[2].usd - b[1].usd) - Math.abs(a[2].usd - a[1].usd));
  const rows = pairs.map(([step, a, b]) => [step, count(a.calls), count(b.calls), dollars(a.usd), dollars(b.usd), delta(a.usd, b.usd, dollars)]);
  const headings = [["step"], ["calls before", true], ["after", true], ["cost before", true], ["after", true], ["change", true]];
  return el("div", {}, el("h3", {}, "Where the money went"), table(headings, rows));
}

function coverage(lines) {
  if (!lines.length) return null;
  const told = (line) => (line === null ? "not read" : `${line.promised}, ${count(line.read)} of ${count(line.total)} bytes`);
  return el("div", {}, el("h3", {}, "Coverage"), table([["step"], ["source"], ["before"], ["after"]], lines.map((each) => [each.step, each.source, told(each.before), told(each.after)])));
}

function answers(run, open) {
  const title = el("h3", {}, "Answers", el("small", {}, ` ${count(run.answers.length)} differ, ${count(run.alike)} are alike`));
  if (!run.answers.length) return el("div", {}, title, empty("Every call was answered alike."));
  const rows = run.answers.slice(0, SHOWN).map((each) =>
    el("details", {}, el("summary", {}, each.call, el("small", {}, each.before === null ? " new" : each.after === null ? " gone" : "")), el("button", { type: "button", class: "link", onclick: () => open(each.call) }, "the call in full"), changed(each.before ?? "", each.after ?? "")),
  );
  const rest = run.answers.length - rows.length;
  return el("div", { class: "changes" }, title, rows, rest > 0 ? el("p", { class: "faint" }, `and ${count(rest)} more: rlm diff`) : null);
}
