// Entries of the lists, all in one shape: what happened to which entity, where, and the text to search.

// The mark of each state: colour alone is not enough.
const MARKS = {
  created: "+", updated: "~", deleted: "−", missing: "?", failed: "!", unchanged: "·",
  blocked: "×", not_deleted: "×", ambiguous: "≈", conflicts: "⇆", not_converging: "≠", skipped: "○",
};
const STATES_BY_ACTION = { create: "created", update: "updated", delete: "deleted" };
const VERBS = {
  created: "create", updated: "update", deleted: "delete", missing: "missing", failed: "failed",
  blocked: "blocked", not_deleted: "not deleted", ambiguous: "ambiguous", conflicts: "conflict",
  not_converging: "not converging", skipped: "skipped",
};
const SECTIONS = [
  ["blocked", "Blocked by the delete guard"],
  ["failed", "Failed rows"],
  ["ambiguous", "Ambiguous matches"],
  ["conflicts", "Conflicts: rows that give different values"],
  ["changes", "Changes"],
  ["missing", "Missing: in Ardoq, no longer in the source"],
  ["not_deleted", "Not deleted: changed since"],
  ["not_converging", "Not converging: Ardoq does not keep the value that was sent"],
  ["skipped", "Skipped rows"],
];

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

function makeEntry(section, data, run) {
  const state = section === "changes" ? STATES_BY_ACTION[data.action] : section;
  const workspace = workspaceName(data.rootWorkspace, run);
  const entry = { section, state, data, kind: data.kind, type: data.typeName || "", workspace, name: nameOf(data) };
  entry.text = searchText(entry, run);
  return entry;
}

// Everything that can be searched, in lower case.
function searchText(entry, run) {
  const { data } = entry;
  const parts = [data.name || "", entry.name, VERBS[entry.state], entry.kind, entry.type, entry.workspace];
  for (const key of ["_id", "label", "note", "reason", "cause", "field", "attribute", "used", "first_label", "last_label"]) {
    if (data[key]) parts.push(String(data[key]));
  }
  for (const [name, { old, new: current }] of Object.entries(data.attributes || {})) {
    parts.push(name);
    for (const value of [old, current]) {
      if (value === null || value === undefined) continue;
      parts.push(valueText(value));
      if (typeof value === "string") parts.push(own(run.names, value) || "");
    }
  }
  for (const key of ["stored", "wanted", "first", "last"]) {
    if (key in data) parts.push(valueText(data[key]));
  }
  if (data.matches) parts.push(data.matches.join(" "));
  if (data.row) parts.push(valueText(data.row));
  for (const entity of Array.isArray(data.cascade) ? data.cascade : (data.cascade || {}).listed || []) {
    parts.push(entity.name || "", entity._id || "");
  }
  return parts.join("\n").toLowerCase();
}

// -- an entry as an element -------------------------------------------------------------------------------

function entryElement(entry, run, open) {
  const { data } = entry;
  const item = make("li", { class: `entry ${entry.state}` });
  item.append(
    make(
      "div", { class: "line" },
      make("span", { class: "mark", "aria-hidden": "true" }, MARKS[entry.state]),
      make("span", { class: "verb" }, VERBS[entry.state]),
      longText(entry.name, "span", "name", 160),
      make("span", { class: "what" }, entry.kind, entry.type ? " · " : "", entry.type ? make("bdi", {}, oneLine(shortened(entry.type, 80))) : ""),
      entry.workspace ? make("span", { class: "where" }, make("bdi", {}, oneLine(shortened(entry.workspace, 80)))) : "",
      data.label ? make("span", { class: "label" }, make("bdi", {}, oneLine(shortened(data.label, 120)))) : "",
    ),
  );
  item.append(...DETAILS[entry.section](data, run, open));
  return item;
}

