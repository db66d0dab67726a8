// The form of the page: makes a request of its fields, shows the answer, and shows the same request for curl and Python.
"use strict";

const KEY = "skiff-api-key";
const KEY_VARIABLE = "SKIFF_API_KEY";
// More rows of a CSV file are only downloaded.
const MOST_SHOWN = 100;
// As in JSON: what is written so is sent as it was typed, with all of its digits.
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;

const find = (id) => document.getElementById(id);

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [attribute, value] of Object.entries(attributes)) {
    made.setAttribute(attribute, value);
  }
  return made;
}

function withKey(headers) {
  const key = sessionStorage.getItem(KEY);
  return key === null ? headers : { ...headers, "X-API-Key": key };
}

// The JSON of what a field holds; an error for what is not of its type.
function jsonOf(field) {
  const text = field.value.trim();
  switch (field.dataset.type) {
    case "json":
      JSON.parse(field.value);
      return field.value;
    case "number": {
      if (text === "" || text.toLowerCase() === "nan") return "null";
      if (NUMBER.test(text)) return text;
      const number = Number(text);
      if (Number.isFinite(number)) return String(number);
      throw new Error("not a number");
    }
    default:
      return field.tagName === "INPUT" && field.value === "" ? "null" : JSON.stringify(field.value);
  }
}

// The JSON of every field; null, and the field is focused, if one is wrong.
function cells(fields) {
  for (const field of fields) {
    field.removeAttribute("aria-invalid");
  }
  const all = [];
  for (const field of fields) {
    try {
      all.push(jsonOf(field));
    } catch (error) {
      field.setAttribute("aria-invalid", "true");
      return { wrong: field, why: `${field.labels[0].textContent}: ${error.message}` };
    }
  }
  return { all };
}

const isOther = () => find("method").selectedOptions[0].dataset.row !== undefined;
const fieldsOf = (form) => (isOther() ? [find("other-row")] : [...form.querySelectorAll("#row [data-type]:not(#other-row)")]);

// The body for the fields.
function bodyOf(form, fields) {
  const { all, wrong, why } = cells(fields);
  if (wrong) return { wrong, why };
  const row = `[${all.join(", ")}]`;
  if (form.dataset.kind === "named" && !isOther()) {
    const columns = JSON.stringify(fields.map((field) => field.dataset.name));
    return { body: `{"dataframe_split": {"columns": ${columns}, "data": [${row}]}}` };
  }
  return { body: `{"inputs": ${form.dataset.kind === "array" && !isOther() ? `[${row}]` : row}}` };
}

const target = (form) => `${form.dataset.path}?method=${find("method").value}`;

async function ask(form, body, type) {
  const reply = await fetch(target(form), { method: "POST", headers: withKey({ "Content-Type": type }), body });
  const answer = await reply.json().catch(() => ({ error: `status ${reply.status}` }));
  if (!reply.ok) throw new Error(answer.error);
  return answer.predictions;
}

// An answer as columns: names, and the cells of each row.
function columns(predictions, method, classes) {
  if (!Array.isArray(predictions)) {
    const parts = Object.entries(predictions).map(([name, part]) => [name, columns(part, method, [])]);
    const names = parts.flatMap(([name, part]) =>
      part.names.map((own) => (part.names.length === 1 ? name : `${name} ${own}`)));
    const rows = (parts[0]?.[1].rows ?? []).map((_, row) => parts.flatMap(([, part]) => part.rows[row] ?? []));
    return { names, rows };
  }
  const first = predictions[0];
  if (Array.isArray(first)) {
    const isOfClasses = first.length === classes.length && /proba$|^decision_function$/.test(method);
    return { names: first.map((_, place) => (isOfClasses ? classes[place] : String(place))), rows: predictions };
  }
  if (first !== null && typeof first === "object") {
    const names = Object.keys(first);
    return { names, rows: predictions.map((row) => names.map((name) => row[name])) };
  }
  return { names: [method], rows: predictions.map((cell) => [cell]) };
}

const shown = (cell) => {
  if (cell === null || cell === undefined) return "NaN";
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
};

