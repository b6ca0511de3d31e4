// What each step was to cost, and what it did cost.

import { choice, el, empty, fill, part, table } from "./dom.js";
import { count, dollars, percent } from "./format.js";

const UNITS = [
  ["usd", "dollars"],
  ["calls", "calls"],
  ["tokens_in", "tok in"],
  ["tokens_out", "tok out"],
];

/** The part of the price. */
export function pricePart(run, filterStep) {
  const { price } = run.head;
  const place = el("div", {});
  const free = price.steps.every((step) => !step.paid.usd && !(step.worst?.usd > 0));
  const show = (unit) => fill(place, steps(run, unit, filterStep));
  const first = free ? "calls" : "usd";
  show(first);
  const words = price.planned ? "What the plan promised before, and what was paid." : "No plan is kept of this run, only what was paid.";
  return part("price", "Price", words, choice("unit", UNITS, first, show), place, verdict(price));
}

function amount(unit, value) {
  return unit === "usd" ? dollars(value) : count(value);
}

function steps(run, unit, filterStep) {
  const { price, usage } = run.head;
  const shown = price.steps.filter((step) => step.paid.calls || (step.worst && worth(step.worst.calls)));
  if (!shown.length) return empty("No step asks a model: this run was free by construction.");
  const most = Math.max(...shown.map((step) => numeric(step.worst?.[unit], step.paid[unit] ?? 0)), 1e-12);
  const rows = shown.map((step) => row(step, unit, most, price.planned, filterStep));
  const { best, expected, worst } = price.totals;
  const cases = price.planned ? [best, expected, worst].map((each) => amount(unit, each[unit])) : [];
  const share = price.planned && numeric(worst[unit], 0) && usage[unit] !== null ? percent(usage[unit] / worst[unit]) : "";
  const all = [el("strong", {}, "all"), "", ...cases, el("strong", {}, amount(unit, usage[unit])), price.planned ? share : []].slice(0, price.planned ? 7 : 3);
  const planned = price.planned ? [["best", true], ["expected", true], ["at most", true]] : [];
  const headings = [["step"], [""], ...planned, ["paid", true], ...(price.planned ? [["of most", true]] : [])];
  return table(headings, [...rows, all], { class: "price" });
}

function worth(value) {
  return typeof value !== "number" || value > 0;
}

function numeric(value, otherwise) {
  return typeof value === "number" ? value : otherwise;
}

function row(step, unit, most, planned, filterStep) {
  const paid = step.paid[unit];
  const name = el("button", { type: "button", class: "link", title: step.words, onclick: () => filterStep(step.step) }, step.name);
  name.style.marginLeft = `${step.depth * 14}px`;
  const label = el("span", { class: "step" }, name, el("small", {}, step.verb), step.dearest && step.paid.calls ? el("small", { class: "tag" }, "most of the cost") : null);
  if (!planned) return [label, bar(paid, 0, 0, most), amount(unit, paid)];
  const { best, expected, worst } = step;
  const share = numeric(worst[unit], 0) > 0 && paid !== null ? percent(paid / worst[unit]) : "";
  const cells = [best, expected, worst].map((each) => el("span", { class: "faint" }, amount(unit, each[unit])));
  return [label, bar(paid, numeric(expected[unit], 0), numeric(worst[unit], 0), most), ...cells, amount(unit, paid), share];
}

/** What was paid over what it might have been, with a mark where it was expected. */
function bar(paid, expected, worst, most) {
  const piece = (name, value) => {
    const node = el("i", { class: name });
    node.style.width = `${(100 * Math.min(value, most)) / most}%`;
    return node;
  };
  const mark = el("i", { class: "mark" });
  mark.style.left = `${(100 * Math.min(expected, most)) / most}%`;
  return el("span", { class: "bar over" }, piece("worst", worst), paid ? piece("paid", paid) : null, expected ? mark : null);
}

function verdict(price) {
  if (!price.verdict.length) return null;
  const lines = price.verdict.map((each) =>
    el("li", {}, el("code", {}, each.limit), " ", el("span", { class: each.word === "proven" ? "good" : "warn" }, each.word), each.because ? ` · ${each.because}` : ""),
  );
  const models = price.models?.length ? `${price.models.join(", ")} · prices of ${price.prices}` : "";
  return el("div", { class: "verdict" }, el("ul", {}, lines), models ? el("p", { class: "faint" }, models) : null);
}