const DETAILS = {
  changes(data, run, open) {
    const rows = Object.entries(data.attributes);
    const parts = data.note ? [note(data.note)] : [];
    if (!rows.length) return parts;
    const isUpdate = data.action === "update";
    const shownAtOnce = isUpdate ? 8 : 0;
    if (isUpdate) parts.push(values(rows.slice(0, shownAtOnce), run, true));
    if (rows.length > shownAtOnce) {
      const title = isUpdate ? `${rows.length - shownAtOnce} more` : counted(rows.length, "value");
      parts.push(collapsed(title, () => values(rows.slice(shownAtOnce), run, isUpdate), open));
    }
    return parts;
  },
  failed(data, run, open) {
    const parts = [reason(data)];
    if (data.consequences) parts.push(note(data.consequences));
    if (data.cause) parts.push(note(`Correct ${shortened(data.cause, 120)} first.`));
    const row = Object.entries(data.row || {});
    if (row.length) {
      const pairs = row.map(([name, value]) => [name, { old: null, new: value }]);
      parts.push(collapsed("the source row", () => values(pairs, run, false), open));
    }
    return parts;
  },
  missing(data, run, open) {
    const { cascade } = data;
    if (!cascade || !(cascade.components || cascade.references)) return [];
    const title = `Deleting it would also delete ${countBoth(cascade.components, cascade.references)}`;
    return [collapsed(title, () => cascadeList(cascade.listed, cascade.components + cascade.references, run), open)];
  },
  blocked(data, run, open) {
    if (!(data.children || data.references)) return [];
    const title = `Deleting it would also delete ${countBoth(data.children, data.references)}` +
      (data.cascade_total ? `, of which ${NUMBERS.format(data.cascade_total)} are not missing` : "");
    return [data.cascade_total ? collapsed(title, () => cascadeList(data.cascade, data.cascade_total, run), open) : note(title)];
  },
  not_deleted(data) {
    return [make("p", { class: "reason" }, longText(data.reason, "span", "", 600))];
  },
  ambiguous(data) {
    const ids = (data.matches || []).map((id) => make("li", {}, make("code", {}, oneLine(id)), id === data.used ? " is used" : ""));
    return [note(`${ids.length === 1 ? "1 entity in Ardoq matches" : `${NUMBERS.format(ids.length)} entities in Ardoq match`} this row:`), make("ul", { class: "ids" }, ...ids)];
  },
  conflicts(data, run) {
    const titles = [data.first_label || "first row", `${data.last_label || "last row"}, which is used`];
    return [values([[data.attribute, { old: data.first, new: data.last }]], run, true, titles.map((title) => oneLine(shortened(title, 120))))];
  },
  skipped(data) {
    return [reason(data)];
  },
  not_converging(data, run) {
    return [values([[data.attribute, { old: data.stored, new: data.wanted }]], run, true, ["Ardoq keeps", "the source has"])];
  },
};

function countBoth(components, references) {
  const parts = [];
  if (components) parts.push(counted(components, "component"));
  if (references) parts.push(counted(references, "reference"));
  return parts.join(" and ");
}

function reason(data) {
  return make("p", { class: "reason" }, longText(data.reason, "span", "", 600));
}

function note(text) {
  return make("p", { class: "note" }, oneLine(text));
}

// Collapsed content is built when it is first opened.
function collapsed(title, fill, open) {
  const summary = make("summary", {}, title);
  const details = make("details", {}, summary);
  const fillOnce = () => {
    if (details.childElementCount === 1) details.append(fill());
  };
  summary.addEventListener("click", fillOnce);
  details.addEventListener("toggle", fillOnce); // the browser's own search opens it as well
  details.fill = fillOnce;
  if (open) {
    fillOnce();
    details.open = true;
  }
  return details;
}

function values(rows, run, both, titles = ["before", "after"]) {
  const table = make("table", { class: both ? "values both" : "values" });
  const head = make("tr", {}, make("th", { scope: "col" }, "attribute"));
  if (both) head.append(make("th", { scope: "col" }, titles[0]));
  head.append(make("th", { scope: "col" }, both ? titles[1] : "value"));
  const body = make("tbody");
  for (const [name, { old, new: current }] of rows) {
    const row = make("tr", {}, make("th", { scope: "row" }, make("bdi", {}, oneLine(shortened(name, 80)))));
    if (both) row.append(valueCell(old, run, "old", titles[0]));
    row.append(valueCell(current, run, "new", both ? titles[1] : "value"));
    body.append(row);
  }
  table.append(make("thead", {}, head), body);
  return table;
}

function valueCell(value, run, name, title) {
  const element = make("td", { class: name, "data-title": title });
  if (value === null || value === undefined) {
    element.append(make("span", { class: "empty" }, "empty"));
    return element;
  }
  const label = typeof value === "string" ? own(run.names, value) || own(run.workspaces, value) : undefined;
  if (label) {
    element.append(make("bdi", {}, oneLine(shortened(label, 160))), " ", make("code", { class: "id" }, oneLine(value)));
  } else {
    element.append(longText(valueText(value), "div", "value"));
  }
  return element;
}

const CASCADE_STATES = { missing: "also missing", named: "still in the source", other: "" };

function cascadeList(entities, total, run) {
  const list = make("ul", { class: "cascade" });
  for (const entity of entities) {
    const workspace = workspaceName(entity.rootWorkspace, run);
    list.append(
      make(
        "li", { class: entity.state === "named" ? "named" : "" },
        `${entity.kind} `, make("bdi", { class: "name" }, oneLine(shortened(nameOf(entity), 120))),
        make("span", { class: "what" }, make("bdi", {}, oneLine(shortened(entity.typeName, 80))), workspace ? make("bdi", {}, ` · ${oneLine(shortened(workspace, 80))}`) : ""),
        own(CASCADE_STATES, entity.state || "") ? make("strong", {}, CASCADE_STATES[entity.state]) : "",
      ),
    );
  }
  if (total > entities.length) list.append(make("li", { class: "rest" }, `and ${NUMBERS.format(total - entities.length)} more`));
  return list;
}
