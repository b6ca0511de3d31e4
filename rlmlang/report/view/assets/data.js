// The one reader of the page's data: blocks of JSON, columns of numbers, texts when they are wanted.

/** The JSON of a block. */
export function block(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/** What a deflated text in base64 holds. */
async function inflated(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

/** The JSON of a block that is deflated; an empty one where there is none. */
async function unpacked(id) {
  const node = document.getElementById(id);
  if (node === null) return {};
  return JSON.parse(new TextDecoder().decode(await inflated(node.textContent)));
}

/** A table of columns by their names: wide numbers as they are, others summed up from steps. */
async function columns(id) {
  const told = block(id);
  const buffer = await inflated(told.data);
  const found = { rows: told.rows };
  let at = 0;
  for (const [name, kind] of told.columns) {
    const column = kind === "d" ? new Float64Array(buffer, at, told.rows) : new Int32Array(buffer, at, told.rows);
    if (kind === "i") for (let row = 1; row < told.rows; row += 1) column[row] += column[row - 1];
    found[name] = column;
    at += column.byteLength;
  }
  return found;
}

/** A run: what is drawn at once is there from the beginning, the rest after `load`. */
export class Run {
  constructor(number) {
    this.key = `run-${number}`;
    this.head = block(`${this.key}-head`);
    this.requests = new Map();
    this.said = { answers: {}, reasons: {}, templates: [] };
  }

  /** Reads calls, attempts, byte ranges and answers, once. */
  load() {
    this.loaded ??= this.read();
    return this.loaded;
  }

  async read() {
    const named = ["calls", "attempts", "ranges", "spans"].map((name) => columns(`${this.key}-${name}`));
    [this.calls, this.attempts, this.ranges, this.spans] = await Promise.all(named);
    this.said = { ...this.said, ...(await unpacked(`${this.key}-texts`)) };
    this.sum();
    return this;
  }

  /** Adds up what the attempts of each call used. */
  sum() {
    const { calls, attempts } = this;
    const { ticks, nano } = this.head.units;
    const wide = () => new Float64Array(calls.rows);
    Object.assign(this, { tok: wide(), tokIn: wide(), tokOut: wide(), usd: wide(), took: wide(), tries: wide() });
    this.kept = new Uint8Array(calls.rows);
    this.repaired = new Uint8Array(calls.rows);
    this.unpriced = false;
    for (let call = 0; call < calls.rows; call += 1) {
      for (let at = calls.first[call]; at < this.behind(call); at += 1) {
        this.tokIn[call] += attempts.tokens_in[at];
        this.tokOut[call] += attempts.tokens_out[at];
        this.took[call] += attempts.took[at] / ticks;
        if (attempts.usd[at] < 0) this.unpriced = true;
        else this.usd[call] += attempts.usd[at] / nano;
        this.kept[call] |= attempts.reused[at];
        this.repaired[call] |= attempts.repairs[at] ? 1 : 0;
        this.tries[call] += 1;
      }
      this.tok[call] = this.tokIn[call] + this.tokOut[call];
    }
  }

  /** The number behind a call's last attempt. */
  behind(call) {
    return call + 1 < this.calls.rows ? this.calls.first[call + 1] : this.attempts.rows;
  }

  /** The id by which people and `rlm show` name a call. */
  id(call) {
    const index = this.calls.index[call];
    if (index < 0) return this.head.names[this.calls.name[call]];
    return `${this.head.groups[this.calls.group[call]].id}[${index}]`;
  }

  /** The call of an id; -1 where there is none. */
  find(id) {
    for (let call = 0; call < this.calls.rows; call += 1) if (this.id(call) === id) return call;
    return -1;
  }

  /** What came of a call, in a word. */
  state(call) {
    return this.head.units.states[this.calls.state[call]];
  }

  /** The number of the step that a call or session belongs to. */
  step(group) {
    const { groups } = this.head;
    while (groups[group].kind !== "step") group = groups[group].parent;
    return group;
  }

  /** The code of the problem that a call ended with; empty where it had none. */
  code(call) {
    const last = this.behind(call) - 1;
    return last < this.calls.first[call] ? "" : this.head.names[this.attempts.code[last]];
  }

  /** The last answer to a call, as it was written; null where the page does not hold it. */
  answer(call) {
    const last = this.behind(call) - 1;
    return last < this.calls.first[call] ? null : (this.said.answers[last] ?? null);
  }

  /** Why an attempt was not taken; empty where the page does not say. */
  reason(attempt) {
    return this.said.reasons[attempt] ?? "";
  }

  /** The request of an attempt; null where the page does not hold it. */
  async request(attempt) {
    const name = `${this.key}-requests-${Math.floor(attempt / 250)}`;
    if (!this.requests.has(name)) this.requests.set(name, unpacked(name));
    const found = (await this.requests.get(name))[attempt];
    if (!found) return null;
    const [head, tail] = this.said.templates[found[0]];
    return head + found[1] + tail;
  }

  /** Cells by the numbers of their calls, and the calls of tools. */
  async sessions() {
    this.made ??= unpacked(`${this.key}-sessions`);
    return { cells: {}, tools: [], ...(await this.made) };
  }

  /** The byte ranges that a call saw. */
  slices(call) {
    const { ranges } = this;
    const found = [];
    for (let row = 0; row < ranges.rows; row += 1) {
      if (ranges.call[row] === call) {
        found.push({ document: ranges.document[row], start: ranges.start[row], end: ranges.end[row] });
      }
    }
    return found;
  }
}

/** The text of the field `result` in what a model wrote, for a line of a table. */
export function result(answer) {
  const from = answer.search(/\[\[ ## result ## \]\]/);
  const text = from < 0 ? answer : answer.slice(from + 18);
  const to = text.search(/\[\[ ## \w+ ## \]\]/);
  return (to < 0 ? text : text.slice(0, to)).trim();
}
