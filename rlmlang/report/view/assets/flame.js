// Where it went: an icicle of steps, sessions and calls, as wide as what each used.

import { canvas, colour, fitted, hideTip, showTip, stepColour } from "./canvas.js";
import { choice, empty, part } from "./dom.js";
import { count, dollars, percent, seconds } from "./format.js";

const ROW = 24;
const UNITS = {
  usd: ["dollars", (run) => run.usd, dollars],
  tok: ["tok", (run) => run.tok, count],
  calls: ["calls", (run) => run.tries, count],
  time: ["time", (run) => run.took, seconds],
};

/** The part of the flame graph. */
export function flamePart(run, open) {
  const words = "As wide as what it used, the largest first. Click to zoom in, Escape or a click on the top to zoom out.";
  if (!run.calls.rows) return part("flame", "Where it went", null, empty("No model was asked, so nothing went anywhere."));
  const spent = (name) => UNITS[name][1](run).some((amount) => amount > 0);
  const first = ["usd", "tok", "time", "calls"].find(spent) ?? "calls";
  const flame = new Flame(run, open);
  flame.measure(first);
  const units = Object.entries(UNITS).map(([name, [words]]) => [name, words]);
  return part("flame", "Where it went", words, choice("unit", units, first, (unit) => flame.measure(unit)), flame.drawn.node);
}

/** The groups of a run as a tree, with their calls. */
function tree(run) {
  const root = { name: run.head.recipe, group: -1, parent: null, parts: [], calls: [], step: 0 };
  const nodes = run.head.groups.map((group, number) => ({ name: group.id, verb: group.verb, group: number, parts: [], calls: [], step: run.step(number) }));
  run.head.groups.forEach((group, number) => {
    nodes[number].parent = group.parent < 0 ? root : nodes[group.parent];
    nodes[number].parent.parts.push(nodes[number]);
  });
  for (let call = 0; call < run.calls.rows; call += 1) nodes[run.calls.group[call]].calls.push(call);
  return root;
}

class Flame {
  constructor(run, open) {
    Object.assign(this, { run, open, root: tree(run), boxes: [], focus: 0 });
    this.top = this.root;
    this.drawn = canvas("where it went: arrows move, Enter zooms in or opens a call, Escape zooms out", ROW * 4, (...all) => this.draw(...all));
    const { node } = this.drawn;
    node.addEventListener("pointermove", (event) => this.hover(event));
    node.addEventListener("pointerleave", hideTip);
    node.addEventListener("click", (event) => this.enter(this.boxAt(event.offsetX, event.offsetY)));
    node.addEventListener("keydown", (event) => this.key(event));
  }

  /** Chooses the unit: adds it up from the calls, and orders parts by it. */
  measure(unit) {
    const [, values, words] = UNITS[unit];
    this.words = words;
    this.values = values(this.run);
    this.weigh(this.root);
    this.zoom(this.root);
  }

  weigh(node) {
    node.parts.forEach((each) => this.weigh(each));
    node.parts.sort((a, b) => b.weight - a.weight);
    const order = Uint32Array.from(node.calls).sort((a, b) => this.values[b] - this.values[a] || a - b);
    node.calls = order;
    node.own = order.reduce((sum, call) => sum + this.values[call], 0);
    node.weight = node.parts.reduce((sum, each) => sum + each.weight, node.own);
    node.deep = 1 + Math.max(0, ...node.parts.filter((each) => each.weight).map((each) => each.deep), node.own ? 1 : 0);
  }

  zoom(node) {
    this.top = node;
    this.focus = 0;
    let above = 0;
    for (let each = node; each.parent; each = each.parent) above += 1;
    this.drawn.height = ROW * (above + node.deep) + 1;
    this.drawn.redraw();
  }

  draw(context, width) {
    this.boxes = [];
    const above = [];
    for (let node = this.top.parent; node; node = node.parent) above.unshift(node);
    above.forEach((node, row) => this.boxes.push({ node, x: 0, y: row * ROW, w: width }));
    this.lay(this.top, 0, above.length * ROW, width);
    this.boxes.forEach((box, number) => this.paint(context, box, number));
  }

