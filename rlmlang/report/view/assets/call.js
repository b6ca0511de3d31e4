// One call in full: what it asked, field by field, every attempt, and what came of it.

import { el, fill } from "./dom.js";
import { count, counted, dollars, seconds } from "./format.js";
import { cellView, toolCalls } from "./session.js";

const MARKER = /^\[\[ ## (\w+) ## \]\][ \t]*$/m;

/** The panel of one call, beside the page. */
export class CallPanel {
  constructor(node, { closed, showPlace }) {
    Object.assign(this, { node, closed, showPlace, order: null, call: -1, opened: null });
  }

  /** Shows a call; `order` are those that the arrows go through. */
  async open(run, call, order = null) {
    if (this.node.hidden) this.opened = document.activeElement;
    Object.assign(this, { run, call, order: order ?? this.order });
    this.node.hidden = false;
    document.body.classList.add("beside");
    history.replaceState(null, "", `#call=${encodeURIComponent(run.id(call))}`);
    fill(this.node, this.head(), el("div", { class: "body", tabindex: -1 }, this.facts(), await this.parts()));
    this.node.querySelector(".close").focus({ preventScroll: true });
  }

  close() {
    if (this.node.hidden) return;
    this.node.hidden = true;
    document.body.classList.remove("beside");
    history.replaceState(null, "", location.pathname + location.search);
    this.opened?.focus({ preventScroll: true });
    this.closed();
  }

  /** Goes to the next call of the order, or to the one before. */
  go(step) {
    const order = this.order ?? [];
    const at = order.indexOf(this.call);
    const next = at < 0 ? this.call + step : order[at + step];
    if (next !== undefined && next >= 0 && next < this.run.calls.rows) this.open(this.run, next);
  }

  head() {
    const button = (words, label, press, name) => el("button", { type: "button", class: name, "aria-label": label, title: label, onclick: press }, words);
    return el(
      "div", { class: "head" }, el("h2", {}, this.run.id(this.call)),
      button("‹", "previous call (k)", () => this.go(-1)), button("›", "next call (j)", () => this.go(1)),
      button("×", "close (Escape)", () => this.close(), "close"),
    );
  }

  facts() {
    const { run, call } = this;
    const group = run.head.groups[run.step(run.calls.group[call])];
    const prompt = run.head.names[run.calls.prompt[call]];
    const rows = [
      ["step", `${group.id} ${group.verb}`],
      ["prompt", prompt],
      ["state", el("span", { class: `state ${run.state(call).replace(" ", "-")}` }, run.state(call))],
      ["attempts", count(run.tries[call])],
      ["tok", `${count(run.tokIn[call])} in, ${count(run.tokOut[call])} out`],
      ["cost", run.kept[call] ? "kept from before, free" : dollars(run.usd[call])],
      ["took", seconds(run.took[call])],
    ].filter(([, value]) => value);
    return el("dl", { class: "facts" }, rows.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  }

  async parts() {
    const { run, call } = this;
    const made = await run.sessions();
    const cell = made.cells[call];
    const attempts = [];
    for (let at = run.calls.first[call]; at < run.behind(call); at += 1) attempts.push(await this.attempt(at));
    if (!attempts.length) attempts.push(el("p", { class: "empty" }, "No request of it came to an end."));
    return [
      this.slices(), attempts,
      cell ? el("div", { class: "ran-code" }, el("h3", {}, "Code"), cellView(run, cell, (other) => this.open(run, other))) : null,
      toolCalls(made.tools, run.id(call)),
    ];
  }

  slices() {
    const found = this.run.slices(this.call);
    if (!found.length) return null;
    const chip = (slice) => {
      const words = `${this.run.head.documents[slice.document]} ${count(slice.start)}–${count(slice.end)}`;
      return el("button", { type: "button", class: "chip", onclick: () => this.showPlace() }, words);
    };
    const more = found.length > 12 ? ` and ${count(found.length - 12)} more` : null;
    return el("div", { class: "slices" }, el("h3", {}, "Read"), found.slice(0, 12).map(chip), more);
  }

  async attempt(at) {
    const { run } = this;
    const { attempts, head } = run;
    const number = at - run.calls.first[this.call];
    const code = head.names[attempts.code[at]];
    const repairs = head.names[attempts.repairs[at]];
    const several = run.tries[this.call] > 1;
    const title = several ? `Attempt ${number + 1}` : "Request";
    const facts = [head.names[attempts.model[at]], counted(attempts.tokens_out[at], "tok"), seconds(attempts.took[at] / head.units.ticks)].join(" · ");
    return el(
      "div", { class: code ? "attempt refused" : "attempt" }, el("h3", {}, title, el("small", {}, ` ${facts}`)),
      request(await run.request(at)), el("h4", {}, code ? "Answer, not taken" : "Answer"), answer(run, at),
      code ? el("p", { class: "bad" }, el("strong", {}, code), ` ${run.reason(at)}`) : null,
      repairs ? el("p", { class: "warn" }, `read with repairs: ${repairs}`) : null,
    );
  }
}

function answer(run, at) {
  const said = run.said.answers[at];
  if (said === undefined) return el("p", { class: "faint" }, missing(run));
  const parts = fields(said);
  if (!parts.length) return said ? el("pre", {}, said) : el("p", { class: "faint" }, "(nothing)");
  return el("div", { class: "fields" }, parts.filter(([name]) => name !== "completed").map(([name, text]) => field(name, text, true)));
}

/** A request: its instructions folded away, then the fields that it fills in. */
function request(text) {
  if (text === null) return el("p", { class: "faint" }, "The page does not hold this request: make it with --texts all.");
  const user = text.lastIndexOf("\n\nuser: ");
  const [above, input] = user < 0 ? ["", text] : [text.slice(0, user), text.slice(user + 8)];
  const parts = fields(input);
  const shown = parts.length ? parts.map(([name, value]) => field(name, value, value.length < 1_500)) : el("pre", {}, input);
  const told = above ? el("details", {}, el("summary", {}, "instructions"), el("pre", {}, above)) : null;
  return el("div", { class: "fields" }, told, shown);
}

function field(name, text, open) {
  return el("details", { open }, el("summary", {}, name, el("small", {}, ` ${counted(text.length, "character")}`)), el("pre", {}, text || "(nothing)"));
}

/** The fields of a text, by the markers that stand on lines of their own. */
export function fields(text) {
  const parts = text.split(new RegExp(MARKER, "gm"));
  const found = [];
  for (let at = 1; at + 1 < parts.length; at += 2) found.push([parts[at], parts[at + 1].trim()]);
  return found;
}

function missing(run) {
  return run.head.texts ? "The page has no room for this answer: make it with --texts all." : "The page was made without texts: --texts all has them.";
}
