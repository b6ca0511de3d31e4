// What the run gave, where that comes from, and the receipt of what was read.

import { el, empty, part, table } from "./dom.js";
import { count, counted, percent, plain, short } from "./format.js";

const ROWS = 200;

/** The part of the answer. */
export function answerPart(run, open) {
  const { head } = run;
  return part("answer", "Answer", null, problem(head), given(head), evidence(run, open), receipt(head));
}

function problem(head) {
  if (!head.problem) return null;
  const where = head.problem.place ? ` at ${head.problem.place}` : "";
  return el("div", { class: "problem", role: "alert" }, el("strong", {}, head.problem.code), where, el("p", {}, head.problem.message));
}

function given(head) {
  if (head.problem && head.result === null) return null;
  if (head.state === "running") return empty("The run goes on: it has no answer yet.");
  if (head.state === "killed" || head.state === "parked") {
    return empty("The run did not come to its end. The same `rlm run` command goes on with it, and pays nothing twice.");
  }
  if (head.result === null || head.result === "") return empty("The answer is that there is nothing.");
  return el("div", { class: "answer" }, shown(head.result));
}

/** A result: rows as a table, everything else as text. */
export function shown(value) {
  const rows = Array.isArray(value) ? value : null;
  if (rows?.length && rows.every((row) => row !== null && typeof row === "object" && !Array.isArray(row))) {
    return records(rows);
  }
  if (rows?.length && rows.every((row) => typeof row !== "object")) {
    return el("ol", {}, rows.slice(0, ROWS).map((row) => el("li", {}, plain(row))), more(rows));
  }
  const words = typeof value === "string" && value.length < 2_000;
  return el("pre", { class: words ? "prose" : "data" }, plain(value));
}

function records(rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const number = (name) => rows.every((row) => row[name] === null || typeof row[name] === "number");
  const cells = rows.slice(0, ROWS).map((row) => names.map((name) => cell(row[name])));
  return [table(names.map((name) => [name, number(name)]), cells), more(rows)];
}

function cell(value) {
  if (value === null || value === undefined) return el("span", { class: "faint" }, "–");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function more(rows) {
  return rows.length > ROWS ? el("p", { class: "faint" }, `and ${count(rows.length - ROWS)} more: rlm show --answer`) : null;
}

function evidence(run, open) {
  const { found, more: further, unseen } = run.head.evidence;
  if (!found.length) return null;
  const rows = found.slice(0, 12).map((each) =>
    el("li", {}, el("button", { type: "button", class: "link", onclick: () => open(each.call) }, place(each)), el("span", {}, short(each.said, 220))),
  );
  const rest = found.length - rows.length + further;
  const words = [rest ? `${count(rest)} more` : "", unseen ? `${count(unseen)} answers were not looked at` : ""].filter(Boolean);
  const told = words.length ? el("p", { class: "faint" }, words.join(", ")) : null;
  return el("div", { class: "evidence" }, el("h3", {}, "Evidence"), el("ul", {}, rows), told);
}

function place({ ranges, of }) {
  if (!ranges.length) return "call";
  const [document, from, to] = ranges[0];
  return of > 1 ? `${document} and ${count(of - 1)} more` : `${document} ${count(from)}–${count(to)}`;
}

function receipt(head) {
  const rows = head.receipt.filter((line) => line.total || line.items !== null || line.assumed);
  if (!rows.length) return null;
  const headings = [["step"], ["source"], ["promised"], ["read"], ["", true], ["besides"]];
  const notices = head.notices.map((words) => el("li", {}, words));
  return el(
    "div", { class: "receipt" }, el("h3", {}, "Receipt"), table(headings, rows.map(line)),
    notices.length ? el("ul", { class: "notices" }, notices) : null,
  );
}

function line(each) {
  const kept = each.promised === "some" || each.assumed || each.read + each.decided === each.total;
  const promised = el("span", { class: kept ? "good" : "bad" }, each.where ? `${each.promised} where ${each.where}` : each.promised);
  const share = each.total ? (each.read + each.decided) / each.total : 1;
  const amount = each.total ? `${count(each.read)} of ${count(each.total)} bytes` : "";
  return [each.step, each.source, promised, each.total ? bar(each) : "", [amount, each.total ? ` · ${percent(share)}` : ""].join(""), besides(each)];
}

function bar(each) {
  const piece = (name, value) => {
    const node = el("i", { class: name });
    node.style.width = `${(100 * value) / each.total}%`;
    return node;
  };
  return el("span", { class: "bar", title: "bytes that were read, and decided before" }, piece("read", each.read), piece("filtered", each.decided));
}

function besides(each) {
  const words = [];
  if (each.repeated) words.push(`${count(each.repeated)} read twice`);
  if (each.decided) words.push(`${count(each.decided)} decided before`);
  if (each.skipped) words.push(`${counted(each.skipped, "item")} skipped`);
  if (each.items !== null) words.push(`${count(each.passed)} of ${count(each.items)} items pass`);
  if (each.rows) words.push(`${count(each.rows_read)} of ${count(each.rows)} rows`);
  if (each.documents > 1) words.push(`${count(each.documents_read)} of ${count(each.documents)} documents`);
  if (each.unread_fields.length) words.push(`never shown: ${each.unread_fields.join(", ")}`);
  if (each.assumed) words.push(`assumed: ${each.assumed}`);
  if (each.by_code) words.push("by code");
  return words.join("; ");
}