  /** The boxes of a node, its parts and its calls; calls below a pixel are one box. */
  lay(node, x, y, width) {
    this.boxes.push({ node, x, y, w: width });
    if (!node.weight) return;
    let left = x;
    for (const each of node.parts) {
      const wide = (width * each.weight) / node.weight;
      if (wide >= 0.5) this.lay(each, left, y + ROW, wide);
      left += wide;
    }
    for (let at = 0; at < node.calls.length; at += 1) {
      const wide = (width * this.values[node.calls[at]]) / node.weight;
      if (wide < 1.5) {
        const rest = x + width - left;
        if (rest > 0.5) this.boxes.push({ rest: node.calls.subarray(at), node, x: left, y: y + ROW, w: rest });
        return;
      }
      this.boxes.push({ call: node.calls[at], node, x: left, y: y + ROW, w: wide });
      left += wide;
    }
  }

  paint(context, box, number) {
    const below = box.call !== undefined || box.rest;
    context.globalAlpha = below ? 0.55 : 1;
    context.fillStyle = box.node.group < 0 ? colour("--root") : stepColour(box.node.step);
    context.fillRect(box.x, box.y, Math.max(0.5, box.w - (box.w > 3 ? 1 : 0)), ROW - 1);
    context.globalAlpha = 1;
    context.fillStyle = below ? colour("--ink") : colour("--on-step");
    context.fillText(fitted(context, this.name(box), box.w - 10), box.x + 6, box.y + ROW / 2);
    if (number === this.focus && document.activeElement === this.drawn.node) {
      context.strokeStyle = colour("--ink");
      context.lineWidth = 2;
      context.strokeRect(box.x + 1, box.y + 1, Math.max(1, box.w - 3), ROW - 3);
    }
  }

  name(box) {
    if (box.call !== undefined) return this.run.id(box.call);
    return box.rest ? `${count(box.rest.length)} calls` : box.node.name;
  }

  amount(box) {
    if (box.call !== undefined) return this.values[box.call];
    return box.rest ? box.rest.reduce((sum, call) => sum + this.values[call], 0) : box.node.weight;
  }

  hover(event) {
    const box = this.boxAt(event.offsetX, event.offsetY);
    if (!box) return showTip(event, []);
    const amount = this.amount(box);
    const calls = box.call === undefined && !box.rest ? [`${count(box.node.calls.length)} calls of its own`] : [];
    return showTip(event, [this.name(box), `${this.words(amount)} · ${percent(amount / (this.root.weight || 1))} of all`, ...calls]);
  }

  boxAt(x, y) {
    return this.boxes.findLast((box) => y >= box.y && y < box.y + ROW && x >= box.x && x < box.x + box.w);
  }

  enter(box) {
    if (!box) return;
    hideTip();
    if (box.call !== undefined) this.open(box.call);
    else if (box.rest) this.zoom({ ...box.node, name: this.name(box), parent: box.node, parts: [], calls: box.rest, weight: this.amount(box), deep: 2 });
    else this.zoom(box.node === this.top && box.node.parent ? box.node.parent : box.node);
  }

  key(event) {
    const box = this.boxes[this.focus];
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Enter") this.enter(box);
    else if (event.key === "Escape" && this.top.parent) this.zoom(this.top.parent);
    else if (moves[event.key]) this.step(box, ...moves[event.key]);
    else return;
    event.preventDefault();
  }

  /** Moves to the next box in its row, or to the one above or below its beginning. */
  step(box, along, down) {
    const y = box.y + down * ROW;
    const row = this.boxes.filter((each) => each.y === y);
    const next = along
      ? row[row.indexOf(box) + along]
      : row.findLast((each) => each.x <= box.x + 0.5 && each.x + each.w > box.x) ?? row.find((each) => each.x >= box.x);
    if (next) this.focus = this.boxes.indexOf(next);
    this.drawn.redraw();
  }
}
