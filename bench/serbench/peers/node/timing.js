// Times decode and encode of a format's own objects, as ../timing.py asks for it.
"use strict";

const WINDOW_NS = 20e6;
const STEADY = { windows: 5, within: 1.03 };
const SAMPLE_NS = 100e3;
const TRIES = 5;
const MOST_SAMPLES = 200;

exports.clock = "process.hrtime.bigint";
exports.optimisation = `V8 ${process.versions.v8}, its compilers as they are set`;

const now = () => Number(process.hrtime.bigint());
const median = (values) => values.sort((one, two) => one - two)[values.length >> 1];

// A function of its own for each operation, so that V8 specialises it for nothing else. What a call gives is kept until
// the next one, where nobody can tell that it is not looked at.
const kept = { result: null };
const looped = new Function(
  "call, inputs, now, kept",
  `return (loops) => {
    const started = now();
    for (let i = 0; i < loops; i++) for (let j = 0; j < inputs.length; j++) kept.result = call(inputs[j]);
    return now() - started;
  }`,
);

// The text of a tree, the same whatever the order of keys.
function text(tree) {
  if (Array.isArray(tree)) return `[${tree.map(text)}]`;
  if (tree === null || typeof tree !== "object") return JSON.stringify(tree);
  const [[tag, inner]] = Object.entries(tree);
  return tag + (tag === "m" ? `[${inner.map(text).sort()}]` : text(inner));
}

// Whether the octets that come of objects are, message by message, the same as before to the verified reader, or as the
// verified writer would have written them.
function comesBack({ read, write }, encode, objects, data) {
  return data.every((octets, i) => {
    const back = text(read(Buffer.from(encode(objects[i]))));
    return back === text(read(octets)) || back === text(read(Buffer.from(write(read(octets)))));
  });
}

// The first of a format's modes whose objects come back the same. Where they do not, encode has the writer's objects.
function choose(opened, data) {
  for (const mode of opened.modes) {
    const objects = data.map(mode.decode);
    if (comesBack(opened, mode.encode, objects, data)) return { ...mode, objects };
  }
  const mode = opened.modes.at(-1);
  if (!opened.made) throw new Error("its objects do not come back the same");
  const objects = data.map((octets) => opened.made(opened.read(octets)));
  if (!comesBack(opened, mode.encode, objects, data)) throw new Error("its objects do not come back the same");
  return { ...mode, objects };
}

// Windows of 20 ms until the medians of the last five lie within 3 % of one another.
function warmUp(run, most) {
  const began = now();
  const medians = [];
  for (let loops = 1; now() - began < most; ) {
    const times = [];
    for (const start = now(); now() - start < WINDOW_NS; ) {
      const took = run(loops);
      times.push(took / loops);
      if (took < SAMPLE_NS / 2) loops *= 2;
    }
    medians.push(median(times));
    const last = medians.slice(-STEADY.windows);
    if (last.length === STEADY.windows && Math.max(...last) <= STEADY.within * Math.min(...last))
      return { warm_up_ns: now() - began, steady: true };
  }
  return { warm_up_ns: now() - began, steady: false };
}

function calibrated(run) {
  for (let loops = 1; ; loops *= 2) {
    let least = Infinity;
    for (let i = 0; i < TRIES && least >= SAMPLE_NS; i++) least = Math.min(least, run(loops));
    if (least >= SAMPLE_NS) return loops;
  }
}

function measure(operation, run, share) {
  const first = run(1);
  if (first > share) return { operation, loops: 1, samples_ns: [first], warm_up_ns: 0, steady: false, run, over: true };
  const row = { operation, ...warmUp(run, (share * 4) / 5), samples_ns: [], run };
  row.loops = calibrated(run);
  return row;
}

// A row of each operation, in turns of one discarded sample and one that is kept.
exports.time = (opened, data, budget, operations) => {
  const began = now();
  let chosen;
  try {
    chosen = choose(opened, data);
  } catch (error) {
    const reason = String(error && error.message ? error.message : error);
    return { rows: operations.map((operation) => ({ operation, reason })), measured_ns: 0 };
  }
  const calls = { decode: [chosen.decode, data], encode: [chosen.encode, chosen.objects] };
  const started = now();
  const rows = operations.map((operation) =>
    measure(operation, looped(...calls[operation], now, kept), budget / operations.length),
  );
  const alive = rows.filter((row) => !row.over);
  do {
    for (const row of alive) {
      row.run(row.loops);
      row.samples_ns.push(row.run(row.loops));
    }
  } while (alive.length && alive[0].samples_ns.length < MOST_SAMPLES && now() - began < budget);
  for (const row of rows) {
    delete row.run;
    delete row.over;
  }
  return { rows, measured_ns: now() - started };
};
