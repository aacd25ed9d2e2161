// The page's own script: it filters and sorts tables, draws charts of the rows that are chosen, moves messages over a
// link, and keeps all of that in the address, so that a view can be shared. Without it the page has all its figures.
"use strict";
(() => {
document.documentElement.className = "";  // until here the tables had no layout, for most are closed at once
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);
const held = one("#data") && JSON.parse(one("#data").textContent);
const rowsOf = columns => {
  const names = Object.keys(columns);
  return (columns[names[0]] ?? []).map((_, at) => Object.fromEntries(names.map(name => [name, columns[name][at]])));
};
const codecs = held ? rowsOf(held.codecs) : [], cells = held ? rowsOf(held.cells) : [];
const about = new Map(codecs.map(row => [row.codec, row]));
const statuses = new Map(cells.map(row => [`${row.dataset}\n${row.codec}`, row.status]));
const view = one("#view"), link = one("#link");

// What is chosen: names as in the address. Controls offer what there is, so an address cannot ask for anything else.
const START = {data: held?.datasets[0] ?? "", find: "", form: "", describing: "", status: "", language: "", show: "24",
  bandwidth: 1e7, latency: 0.02, sort: ""};  // bit/s, s
let state = {...START};
const control = name => view?.elements[name] ?? link?.elements[name];

function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  state = {...START};
  for (const name of Object.keys(START)) {
    const value = asked.get(name), held = control(name);
    if (value === null || (held?.options && ![...held.options].some(option => option.value === value))) continue;
    if (typeof START[name] === "string") state[name] = value;
    else if (Number(value) >= (name === "bandwidth" ? 1 : 0)) state[name] = Number(value);
  }
  return asked.get("at") ?? (location.hash.includes("=") ? "" : location.hash.slice(1));
}
let waiting;
function writeAddress(at) {
  const said = Object.entries(state).filter(([name, value]) => value !== START[name]);
  if (at) said.push(["at", at]);
  clearTimeout(waiting);  // browsers refuse to be told too often
  const address = said.length ? "#" + new URLSearchParams(said) : location.pathname + location.search;
  waiting = setTimeout(() => history.replaceState(null, "", address), at ? 0 : 120);
}

// Filters
const named = codec => {  // of codecs that are none of the run only the name is known
  const row = about.get(codec);
  return row ? chosen(row, anyStatus(codec)) : codec.toLowerCase().includes(state.find.toLowerCase());
};
function chosen(row, status) {
  return (!state.form || row.form === state.form) && (!state.describing || row.describing === state.describing)
    && (!state.language || row.language === state.language) && (!state.status || status === state.status)
    && row.codec.toLowerCase().includes(state.find.toLowerCase());
}
const anyStatus = codec => held.datasets.some(name => statuses.get(`${name}\n${codec}`) === state.status)
  ? state.status : "";
const chartRows = chart => {
  if (chart.of === "matrix") return rowsOf(chart.rows).filter(row => named(row.codec));
  const rows = chart.of === "codecs" ? codecs.filter(row => chosen(row, anyStatus(row.codec)))
    : cells.filter(row => (chart.of === "cells" || row.dataset === state.data) && chosen(row, row.status));
  return rows.filter(row => !row.control && chart.needs.every(name => row[name]));
};
const lineName = line => (line.cells[0].firstChild?.textContent ?? "").replace(" (control)", "").trim();

function filterTables() {
  for (const table of all("main table")) {
    const dataset = table.closest("[data-name]")?.dataset.name;
    const lines = [...table.tBodies[0].rows];
    if (table.tHead.rows[0].cells[0].textContent !== "codec") continue;
    for (const line of lines) {
      const name = lineName(line), row = about.get(name);
      line.hidden = !(row && dataset !== undefined ? chosen(row, statuses.get(`${dataset}\n${name}`)) : named(name));
    }
  }
  const count = codecs.filter(row => chosen(row, anyStatus(row.codec))).length;
  one("#count").textContent = `${count} of ${codecs.length} codecs`;
}

