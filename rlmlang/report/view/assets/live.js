// A page that is served: it follows its run for as long as that goes on.

import { el } from "./dom.js";

const LEAST = 1_000;
const TIMES = 4;
const page = document.documentElement;

/** Asks for the data again and again and puts it in the place of what was there; `changed` draws it. */
export function followRun(changed) {
  if (page.dataset.live) setTimeout(() => ask("", changed), LEAST);
}

/** Waits longer where drawing takes longer, so that a large run leaves the machine to others. */
async function ask(seen, changed) {
  const began = performance.now();
  const told = await data(seen);
  page.dataset.followed = told === null ? "lost" : told.over ? "over" : "on";
  if (told?.blocks) {
    put(told.blocks);
    await changed();
  }
  const wait = Math.max(LEAST, TIMES * (performance.now() - began));
  if (told !== null && !told.over) setTimeout(() => ask(told.seen, changed), wait);
}

/** What the server has that was not seen; null where it has ended. */
async function data(seen) {
  try {
    const reply = await fetch(`${page.dataset.live}?seen=${seen}`);
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
  }
}

function put(blocks) {
  for (const [id, text] of Object.entries(blocks)) {
    const node = document.getElementById(id) ?? el("script", { type: "application/json", id });
    node.textContent = text;
    if (!node.isConnected) document.body.append(node);
  }
}
