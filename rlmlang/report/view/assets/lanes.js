// What ran when: each request a bar in the first lane that is free, and the times of waiting.

import { Stretch, canvas, colour, stepColour } from "./canvas.js";
import { el, empty, part } from "./dom.js";
import { count, counted, percent, seconds } from "./format.js";

const TALL = 340;
const HEAD = 22;

/** The part of the lanes. */
export function lanesPart(run, open) {
  const bars = laid(run);
  const { waits } = run.head;
  if (!bars.count) return part("lanes", "Over time", null, empty(run.calls.rows ? "Every answer was kept from before: no request was sent." : "No request was sent."));
  const words = `${counted(bars.lanes, "request")} at a time at most, ${percent(bars.busy / (bars.lanes * bars.all))} of that in use. Drag to zoom in, double click to zoom out.`;
  return part("lanes", "Over time", words, legend(run, bars, waits), timeline(run, bars, open));
}

/** When each attempt began and ended, and its lane: the first that was free. */
export function laid(run) {
  const { attempts, calls } = run;
  const { ticks } = run.head.units;
  const order = [];
  for (let at = 0; at < attempts.rows; at += 1) if (!attempts.reused[at]) order.push(at);
  const start = (at) => attempts.ended[at] - attempts.took[at];
  order.sort((a, b) => start(a) - start(b));
  const bars = { count: order.length, attempt: Int32Array.from(order), from: new Float64Array(order.length), to: new Float64Array(order.length), lane: new Uint16Array(order.length), lanes: 0, busy: 0, all: 0, longest: 0, call: callsOf(attempts, calls) };
  const free = [];
  order.forEach((at, row) => {
    const [from, to] = [start(at) / ticks, attempts.ended[at] / ticks];
    let lane = free.findIndex((end) => end <= from + 1e-9);
    if (lane < 0) lane = free.length;
    free[lane] = to;
    bars.from[row] = from;
    bars.to[row] = to;
    bars.lane[row] = Math.min(lane, 65_535);
    bars.busy += to - from;
    bars.longest = Math.max(bars.longest, to - from);
    bars.all = Math.max(bars.all, to);
  });
  bars.lanes = free.length;
  return bars;
}

function callsOf(attempts, calls) {
  const found = new Int32Array(attempts.rows);
  let call = 0;
  for (let at = 0; at < attempts.rows; at += 1) {
    while (call + 1 < calls.rows && calls.first[call + 1] <= at) call += 1;
    found[at] = call;
  }
  return found;
}

function legend(run, bars, waits) {
  const used = [...new Set(Array.from(bars.attempt, (at) => run.step(run.calls.group[bars.call[at]])))].slice(0, 8);
  const item = (style, words) => {
    const mark = el("i", {});
    mark.style.background = style;
    return el("li", {}, mark, words);
  };
  const wait = waits.reduce((sum, each) => sum + each.seconds, 0);
  return el(
    "ul", { class: "legend" }, used.map((step) => item(stepColour(step), run.head.groups[step].id)),
    item(colour("--warn"), "asked again"), item(colour("--failed"), "not taken"),
    waits.length ? el("li", {}, el("i", { class: "waiting" }), `${counted(waits.length, "wait")} of the rate limiter, ${seconds(wait)}`) : null,
  );
}