// Sorting: by what cells say. A number comes with its unit, and words such as "fastest" and "tie" count as 1.
const UNITS = {ns: 1, "µs": 1e3, ms: 1e6, s: 1e9}, RATES = {"bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9};
function number(text) {
  const found = /^(?:[~<>] ?)?([-+]?[\d,]*\.?\d+)\s*(ns|µs|ms|s(?![a-z])|[kMG]?bit\/s)?/.exec(text.trim());
  if (found) return Number(found[1].replaceAll(",", "")) * (UNITS[found[2]] ?? RATES[found[2]] ?? 1);
  return /^(fastest|tie)/.test(text.trim()) ? 1 : NaN;
}
function sortTable(table, column, down) {
  const body = table.tBodies[0], lines = [...body.rows];
  lines.forEach((line, place) => line.place ??= place);
  const keys = new Map(lines.map(line => [line, line.cells[column]?.textContent ?? ""]));
  const numeric = lines.filter(line => Number.isNaN(number(keys.get(line)))).every(line => keys.get(line) === "-");
  const compare = (a, b) => {
    const [x, y] = [keys.get(a), keys.get(b)];
    if (!numeric) return (down ? -1 : 1) * x.localeCompare(y, "en", {numeric: true}) || a.place - b.place;
    const [p, q] = [number(x), number(y)];
    return Number.isNaN(p) - Number.isNaN(q) || (down ? q - p : p - q) || a.place - b.place;  // what has none comes last
  };
  body.append(...lines.sort(compare));
  [...table.tHead.rows[0].cells].forEach((head, place) =>
    place === column ? head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
}
const tables = all("main table");
const sorts = () => new Map(state.sort.split("_").map(said => /^(\d+)\.(\d+)(d?)$/.exec(said)).filter(Boolean)
  .map(([, table, column, down]) => [Number(table), [Number(column), Boolean(down)]]));
function sortTables() {
  const asked = sorts();
  tables.forEach((table, number) => {
    const [column, down] = asked.get(number) ?? [null, false];
    if (column !== null || one("[aria-sort]", table)) sortTable(table, column, down);
  });
}
function makeSortable(table, number) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {  // up, down, and as it was
      const held = sorts(), before = held.get(number);
      held.delete(number);
      if (before?.[0] !== column) held.set(number, [column, false]);
      else if (!before[1]) held.set(number, [column, true]);
      state.sort = [...held].map(([table, [place, down]]) => `${table}.${place}${down ? "d" : ""}`).join("_");
      sortTables();
      writeAddress();
    });
  });
}

// Charts. Colours of the page are its style's variables, so light, dark and paper need no new drawing.
const shape = (base, over) => Object.fromEntries([...new Set([...Object.keys(base), ...Object.keys(over)])].map(key =>
  [key, typeof (over[key] ?? base[key]) === "object" ? {...base[key], ...over[key]} : over[key] ?? base[key]]));
const ink = "var(--ink)", soft = "var(--soft)", mark = {color: ink};
const screen = () => shape(held.shape, {background: "transparent", text: mark, rule: mark, tick: mark, legend: {labelColor: ink},
  axis: {labelColor: ink, titleColor: soft, gridColor: "var(--rule)", domainColor: soft,
    labelLimit: innerWidth < 600 ? 130 : 230}, font: getComputedStyle(document.body).fontFamily, aria: false});
