// All calls as a table that scrolls over any number of rows, with search, filters and order.

import { el, fill, part } from "./dom.js";
import { count, counted, dollars, seconds, short } from "./format.js";
import { result } from "./data.js";

const ROW = 30;
const AT_ONCE = 4_000;
const COLUMNS = [
  ["call", "call", null],
  ["state", "state", (run) => run.calls.state],
  ["tries", "tries", (run) => run.tries],
  ["tok in", "in", (run) => run.tokIn],
  ["out", "out", (run) => run.tokOut],
  ["cost", "usd", (run) => run.usd],
  ["time", "took", (run) => run.took],
  ["answer", "answer", null],
];
const FLAGS = {
  retried: ["asked again", (run, call) => run.tries[call] > 1],
  repaired: ["repaired", (run, call) => run.repaired[call]],
  kept: ["kept", (run, call) => run.kept[call]],
};

/** The part of the table of calls. */
export class CallTable {
  constructor(run, open) {
    Object.assign(this, { run, open, chosen: 0, sorted: ["call", 1], states: new Set(), flags: new Set(), step: -1, text: "", least: 0 });
    this.order = Uint32Array.from({ length: run.calls.rows }, (_, at) => at);
    this.rows = el("div", { class: "rows" });
    this.box = el("div", { class: "scroll", tabindex: 0, role: "grid", "aria-label": "calls", "aria-rowcount": run.calls.rows }, this.rows);
    this.box.addEventListener("scroll", () => this.draw());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.told = el("p", { class: "about", "aria-live": "polite" });
    this.texts = new Map();
    this.node = part("calls", "Calls", null, this.filters(), this.told, this.headings(), this.box);
    new ResizeObserver(() => this.draw()).observe(this.box);
    this.filter();
  }

  filters() {
    const { run } = this;
    this.search = el("input", { type: "search", placeholder: "Search ids, answers, problems  ( / )", "aria-label": "search calls", oninput: () => this.set({ text: this.search.value.toLowerCase() }) });
    const steps = [...new Set(run.calls.group)].map((group) => run.step(group));
    this.steps = el("select", { "aria-label": "step", onchange: () => this.set({ step: Number(this.steps.value) }) }, el("option", { value: -1 }, "all steps"), [...new Set(steps)].map((step) => el("option", { value: step }, run.head.groups[step].id)));
    const money = el("input", { type: "number", min: 0, step: "any", placeholder: "cost from $", "aria-label": "cost from, in dollars", oninput: () => this.set({ least: Number(money.value) || 0 }) });
    this.chips = el("div", { class: "chips" });
    const priced = run.usd.some((usd) => usd > 0);
    return el("div", { class: "filters" }, this.search, this.steps, priced ? money : null, this.chips);
  }

  /** A button for each state and peculiarity that occurs, with how often. */
  drawChips() {
    const { run } = this;
    const states = run.head.units.states.map((name, state) => [name, state, this.counts[state]]).filter(([, , found]) => found);
    const flags = Object.entries(FLAGS).map(([name, [words]]) => [words, name, this.flagCounts[name]]).filter(([, , found]) => found);
    const chip = (set) => ([words, value, found]) =>
      el("button", { type: "button", class: "chip", "aria-pressed": set.has(value), onclick: () => this.toggle(set, value) }, words, el("small", {}, ` ${count(found)}`));
    fill(this.chips, states.length > 1 ? states.map(chip(this.states)) : null, flags.map(chip(this.flags)));
  }

  toggle(set, value) {
    if (!set.delete(value)) set.add(value);
    this.filter();
  }

  set(changed) {
    Object.assign(this, changed);
    this.filter();
  }

  /** What is searched for, chosen and sorted by. */
  get wanted() {
    const { text, step, states, flags, sorted, least } = this;
    return { text, step, states, flags, sorted, least };
  }

  /** Takes what another table was asked for. */
  want(wanted) {
    this.search.value = wanted.text;
    this.steps.value = String(wanted.step);
    this.set(wanted);
  }

  /** Shows the calls of a step and of the steps inside it, as other parts ask for. */
  showStep(name) {
    const step = this.run.head.groups.findIndex((group) => group.kind === "step" && group.id === name);
    this.steps.value = String(step);
    if (this.steps.selectedIndex < 0) this.steps.value = "-1";
    this.set({ step: Number(this.steps.value) });
    this.node.scrollIntoView({ behavior: "smooth" });
  }

  /** The calls that pass, in their order. */
  filter() {
    const { run, text, least, step } = this;
    const wanted = run.head.groups.map((_, group) => step < 0 || run.step(group) === step);
    const flags = [...this.flags].map((name) => FLAGS[name][1]);
    const kept = new Uint32Array(run.calls.rows);
    let size = 0;
    for (let call = 0; call < run.calls.rows; call += 1) {
      if (!wanted[run.calls.group[call]] || run.usd[call] < least) continue;
      if (this.states.size && !this.states.has(run.calls.state[call])) continue;
      if (!flags.every((holds) => holds(run, call)) || (text && !this.words(call).includes(text))) continue;
      kept[size] = call;
      size += 1;
    }
    this.order = kept.subarray(0, size);
    this.count();
    this.sort();
  }

