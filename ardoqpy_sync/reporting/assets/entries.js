// Entries of the lists, all in one shape: what happened to which entity, where, and the text to search.

// The mark of each state: colour alone is not enough.
const MARKS = {
  created: "+", updated: "~", deleted: "−", missing: "?", failed: "!", unchanged: "·",
  blocked: "×", not_deleted: "×", ambiguous: "≈", conflicts: "⇆", not_converging: "≠", skipped: "○", gone: "⊘",
  edits: "✎", not_undone: "×",
};
const STATES_BY_ACTION = { create: "created", update: "updated", delete: "deleted" };
const VERBS = {
  created: "create", updated: "update", deleted: "delete", missing: "missing", failed: "failed",
  blocked: "blocked", not_deleted: "not deleted", ambiguous: "ambiguous", conflicts: "conflict",
  not_converging: "not converging", skipped: "skipped", gone: "gone",
  edits: "edited", not_undone: "not taken back",
};
const SEARCHED = [
  "_id", "label", "note", "reason", "cause", "field", "attribute", "used", "first_label", "last_label", "why", "who",
];
const SINCE = { new: "new since the approved plan", changed: "other than in the approved plan" };
const IDS = new Set(["parent", "source", "target", "typeId"]);
const WORKSPACES = new Set(["rootWorkspace", "targetWorkspace"]);

const BEFORE_AFTER = ["before", "after"];