let engine;
async function start() {
  const packed = Uint8Array.from(atob(one("#engine").textContent), letter => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  new Function(await new Response(stream).text())();
}
async function embed(place, chart, more, config, width) {
  await (engine ??= start());
  const values = {show: Number(state.show), bandwidth: state.bandwidth};
  const params = chart.spec.params?.map(param => ({...param, value: values[param.name] ?? param.value}));
  const spec = {...chart.spec, ...params && {params}, ...more, width: width ?? 640, datasets: {rows: chartRows(chart)}};
  const fit = made => width ? {...made, autosize: {type: "fit-x", contains: "padding", resize: true}} : made;
  return vegaEmbed(place, spec, {mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false, tooltip: tip, config,
    patch: fit});
}
const figures = all("figure[data-chart]"), views = new Map(), visible = new Set(), drawn = new Set();
async function draw(figure) {
  const chart = held.charts[figure.dataset.chart], plot = one(".plot", figure);
  drawn.add(figure);
  views.get(figure)?.finalize();
  views.delete(figure);
  const empty = !chartRows(chart).length;
  figure.classList.toggle("empty", empty);
  if (empty) return plot.replaceChildren();
  views.set(figure, await embed(plot, chart, {}, screen(), Math.max(plot.clientWidth, 280)));
  one("svg", plot)?.setAttribute("aria-hidden", "true");  // the plot has a name, and the tables the figures
}
let drawing = Promise.resolve();
function drawNext() {  // one after the other: what is seen at once, the rest when there is time, for paper has all
  drawing = drawing.then(async () => {
    for (const figure of figures) if (visible.has(figure) && !drawn.has(figure)) await draw(figure);
    const next = figures.find(figure => !drawn.has(figure));
    if (next) (window.requestIdleCallback ?? setTimeout)(() => {
      drawing = drawing.then(() => drawn.has(next) || draw(next)).then(drawNext);
    });
  });
}
function redraw() {
  drawn.clear();
  drawNext();
}
const tipBox = document.createElement("div");
tipBox.id = "tip";
tipBox.hidden = true;
function tip(_, event, __, value) {
  tipBox.hidden = value === null || value === undefined || value === "";
  if (tipBox.hidden) return;
  tipBox.replaceChildren(...Object.entries(value).map(([name, said]) => {
    const line = document.createElement("div");
    line.textContent = name === "codec" ? said : `${name}: ${said}`;
    return line;
  }));
  tipBox.style.left = `${Math.min(event.clientX + 14, innerWidth - tipBox.offsetWidth - 8)}px`;
  tipBox.style.top = `${Math.min(event.clientY + 14, innerHeight - tipBox.offsetHeight - 8)}px`;
}
function save(name, text, type) {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([text], {type}));
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
}
async function saveChart(figure, type) {
  const name = figure.dataset.chart, chart = held.charts[name], of = chart.of === "dataset" ? `: ${state.data}` : "";
  const file = `${name}${of.replace(/[^A-Za-z0-9]+/g, "-")}`.replace(/-+$/, "");
  if (type === "csv") {
    const quote = value => typeof value === "string" ? `"${value.replaceAll('"', '""')}"` : value ?? "";
    const lines = [chart.columns, ...chartRows(chart).map(row => chart.columns.map(column => quote(row[column])))];
    return save(`${file}.csv`, lines.map(line => line.join(",") + "\r\n").join(""), "text/csv");
  }
  const more = {title: {text: chart.title + of}};
  const made = await embed(document.createElement("div"), chart, more, shape(held.shape, held.paper));
  save(`${file}.svg`, await made.view.toSVG(), "image/svg+xml");
  made.finalize();
}

// Over a link: T = encode + latency + size / bandwidth + decode
function said(value, units, more = 0) {
  const [unit, size] = Object.entries(units).findLast(([, size]) => value >= 0.9995 * size) ?? Object.entries(units)[0];
  return `${digits(value / size, more)} ${unit}`;
}
const timeText = (ns, more) => said(ns, UNITS, more);
const rateText = bits => bits === Infinity ? "no limit" : said(bits, RATES);
const digits = (value, more = 0) => value.toLocaleString("en", {minimumFractionDigits: places(value) + more,
  maximumFractionDigits: places(value) + more});
const places = value => value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
function breakEven(row, first) {
  const even = 8e9 * (row.bytes - first.bytes) / (first.cpu - row.cpu);  // bit/s
  if (!(even > 0) || !Number.isFinite(even)) return "-";
  return `${row.cpu < first.cpu ? ">" : "<"} ${rateText(even)}`;
}
function overLink() {
  const rows = chartRows(held.charts.link).map(row => {
    const sent = 8e9 * row.bytes / state.bandwidth, cpu = row.encode + row.decode;
    return {...row, sent, cpu, total: cpu + sent + 1e9 * state.latency, rate: 1e9 / Math.max(cpu, sent)};
  }).sort((a, b) => a.total - b.total || a.codec.localeCompare(b.codec));
  const lines = rows.map((row, place) => [timeText(row.total, 2), Math.floor(row.rate).toLocaleString("en"),
    row.cpu >= row.sent ? "core" : "link", place ? breakEven(row, rows[0]) : "-"]);
  one("#linked tbody").replaceChildren(...lines.map((line, place) => {
    const made = document.createElement("tr"), head = document.createElement("th");
    head.scope = "row";
    head.textContent = rows[place].codec;
    made.append(head, ...line.map(text => Object.assign(document.createElement("td"), {textContent: text})));
    return made;
  }));
  one("[data-value=bandwidth]").textContent = rateText(state.bandwidth);
  one("[data-value=latency]").textContent = state.latency ? timeText(1e9 * state.latency) : "none";
  for (const name of ["bandwidth", "latency"])
    control(name).setAttribute("aria-valuetext", one(`[data-value=${name}]`).textContent);
  drawn.delete(one("#chart-link"));
  drawNext();
}

