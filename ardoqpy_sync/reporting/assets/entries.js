// Everything that is listed, in one shape: what became of which thing, where, and the text to search.

// How each outcome is marked: never by its colour alone.
const MARKS = {
  created: "+", updated: "~", deleted: "−", missing: "?", failed: "!", unchanged: "·",
  refused: "×", ambiguous: "≈", stubborn: "≠",
};
const STATE_OF = { create: "created", update: "updated", delete: "deleted" };
const VERBS = {
  created: "create", updated: "update", deleted: "delete", missing: "missing", failed: "failed",
  refused: "refused", ambiguous: "ambiguous", stubborn: "not kept",
};
const SECTIONS = [
  ["refused", "Refused by the guard"],
  ["failed", "Failed rows"],
  ["changes", "Changes"],
  ["missing", "In Ardoq, no longer in the source"],
  ["ambiguous", "Ambiguous matches"],
  ["stubborn", "Not kept by Ardoq as sent"],
];

function own(object, key) {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

// A reference is called after its ends.
function nameOf({ kind, name }) {
  return kind === "reference" && name ? name.replace(" -> ", " → ") : name || "without a name";
}

function entryOf(section, data, account) {
  const state = section === "changes" ? STATE_OF[data.action] : section;
  const at = data.rootWorkspace;
  const workspace = at ? own(account.workspaces, at) || at : "";
  const entry = { section, state, data, kind: data.kind, type: data.typeName || "", workspace, name: nameOf(data) };
  entry.text = searched(entry, account);
  return entry;
}

// All that can be searched for, in small letters.
function searched(entry, account) {
  const { data } = entry;
  const parts = [data.name || "", entry.name, VERBS[entry.state], entry.kind, entry.type, entry.workspace];
  for (const key of ["_id", "label", "note", "reason", "field", "attribute", "used"]) {
    if (data[key]) parts.push(String(data[key]));
  }
  for (const [name, { old, new: now }] of Object.entries(data.attributes || {})) {
    parts.push(name);
    for (const value of [old, now]) {
      if (value === null || value === undefined) continue;
      parts.push(valueText(value));
      if (typeof value === "string") parts.push(own(account.names, value) || "");
    }
  }
  for (const key of ["stored", "wanted"]) {
    if (key in data) parts.push(valueText(data[key]));
  }
  if (data.matches) parts.push(data.matches.join(" "));
  if (data.row) parts.push(valueText(data.row));
  for (const other of Array.isArray(data.along) ? data.along : (data.along || {}).listed || []) {
    parts.push(other.name || "", other._id || "");
  }
  return parts.join("\n").toLowerCase();
}

// -- one entry as an element ------------------------------------------------------------------------------

function entryElement(entry, account, open) {
  const { data } = entry;
  const item = make("li", { class: `entry ${entry.state}` });
  item.append(
    make(
      "div", { class: "line" },
      make("span", { class: "mark", "aria-hidden": "true" }, MARKS[entry.state]),
      make("span", { class: "verb" }, VERBS[entry.state]),
      long(entry.name, "span", "name", 160),
      make("span", { class: "what" }, entry.kind, entry.type ? " · " : "", entry.type ? make("bdi", {}, oneLine(shortened(entry.type, 80))) : ""),
      entry.workspace ? make("span", { class: "where" }, make("bdi", {}, oneLine(shortened(entry.workspace, 80)))) : "",
      data.label ? make("span", { class: "label" }, make("bdi", {}, oneLine(shortened(data.label, 120)))) : "",
    ),
  );
  for (const part of PARTS[entry.section](data, account, open)) item.append(part);
  return item;
}

const PARTS = {
  changes(data, account, open) {
    const rows = Object.entries(data.attributes);
    const parts = data.note ? [note(data.note)] : [];
    if (!rows.length) return parts;
    const updating = data.action === "update";
    const few = updating ? 8 : 0;
    if (updating) parts.push(values(rows.slice(0, few), account, true));
    if (rows.length > few) {
      const title = updating ? `${rows.length - few} more` : counted(rows.length, "value");
      parts.push(folded(title, () => values(rows.slice(few), account, updating), open));
    }
    return parts;
  },
  failed(data, account, open) {
    const parts = [make("p", { class: "reason" }, long(data.reason, "span", "", 600))];
    const row = Object.entries(data.row || {});
    if (row.length) {
      const pairs = row.map(([name, value]) => [name, { old: null, new: value }]);
      parts.push(folded("the row", () => values(pairs, account, false), open));
    }
    return parts;
  },
  missing(data, account, open) {
    const { along } = data;
    if (!along || !(along.components || along.references)) return [];
    const title = `Deleting it would take along ${and(along.components, along.references)}`;
    return [folded(title, () => listed(along.listed, along.components + along.references, account), open)];
  },
  refused(data, account, open) {
    if (!(data.children || data.references)) return [];
    const title = `With it ${and(data.children, data.references)}` +
      (data.along_total ? `, of which ${NUMBERS.format(data.along_total)} would not be deleted otherwise` : "");
    return [data.along_total ? folded(title, () => listed(data.along, data.along_total, account), open) : note(title)];
  },
  ambiguous(data) {
    const ids = (data.matches || []).map((id) => make("li", {}, make("code", {}, oneLine(id)), id === data.used ? " is used" : ""));
    return [note(`${counted(ids.length, "thing")} in Ardoq match${ids.length === 1 ? "es" : ""} this row:`), make("ul", { class: "ids" }, ...ids)];
  },
  stubborn(data, account) {
    return [values([[data.attribute, { old: data.stored, new: data.wanted }]], account, true, ["Ardoq keeps", "the source says"])];
  },
};

function and(components, references) {
  const parts = [];
  if (components) parts.push(counted(components, "component"));
  if (references) parts.push(counted(references, "reference"));
  return parts.join(" and ");
}

function note(text) {
  return make("p", { class: "note" }, oneLine(text));
}

// What is folded is made when it is first opened.
function folded(title, fill, open) {
  const summary = make("summary", {}, title);
  const details = make("details", {}, summary);
  const opened = () => {
    if (details.childElementCount === 1) details.append(fill());
  };
  summary.addEventListener("click", opened);
  details.addEventListener("toggle", opened); // the browser's own search opens it, too
  details.fill = opened;
  if (open) {
    opened();
    details.open = true;
  }
  return details;
}

function values(rows, account, both, titles = ["before", "after"]) {
  const table = make("table", { class: both ? "values both" : "values" });
  const head = make("tr", {}, make("th", { scope: "col" }, "attribute"));
  if (both) head.append(make("th", { scope: "col" }, titles[0]));
  head.append(make("th", { scope: "col" }, both ? titles[1] : "value"));
  const body = make("tbody");
  for (const [name, { old, new: now }] of rows) {
    const row = make("tr", {}, make("th", { scope: "row" }, make("bdi", {}, oneLine(shortened(name, 80)))));
    if (both) row.append(cell(old, account, "old", titles[0]));
    row.append(cell(now, account, "new", both ? titles[1] : "value"));
    body.append(row);
  }
  table.append(make("thead", {}, head), body);
  return table;
}

function cell(value, account, name, title) {
  const element = make("td", { class: name, "data-title": title });
  if (value === null || value === undefined) {
    element.append(make("span", { class: "empty" }, "empty"));
    return element;
  }
  const called = typeof value === "string" ? own(account.names, value) || own(account.workspaces, value) : undefined;
  if (called) {
    element.append(make("bdi", {}, oneLine(shortened(called, 160))), " ", make("code", { class: "id" }, oneLine(value)));
  } else {
    element.append(long(valueText(value), "div", "value"));
  }
  return element;
}

const STANDING = { missing: "missing itself", named: "still in the source", other: "" };

function listed(things, total, account) {
  const list = make("ul", { class: "along" });
  for (const one of things) {
    const at = own(account.workspaces, one.rootWorkspace || "") || one.rootWorkspace || "";
    list.append(
      make(
        "li", { class: one.state === "named" ? "named" : "" },
        `${one.kind} `, make("bdi", { class: "name" }, oneLine(shortened(nameOf(one), 120))),
        make("span", { class: "what" }, make("bdi", {}, oneLine(shortened(one.typeName, 80))), at ? make("bdi", {}, ` · ${oneLine(shortened(at, 80))}`) : ""),
        own(STANDING, one.state || "") ? make("strong", {}, STANDING[one.state]) : "",
      ),
    );
  }
  if (total > things.length) list.append(make("li", { class: "rest" }, `and ${NUMBERS.format(total - things.length)} more`));
  return list;
}