  count() {
    if (this.counts) return;
    const { run } = this;
    this.counts = run.head.units.states.map(() => 0);
    this.flagCounts = { retried: 0, repaired: 0, kept: 0 };
    for (let call = 0; call < run.calls.rows; call += 1) {
      this.counts[run.calls.state[call]] += 1;
      for (const name of Object.keys(FLAGS)) if (FLAGS[name][1](run, call)) this.flagCounts[name] += 1;
    }
  }

  /** Reads the words of all calls part by part beforehand, so that the first search is a quick one. */
  readWords(from = 0) {
    const to = Math.min(from + AT_ONCE, this.run.calls.rows);
    for (let call = from; call < to; call += 1) this.words(call);
    if (to < this.run.calls.rows) setTimeout(() => this.readWords(to), 8);
  }

  /** What is searched in: id, answer and problem, in small letters. */
  words(call) {
    let found = this.texts.get(call);
    if (found === undefined) {
      const { run } = this;
      const last = run.behind(call) - 1;
      found = `${run.id(call)} ${run.answer(call) ?? ""} ${run.code(call)} ${run.reason(last)}`.toLowerCase();
      this.texts.set(call, found);
    }
    return found;
  }

  sort() {
    const [name, way] = this.sorted;
    const values = COLUMNS.find(([, key]) => key === name)[2]?.(this.run);
    if (values) this.order = this.order.slice().sort((a, b) => way * (values[a] - values[b]) || a - b);
    else if (way < 0) this.order = this.order.slice().reverse();
    this.chosen = Math.min(this.chosen, Math.max(0, this.order.length - 1));
    this.drawChips();
    this.tell();
    this.rows.style.height = `${this.order.length * ROW}px`;
    this.box.style.height = `${Math.min(this.order.length * ROW + 2, 520)}px`;
    this.draw();
  }

  tell() {
    const { run, order } = this;
    let [usd, tok] = [0, 0];
    for (const call of order) {
      usd += run.usd[call];
      tok += run.tok[call];
    }
    const price = run.unpriced ? "price unknown" : dollars(usd);
    const some = order.length === run.calls.rows ? counted(order.length, "call") : `${count(order.length)} of ${counted(run.calls.rows, "call")}`;
    fill(this.told, run.calls.rows ? `${some} · ${price} · ${count(tok)} tok` : "This run asked no model.");
  }

  headings() {
    const button = ([words, key, values]) => {
      const press = () => this.by(key);
      if (!values && key !== "call") return el("span", { class: key }, words);
      return el("button", { type: "button", class: `${key} link`, onclick: press, title: `order by ${words}` }, words);
    };
    return el("div", { class: "row headings" }, COLUMNS.map(button));
  }

  by(key) {
    const [name, way] = this.sorted;
    this.sorted = [key, name === key ? -way : key === "call" ? 1 : -1];
    this.filter();
  }

  /** Draws the rows that can be seen, and no others. */
  draw() {
    const from = Math.max(0, Math.floor(this.box.scrollTop / ROW) - 4);
    const to = Math.min(this.order.length, from + Math.ceil((this.box.clientHeight || 520) / ROW) + 8);
    const rows = [];
    for (let at = from; at < to; at += 1) rows.push(this.row(at));
    this.rows.replaceChildren(...rows);
  }

  row(at) {
    const { run } = this;
    const call = this.order[at];
    const state = run.state(call);
    const cells = [
      ["call", run.id(call)],
      ["state", el("span", { class: `state ${state.replace(" ", "-")}` }, run.kept[call] && state === "answered" ? "kept" : state)],
      ["tries", run.tries[call] > 1 ? `${run.tries[call]} tries` : run.repaired[call] ? "repaired" : ""],
      ["in", count(run.tokIn[call])],
      ["out", count(run.tokOut[call])],
      ["usd", run.kept[call] ? "free" : dollars(run.usd[call])],
      ["took", run.kept[call] ? "" : seconds(run.took[call])],
      ["answer", this.line(call)],
    ];
    const node = el("div", { class: at === this.chosen ? "row chosen" : "row", role: "row", "aria-selected": at === this.chosen, onclick: () => this.pick(at) }, cells.map(([name, value]) => el("span", { class: name, role: "gridcell" }, value)));
    node.style.top = `${at * ROW}px`;
    return node;
  }

  line(call) {
    const { run } = this;
    const code = run.code(call);
    if (code) return `${code}: ${short(run.reason(run.behind(call) - 1), 160)}`;
    const answer = run.answer(call);
    return answer === null ? "" : short(result(answer), 160);
  }

  pick(at) {
    this.chosen = at;
    this.draw();
    this.open(this.order[at], this.order);
  }

  key(event) {
    const page = Math.floor(this.box.clientHeight / ROW);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key === "Enter") this.pick(this.chosen);
    else if (event.key in moves) this.choose(this.chosen + moves[event.key]);
    else return;
    event.preventDefault();
  }

  choose(at) {
    this.chosen = Math.max(0, Math.min(this.order.length - 1, at));
    const top = this.chosen * ROW;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    if (top + ROW > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = top + ROW - this.box.clientHeight;
    this.draw();
  }
}