function own(object, key) {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

// The name of a reference names its ends.
function nameOf({ kind, name }) {
  return kind === "reference" && name ? name.replace(" -> ", " → ") : name || "without a name";
}

function workspaceName(id, run) {
  return id ? own(run.workspaces, id) || id : "";
}

// The label of an attribute: its API name is shown where the pointer rests.
function labelOf(name, data, run) {
  return own(own(run.fields, data.rootWorkspace || "") || {}, name) || own(run.labels, name) || name;
}

// The name of what a value refers to, undefined if it refers to nothing or the name is not known.
function referredName(name, value, data, run) {
  if (name === "type" && data.kind === "reference" && value === data.type) return data.typeName;
  if (typeof value !== "string") return undefined;
  if (WORKSPACES.has(name)) return own(run.workspaces, value);
  return IDS.has(name) ? own(run.names, value) : undefined;
}

// An entry has one member, or several that say the same.
function makeEntry(section, data, run) {
  const members = (Array.isArray(data) ? data : [data]).map((item) => makeMember(section, item, run));
  return { section, members, state: members[0].state, data: members[0].data, element: null, items: [], shown: members.length };
}

function makeMember(section, data, run) {
  const state = data.action && section !== "gone" ? STATES_BY_ACTION[data.action] : section;
  const member = { section, state, data, kind: data.kind, type: data.typeName || "", workspace: workspaceName(data.rootWorkspace, run), name: nameOf(data) };
  member.text = searchText(member, run);
  return member;
}

// Everything that can be searched, in lower case.
function searchText(member, run) {
  const { data } = member;
  const parts = [data.name || "", member.name, VERBS[member.state], member.kind, member.type, member.workspace];
  if (data.since) parts.push(SINCE[data.since]);
  for (const key of SEARCHED) if (data[key]) parts.push(String(data[key]));
  const addValue = (name, value) => {
    if (value === null || value === undefined) return;
    parts.push(valueText(value), referredName(name, value, data, run) || "");
    if (typeof value === "number") parts.push(String(value));
  };
  for (const [name, { old, new: current }] of Object.entries(data.attributes || {})) {
    parts.push(name, labelOf(name, data, run));
    addValue(name, old);
    addValue(name, current);
  }
  for (const [name, value] of Object.entries(data.lost || {})) {
    parts.push(name, labelOf(name, data, run));
    addValue(name, value);
  }
  for (const key of ["stored", "wanted", "first", "last"]) if (key in data) addValue(key, data[key]);
  if (data.matches) parts.push(data.matches.join(" "));
  for (const { name, typeName, parent, workspace } of data.candidates || []) parts.push(name || "", typeName, parent || "", workspace || "");
  if (data.row) parts.push(valueText(data.row));
  for (const entity of Array.isArray(data.cascade) ? data.cascade : (data.cascade || {}).listed || []) {
    parts.push(entity.name || "", entity._id || "");
  }
  return parts.join("\n").toLowerCase();
}

// -- an entry as an element -------------------------------------------------------------------------------

function entryElement(entry, run) {
  const { data, members } = entry;
  const isFold = members.length > 1;
  const item = make("li", { class: `entry ${entry.state}` });
  const line = make(
    "div", { class: "line" },
    make("span", { class: "mark", "aria-hidden": "true" }, MARKS[entry.state]),
    make("span", { class: "verb" }, VERBS[entry.state]),
    isFold ? make("span", { class: "name" }, counted(members.length, data.kind)) : nameElement(data, run),
    make("span", { class: "what" }, isFold ? "" : data.kind, data.typeName ? `${isFold ? "" : " · "}${oneLine(shortened(data.typeName, 80))}` : ""),
  );
  if (members[0].workspace) line.append(make("span", { class: "where" }, oneLine(shortened(members[0].workspace, 80))));
  if (data.label && !isFold) line.append(make("span", { class: "label" }, oneLine(shortened(data.label, 120))));
  if (data.since) item.classList.add("since");
  item.append(line, ...(data.since ? [make("p", { class: "since-note" }, SINCE[data.since])] : []), ...DETAILS[entry.section](data, run));
  if (isFold) item.append(foldElement(entry, run));
  entry.element = item;
  return item;
}

// The name of an entity; of one that is renamed, both. With --link, it leads to the entity in Ardoq.
function nameElement(data, run) {
  const { name } = data.action === "update" && data.kind === "component" ? data.attributes : {};
  const text = name && typeof name.old === "string" && typeof name.new === "string" ? `${name.old} → ${name.new}` : nameOf(data);
  const element = fillLong(make("span", { class: "name" }), text, { longest: 160 });
  const address = data.kind === "component" && run.link && /^(?!simulated-)[0-9A-Za-z_-]+$/.test(data._id || "") && data.action !== "create"
    ? run.link.replace("{id}", data._id).replace("{workspace}", encodeURIComponent(data.rootWorkspace || "")) : "";
  return address ? make("a", { class: "name", href: address, target: "_blank", rel: "noopener noreferrer" }, ...element.childNodes) : element;
}

// The members of a fold, which hides those that a search or a filter leaves out.
function foldElement(entry, run) {
  const list = make("ul", { class: "members" });
  for (const { data } of entry.members) {
    const member = make("li", {}, nameElement(data, run));
    if (data.label) member.append(make("span", { class: "label" }, oneLine(shortened(data.label, 120))));
    if (data.reason && data.reason !== entry.data.reason) member.append(make("span", { class: "what" }, oneLine(shortened(data.reason))));
    entry.items.push(member);
    list.append(member);
  }
  entry.count = make("summary", {}, `all ${NUMBERS.format(entry.members.length)}`);
  return make("details", {}, entry.count, list);
}

function change(data, run) {
  const rows = Object.entries(data.attributes);
  const parts = data.note ? [note(data.note)] : [];
  if (!rows.length) return parts;
  const isUpdate = data.action === "update";
  const shownAtOnce = isUpdate ? 8 : 0;
  if (isUpdate) parts.push(values(rows.slice(0, shownAtOnce), data, run, true));
  if (rows.length > shownAtOnce) {
    const title = isUpdate ? `${rows.length - shownAtOnce} more` : counted(rows.length, "value");
    parts.push(collapsed(title, values(rows.slice(shownAtOnce), data, run, isUpdate), "quiet"));
  }
  return parts;
}

const DETAILS = {
  creates: change,
  updates: change,
  retyped: change,
  deletes(data, run) {
    const parts = [];
    const sentences = [data.note, ...deleteSentences(data)].filter(Boolean);
    if (sentences.length) parts.push(note(sentences.join(" · ")));
    const lost = Object.entries(data.lost || {}).map(([name, value]) => [name, { old: value, new: null }]);
    if (lost.length) parts.push(collapsed(`${counted(lost.length, "value")} lost`, values(lost, data, run, false, "old")));
    return parts;
  },
  failed(data, run) {
    const parts = [reason(data)];
    if (data.consequences) parts.push(note(data.consequences));
    if (data.cause) parts.push(note(`Correct ${shortened(data.cause, 120)} first.`));
    const row = Object.entries(data.row || {});
    if (row.length) {
      const pairs = row.map(([name, value]) => [name, { old: null, new: value }]);
      parts.push(collapsed("the source row", values(pairs, data, run, false)));
    }
    return parts;
  },
  gone(data, run) {
    return [note(`The approved plan had it: ${data.action}.`), ...change(data, run)];
  },
  missing(data, run) {
    const { cascade } = data;
    if (!cascade || !(cascade.components || cascade.references)) return [];
    const title = `Deleting it would also delete ${countBoth(cascade.components, cascade.references)}`;
    return [collapsed(title, cascadeList(cascade.listed, cascade.components + cascade.references, run))];
  },
  blocked(data, run) {
    if (!(data.children || data.references)) return [];
    const title = `Deleting it would also delete ${countBoth(data.children, data.references)}` +
      (data.cascade_total ? `, of which ${NUMBERS.format(data.cascade_total)} are not missing` : "");
    return [data.cascade_total ? collapsed(title, cascadeList(data.cascade, data.cascade_total, run)) : note(title)];
  },
  not_deleted(data) {
    return [reason(data)];
  },
  ambiguous(data, run) {
    const { matches, candidates } = data;
    const list = candidates
      ? make("ul", { class: "cascade" }, ...candidates.map((candidate) => candidateElement(candidate, data, run)))
      : make("ul", { class: "ids" }, ...matches.map((id) => make("li", {}, make("code", {}, oneLine(id)), id === data.used ? " is used" : "")));
    return [note(`${matches.length === 1 ? "1 entity in Ardoq matches" : `${NUMBERS.format(matches.length)} entities in Ardoq match`} this row:`), list];
  },
  conflicts(data, run) {
    const titles = [data.first_label || "first row", `${data.last_label || "last row"}, which is used`];
    return [values([[data.attribute, { old: data.first, new: data.last }]], data, run, true, "new", titles.map((title) => oneLine(shortened(title, 120))))];
  },
  edits(data, run) {
    const outcome = { overwritten: "The value of the source is written.", kept: "The value in Ardoq is kept.", unresolved: "The value in Ardoq is kept until somebody decides." };
    return [threeWay(data, run), note([lastEdit(data), own(outcome, data.outcome || "")].filter(Boolean).join(" "))];
  },
  not_undone(data, run) {
    const parts = [reason(data)];
    if (data.attribute) parts.unshift(note(`Attribute: ${labelOf(data.attribute, data, run)}`));
    if (data.when) parts.push(note(lastEdit(data)));
    return parts;
  },
  skipped(data) {
    return [reason(data)];
  },
  not_converging(data, run) {
    return [values([[data.attribute, { old: data.stored, new: data.wanted }]], data, run, true, "new", ["Ardoq keeps", "the source has"])];
  },
};

// An entity that matches a row beside others: its id is shown where only that differs.
function candidateElement(candidate, data, run) {
  const { parent, workspace, rootWorkspace, typeName, shared } = candidate;
  const where = [parent ? `below ${parent}` : candidate.kind === "component" && "at the top", workspace || rootWorkspace];
  return make(
    "li", { title: shared ? null : oneLine(candidate._id) }, nameElement(candidate, run),
    make("span", { class: "what" }, [typeName, ...where].filter(Boolean).map((text) => oneLine(shortened(text, 120))).join(" · ")),
    ...(shared ? [" ", make("code", {}, oneLine(candidate._id))] : []),
    candidate._id === data.used ? make("strong", {}, "is used") : "",
  );
}

// The three values of an attribute side by side.
function threeWay(data, run) {
  const heads = ["this job wrote", "Ardoq has", "the source has"];
  const label = labelOf(data.attribute, data, run);
  const row = make("tr", {}, make("th", { scope: "row", title: label === data.attribute ? null : oneLine(data.attribute) }, oneLine(shortened(label, 80))));
  [data.base, data.ardoq, data.source].forEach((value, index) => {
    const cell = make("td", { "data-title": heads[index] });
    fillNamed(cell, referredName(data.attribute, value, data, run), value, run);
    row.append(cell);
  });
  const head = ["attribute", ...heads].map((title) => make("th", { scope: "col" }, title));
  return make("table", { class: "values both titled" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, row));
}

function lastEdit({ who, when, own: isOwn }) {
  const name = who ? `${shortened(who, 80)}${isOwn ? " (this job's own user)" : ""}` : "somebody";
  return `Last edited by ${name}${when ? ` at ${when}` : ""}.`;
}

function deleteSentences(data) {
  const parts = [data.why];
  if (data.takes) parts.push(`with it ${countBoth(data.takes.component, data.takes.reference)}`);
  if (data.who || data.when) {
    parts.push(`last changed${data.who ? ` by ${shortened(data.who, 80)}` : ""}${data.when ? ` on ${data.when.slice(0, 10)}` : ""}`);
  }
  return parts;
}

function countBoth(components, references) {
  const parts = [];
  if (components) parts.push(counted(components, "component"));
  if (references) parts.push(counted(references, "reference"));
  return parts.join(" and ");
}

function reason(data) {
  return fillLong(make("p", { class: "reason" }), data.reason, { longest: 600 });
}

function note(text) {
  return make("p", { class: "note" }, oneLine(text));
}

// What is collapsed is in the page, so that the browser's own search finds it.
function collapsed(title, content, name = "") {
  return make("details", { class: name }, make("summary", {}, title), content);
}

function values(rows, data, run, both, side = "new", titles = BEFORE_AFTER) {
  const table = make("table", { class: `values${both ? " both" : ""}${titles === BEFORE_AFTER ? "" : " titled"}` });
  if (both) {
    const [attribute, ...heads] = ["attribute", ...titles].map((title) => make("th", { scope: "col" }, title));
    table.append(make("thead", {}, make("tr", {}, attribute, ...heads)));
  }
  const body = make("tbody");
  for (const [name, { old, new: current }] of rows) {
    const label = labelOf(name, data, run);
    const row = make("tr", {}, make("th", { scope: "row", title: label === name ? null : oneLine(name) }, oneLine(shortened(label, 80))));
    if (both) {
      const cells = ["old", "new"].map((key, index) => make("td", { class: key, "data-title": titles[index] }));
      const names = [old, current].map((value) => referredName(name, value, data, run));
      if (names[0] || names[1]) [old, current].forEach((value, index) => fillNamed(cells[index], names[index], value, run));
      else fillCompared(cells, old, current, run);
      row.append(...cells);
    } else {
      const cell = make("td", { class: side });
      const value = side === "old" ? old : current;
      fillNamed(cell, referredName(name, value, data, run), value, run);
      row.append(cell);
    }
    body.append(row);
  }
  table.append(body);
  return table;
}

// A name instead of an id, which is shown where the pointer rests.
function fillNamed(cell, name, value, run) {
  if (!name) return fillValue(cell, value, run);
  cell.title = oneLine(value);
  cell.append(oneLine(shortened(name, 160)));
  return undefined;
}

const CASCADE_STATES = { missing: "also missing", named: "still in the source", other: "" };

function cascadeList(entities, total, run) {
  const list = make("ul", { class: "cascade" });
  for (const entity of entities) {
    const workspace = workspaceName(entity.rootWorkspace, run);
    list.append(
      make(
        "li", { class: entity.state === "named" ? "named" : "" },
        `${entity.kind} `, make("span", { class: "name" }, oneLine(shortened(nameOf(entity), 120))),
        make("span", { class: "what" }, oneLine(shortened(entity.typeName, 80)), workspace ? ` · ${oneLine(shortened(workspace, 80))}` : ""),
        own(CASCADE_STATES, entity.state || "") ? make("strong", {}, CASCADE_STATES[entity.state]) : "",
      ),
    );
  }
  if (total > entities.length) list.append(make("li", { class: "rest" }, `and ${NUMBERS.format(total - entities.length)} more`));
  return list;
}