// Everything together
const slider = {bandwidth: bits => Math.min(Math.log10(bits), 12), latency: seconds => seconds ? Math.log10(seconds) : -6};
const fromSlider = (name, place) => name === "latency" && place <= -6 ? 0 : name === "bandwidth" && place >= 12 ? Infinity
  : Number((10 ** place).toPrecision(3));  // the ends are no latency and no limit
function show() {
  for (const name of Object.keys(START)) if (control(name)) control(name).value = slider[name]?.(state[name]) ?? state[name];
  for (const said of all("[data-of]")) {
    const figure = said.closest("figure");
    if (!figure) said.textContent = state.data;
    else said.textContent = held.charts[figure.dataset.chart].of === "dataset" ? `: ${state.data}` : "";
  }
  filterTables();
  if (link) overLink();
  sortTables();
  redraw();
}
function openTables() {
  for (const details of all("details.data")) details.open = details.dataset.name === state.data;
}
function goTo(at) {
  const target = document.getElementById(at), details = target?.closest("details");
  if (details) details.open = true;
  target?.scrollIntoView();
}
function change(name, value) {
  state[name] = value;
  if (name === "data") openTables();
  show();
  writeAddress();
}

tables.forEach(makeSortable);
for (const anchor of all("nav a, .skip")) anchor.addEventListener("click", event => {
  event.preventDefault();
  const at = anchor.hash.slice(1);
  goTo(at);
  writeAddress(at);
  document.getElementById(at).setAttribute("tabindex", "-1");
  document.getElementById(at).focus({preventScroll: true});
});
if (!held) {
  addEventListener("hashchange", () => {
    goTo(readAddress());
    sortTables();
  });
  goTo(readAddress());
  sortTables();
  return;
}
for (const language of [...new Set(codecs.map(row => row.language))].sort()) control("language").add(new Option(language));
one("#charts").hidden = false;
document.body.append(tipBox);
view.addEventListener("input", event => change(event.target.name, event.target.value));
view.addEventListener("submit", event => event.preventDefault());
view.addEventListener("reset", event => {
  event.preventDefault();
  state = {...START, data: state.data};
  show();
  writeAddress();
});
one("#share").addEventListener("click", async event => {
  writeAddress();
  setTimeout(async () => {
    const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    event.target.textContent = copied ? "Copied" : "It is in the address bar";
    setTimeout(() => event.target.textContent = "Copy link", 2000);
  }, 150);
});
link?.addEventListener("input", ({target}) => {
  if (target.name === "preset") {
    const [bits, seconds] = held.links[target.value] ?? [state.bandwidth, state.latency];
    [state.bandwidth, state.latency] = [bits ?? Infinity, seconds];
  } else {
    state[target.name] = fromSlider(target.name, Number(target.value));
    control("preset").value = "";
  }
  for (const name of Object.keys(slider)) control(name).value = slider[name](state[name]);
  overLink();
  sortTables();
  writeAddress();
});
link?.addEventListener("submit", event => event.preventDefault());
for (const button of all("[data-save]"))
  button.addEventListener("click", () => saveChart(button.closest("figure"), button.dataset.save));
const watcher = new IntersectionObserver(seen => {
  for (const {target, isIntersecting} of seen) visible[isIntersecting ? "add" : "delete"](target);
  drawNext();
}, {rootMargin: "200px"});
figures.forEach(figure => watcher.observe(figure));
let width = innerWidth, resizing;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    if (width !== innerWidth) redraw();
    width = innerWidth;
  }, 200);
});
addEventListener("hashchange", () => {
  const at = readAddress();
  openTables();
  show();
  goTo(at);
});
const at = readAddress();
openTables();
show();
goTo(at);
})();