function table(caption, names, rows) {
  const made = element("table", "", { class: "answer" });
  made.append(element("caption", caption));
  const head = made.createTHead().insertRow();
  names.forEach((name) => head.append(element("th", name, { scope: "col" })));
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((cell) => line.append(element("td", shown(cell))));
  }
  const frame = element("div", "", { class: "scrolls", tabindex: "0", role: "region", "aria-label": caption });
  frame.append(made);
  return frame;
}

// One row's answer: below each other, probabilities with a bar.
function list(caption, names, row, isShare) {
  const made = element("table", "", { class: "answer" });
  made.append(element("caption", caption));
  const body = made.createTBody();
  names.forEach((name, place) => {
    const line = body.insertRow();
    line.append(element("th", name, { scope: "row" }), element("td", shown(row[place])));
    if (isShare) {
      const cell = element("td", "");
      cell.append(element("meter", "", { min: 0, max: 1, value: row[place] ?? 0, "aria-label": name }));
      line.append(cell);
    }
  });
  const frame = element("div", "", { class: "scrolls", tabindex: "0", role: "region", "aria-label": caption });
  frame.append(made);
  return frame;
}

function show(...parts) {
  find("result").replaceChildren(...parts);
  find("result").scrollIntoView({ block: "nearest" });
}

const fail = (text) => show(element("p", text, { role: "alert", class: "error" }));

async function predictRow(form) {
  const made = bodyOf(form, fieldsOf(form));
  if (made.wrong) {
    fail(made.why);
    made.wrong.focus();
    return;
  }
  const method = find("method").value;
  const { names, rows } = columns(await ask(form, made.body, "application/json"), method, JSON.parse(form.dataset.classes));
  show(rows.length === 1 ? list(method, names, rows[0], method === "predict_proba") : table(method, names, rows));
}

// The rows of a CSV file, quoted cells included.
function readCsv(text) {
  const rows = [];
  let row = [];
  let cell = "";
  let isQuoted = false;
  for (let place = 0; place < text.length; place += 1) {
    const character = text[place];
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (text[place + 1] === '"') { cell += '"'; place += 1; }
      else isQuoted = false;
    } else if (character === '"') {
      isQuoted = true;
    } else if (character === "," || character === "\n") {
      row.push(cell);
      cell = "";
      if (character === "\n") { rows.push(row); row = []; }
    } else if (character !== "\r") {
      cell += character;
    }
  }
  if (cell !== "" || row.length > 0) rows.push([...row, cell]);
  return rows.filter((row) => row.length > 1 || row[0] !== "");
}

const csvCell = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
const writeCsv = (rows) => rows.map((row) => row.map(csvCell).join(",")).join("\n") + "\n";

async function predictFile(form, file) {
  const text = (await file.text()).replace(/^\uFEFF/, "");
  const method = find("method").value;
  const answer = columns(await ask(form, text, "text/csv"), method, JSON.parse(form.dataset.classes));
  const [header, ...rows] = readCsv(text);
  if (rows.length !== answer.rows.length) throw new Error(`${rows.length} rows were sent, ${answer.rows.length} answered`);
  const names = answer.names.length === 1 ? answer.names : answer.names.map((name) => `${method} ${name}`);
  const all = rows.map((row, place) => [...row, ...answer.rows[place].map(shown)]);
  const blob = new Blob([writeCsv([[...header, ...names], ...all])], { type: "text/csv" });
  const download = element("a", "Download the predictions", {
    href: URL.createObjectURL(blob),
    download: `${file.name.replace(/\.csv$/i, "")}.${method}.csv`,
    class: "button",
  });
  const first = all.slice(0, MOST_SHOWN);
  const count = first.length < all.length ? `the first ${first.length} of ${all.length} rows` : `${all.length} rows`;
  const line = element("p", "");
  line.append(download);
  show(line, table(`${method} of ${file.name}: ${count}`, [...header, ...names], first));
}

async function during(form, work) {
  form.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    fail(error.message);
  }
  form.removeAttribute("aria-busy");
}

const shellQuoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// JSON as Python: strings are the same, but for three words outside of them.
const pythonOf = (json) =>
  json.replace(/"(?:[^"\\]|\\.)*"|\b(?:null|true|false)\b/g, (word) =>
    ({ null: "None", true: "True", false: "False" })[word] ?? word);