function timeline(run, bars, open) {
  const tall = Math.max(3, Math.min(16, Math.floor(TALL / bars.lanes)));
  const height = HEAD + Math.max(24, tall * bars.lanes) + 4;
  const drawn = canvas("requests over time: + and - zoom, arrows move, Enter opens a call", height, draw);
  const stretch = new Stretch(drawn, bars.all || 1e-3, { hover, choose, changed: null });
  function draw(context, width) {
    axis(context, stretch, width, height);
    run.head.waits.forEach((wait) => hatch(context, stretch.x(wait.at), stretch.x(wait.at + wait.seconds), height));
    drawBars(context, run, bars, stretch, tall);
    stretch.marks(context, height);
  }
  function barAt(x, y) {
    const lane = Math.floor((y - HEAD) / tall);
    const [early, late] = [stretch.at(x - 2), stretch.at(x + 2)];
    for (let row = firstBar(bars, early); row < bars.count && bars.from[row] <= late; row += 1) {
      if (bars.lane[row] === lane && bars.to[row] >= early) return row;
    }
    return -1;
  }
  function hover(x, y) {
    const row = barAt(x, y);
    if (row < 0) return waitAt(run, stretch.at(x));
    const at = bars.attempt[row];
    const code = run.head.names[run.attempts.code[at]];
    return [run.id(bars.call[at]), `${seconds(bars.to[row] - bars.from[row])} from ${seconds(bars.from[row])}`, `${count(run.attempts.tokens_in[at])} tok in, ${count(run.attempts.tokens_out[at])} out`, ...(code ? [code] : [])];
  }
  function choose(x, y) {
    const row = barAt(x, y);
    if (row >= 0) open(bars.call[bars.attempt[row]]);
  }
  return drawn.node;
}

function waitAt(run, at) {
  const wait = run.head.waits.find((each) => each.at <= at && at <= each.at + each.seconds);
  return wait ? [`${wait.model} waits ${seconds(wait.seconds)}`, wait.why] : [seconds(Math.max(0, at))];
}

/** The first bar that may still last at that time. */
function firstBar(bars, at) {
  let [low, high] = [0, bars.count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars.from[middle] < at - bars.longest) low = middle + 1;
    else high = middle;
  }
  return low;
}

function drawBars(context, run, bars, stretch, tall) {
  const colours = run.head.groups.map((_, group) => stepColour(run.step(group)));
  const [again, failed] = [colour("--warn"), colour("--failed")];
  const drawnTo = new Float64Array(bars.lanes).fill(-1);
  for (let row = firstBar(bars, stretch.from); row < bars.count && bars.from[row] <= stretch.to; row += 1) {
    const lane = bars.lane[row];
    const right = stretch.x(bars.to[row]);
    const left = Math.max(stretch.x(bars.from[row]), drawnTo[lane]);
    if (right < 0 || right - drawnTo[lane] < 0.4) continue;
    const at = bars.attempt[row];
    const call = bars.call[at];
    context.fillStyle = run.attempts.code[at] ? failed : at > run.calls.first[call] ? again : colours[run.calls.group[call]];
    const wide = Math.max(0.8, right - left - (right - left > 4 ? 1 : 0));
    context.fillRect(left, HEAD + lane * tall, wide, Math.max(1, tall - 1));
    drawnTo[lane] = left + wide;
  }
}

function axis(context, stretch, width, height) {
  const step = niceStep((stretch.to - stretch.from) / Math.max(2, width / 110));
  context.fillStyle = colour("--faint");
  context.strokeStyle = colour("--line");
  for (let at = Math.ceil(stretch.from / step) * step; at <= stretch.to; at += step) {
    const x = Math.round(stretch.x(at)) + 0.5;
    context.beginPath();
    context.moveTo(x, HEAD - 4);
    context.lineTo(x, height);
    context.stroke();
    const words = seconds(Math.max(0, at));
    context.fillText(words, Math.min(x + 3, width - context.measureText(words).width - 2), 8);
  }
}

function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= least) ?? 10 * power;
}

function hatch(context, left, right, height) {
  context.save();
  context.beginPath();
  context.rect(left, HEAD, Math.max(2, right - left), height);
  context.clip();
  context.fillStyle = colour("--wait");
  context.fillRect(left, HEAD, Math.max(2, right - left), height);
  context.strokeStyle = colour("--warn");
  context.globalAlpha = 0.4;
  for (let x = left - height; x < right; x += 7) {
    context.beginPath();
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
    context.stroke();
  }
  context.restore();
}