function snippets(form) {
  const { body } = bodyOf(form, fieldsOf(form));
  if (body === undefined) return;
  const url = new URL(target(form), location.href).href;
  const isGuarded = form.dataset.key === "true";
  const key = isGuarded ? ` \\\n  -H "X-API-Key: $${KEY_VARIABLE}"` : "";
  find("curl").textContent =
    `curl -s ${shellQuoted(url)} \\\n  -H 'Content-Type: application/json'${key} \\\n  -d ${shellQuoted(body)}`;
  const header = isGuarded ? `, "X-API-Key": os.environ["${KEY_VARIABLE}"]` : "";
  find("python").textContent = [
    "import json",
    ...(isGuarded ? ["import os"] : []),
    "import urllib.request",
    "",
    `body = ${pythonOf(body)}`,
    "request = urllib.request.Request(",
    `    ${JSON.stringify(url)},`,
    "    data=json.dumps(body).encode(),",
    `    headers={"Content-Type": "application/json"${header}},`,
    ")",
    "with urllib.request.urlopen(request) as reply:",
    '    print(json.load(reply)["predictions"])',
  ].join("\n");
}

// Fills a recorded row in.
function fill(form, row) {
  fieldsOf(form).forEach((field, place) => {
    const value = row[place];
    if (field.dataset.type !== "json") {
      field.value = value === null ? "" : String(value);
      return;
    }
    const json = JSON.stringify(value);
    if (field.options && ![...field.options].some((option) => option.value === json)) {
      field.append(element("option", shown(value), { value: json }));
    }
    field.value = json;
  });
}

function startForm(form) {
  const examples = JSON.parse(form.dataset.examples);
  let example = 0;
  find("next").hidden = examples.length < 2;
  find("next").addEventListener("click", () => {
    example = (example + 1) % examples.length;
    fill(form, examples[example]);
    snippets(form);
  });
  const other = find("other-row");
  other.dataset.type = "json";
  const switched = () => {
    const row = find("method").selectedOptions[0].dataset.row;
    find("other").hidden = row === undefined;
    if (row !== undefined) other.value = row;
    form.querySelectorAll("#row > :not(legend, #other, :last-child)").forEach((part) => { part.hidden = row !== undefined; });
    find("next").hidden = examples.length < 2 || row !== undefined;
    find("drop").hidden = row !== undefined;
    snippets(form);
  };
  find("method").addEventListener("change", switched);
  form.addEventListener("input", () => snippets(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    during(form, () => predictRow(form));
  });
  const drop = find("drop");
  find("csv").addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (file) during(form, () => predictFile(form, file));
    // The same file may be chosen again.
    event.target.value = "";
  });
  const mark = (isOver) => drop.classList.toggle("over", isOver);
  drop.addEventListener("dragover", (event) => { event.preventDefault(); mark(true); });
  drop.addEventListener("dragleave", () => mark(false));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    const [file] = event.dataTransfer.files;
    if (file) during(form, () => predictFile(form, file));
  });
  document.querySelectorAll("[data-copies]").forEach((button) => {
    button.addEventListener("click", async () => {
      const text = find(button.dataset.copies);
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
      } catch {
        // Without TLS only pages of this machine may write the clipboard: the text is selected instead.
        getSelection().selectAllChildren(text);
      }
    });
  });
  switched();
}

// With the API key, this page's content comes in place of the field for the key.
async function enter(key) {
  const reply = await fetch(location.href, { headers: { "X-API-Key": key } });
  if (reply.status === 401) {
    sessionStorage.removeItem(KEY);
    find("refused").textContent = "This is not the key.";
    return;
  }
  sessionStorage.setItem(KEY, key);
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  document.title = page.title;
  document.querySelector("main").replaceWith(page.querySelector("main"));
  start();
}

function start() {
  const entrance = find("entrance");
  if (entrance) {
    entrance.addEventListener("submit", (event) => {
      event.preventDefault();
      enter(find("key").value);
    });
    const known = sessionStorage.getItem(KEY);
    if (known !== null) enter(known);
  }
  const form = find("ask");
  if (form) startForm(form);
}

start();
