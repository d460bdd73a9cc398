// The lists: every entry is an element, so that the browser's own search finds it. Those out of sight are not
// laid out: entries are in chunks, and the style sheet leaves chunks out that are not in view.

const CHUNK = 40; // entries
const CHUNKS_AT_ONCE = 25; // that are put into the page together, after the first
const ENTRY_HEIGHT = 78; // pixels, about: the height of an entry that was not laid out yet
const FOLDED_FROM = 10; // with more blocked or failed entries, these sections are collapsed at first
const MAX_PRINTED = 5000; // entries of a section

const FILTERS = [
  ["state", "action", (state) => VERBS[state]],
  ["kind", "kind", (kind) => kind],
  ["type", "type", (type) => type],
  ["workspace", "workspace", (workspace) => workspace],
];

class Lists {
  constructor(run, root, bar) {
    this.run = run;
    this.entries = [];
    this.total = 0;
    this.sections = new Map();
    this.root = root;
    this.bar = bar;
    this.filters = {};
    this.words = [];
    this.printing = false;
    this.listeners = [];
    this.slices = new Slices();
    this.numbers = new Map(FILTERS.map(([key]) => [key, new Map()]));
    for (const element of root.querySelectorAll("section")) this.sections.set(element.dataset.key, new Section(this, element));
  }

  async add(key, data) {
    const section = this.sections.get(key);
    for (const item of data) {
      const entry = makeEntry(key, item, this.run);
      this.entries.push(entry);
      this.total += entry.members.length;
      for (const member of entry.members) this.count(member);
      section.add(entry);
      await this.slices.next();
    }
  }

  // How many entries each option of a filter leaves.
  count(member) {
    for (const [key, numbers] of this.numbers) if (member[key]) numbers.set(member[key], (numbers.get(member[key]) || 0) + 1);
  }

  async show() {
    for (const [key, title, label] of FILTERS) this.bar.querySelector(".filters").append(this.filter(key, title, label));
    await pause();
    this.update();
  }

  filter(key, title, label) {
    const numbers = this.numbers.get(key);
    const select = make("select", { id: `filter-${key}` }, make("option", {}, `every ${title}`));
    select.firstChild.value = "";
    const names = [...numbers.keys()];
    if (key !== "state") names.sort((first, second) => (first < second ? -1 : 1));
    for (const name of names) {
      const option = make("option", {}, `${oneLine(shortened(label(name), 60))} (${NUMBERS.format(numbers.get(name))})`);
      option.value = `=${name}`;
      select.append(option);
    }
    select.addEventListener("change", () => {
      this.filters[key] = select.value.slice(1) || undefined;
      this.update();
    });
    return make("label", { class: "filter" }, make("span", {}, title), select);
  }

  // Each word, and each phrase in quotes, has to occur.
  search(text) {
    const pieces = [...text.toLowerCase().matchAll(/"([^"]*)"?|[^\s"]+/g)];
    this.words = pieces.map(([piece, phrase]) => (phrase === undefined ? piece : phrase)).filter(Boolean);
    this.update();
  }

  // Show only what a number of the totals counts.
  choose(filters) {
    this.reset();
    for (const [key, value] of Object.entries(filters)) {
      this.filters[key] = value;
      this.bar.querySelector(`#filter-${key}`).value = `=${value}`;
    }
    this.update();
  }

  clear() {
    this.reset();
    this.update();
  }

  reset() {
    this.words = [];
    this.filters = {};
    this.bar.querySelector("input").value = "";
    for (const select of this.bar.querySelectorAll("select")) select.value = "";
  }

  matches(member) {
    for (const [key] of FILTERS) if (this.filters[key] !== undefined && member[key] !== this.filters[key]) return false;
    return this.words.every((word) => member.text.includes(word));
  }

  get isFiltered() {
    return this.words.length > 0 || Object.values(this.filters).some((value) => value !== undefined);
  }

  update() {
    let count = 0;
    for (const section of this.sections.values()) count += section.match();
    this.draw();
    const all = `${NUMBERS.format(this.total)} ${this.total === 1 ? "entry" : "entries"}`;
    this.bar.querySelector(".hits").textContent = this.isFiltered ? `${NUMBERS.format(count)} of ${all}` : all;
    this.bar.querySelector(".clear").hidden = !this.isFiltered;
    document.querySelector("#nothing").hidden = count > 0 || !this.entries.length;
    for (const listener of this.listeners) listener();
  }

  // Hide what is left out, in slices: a later search ends this one.
  async draw() {
    const version = (this.version || 0) + 1;
    this.version = version;
    this.root.setAttribute("aria-busy", "true");
    const slices = new Slices();
    for (const section of this.sections.values()) {
      for (const chunk of section.chunks) {
        section.drawChunk(chunk);
        await slices.next();
        if (this.version !== version) return;
      }
    }
    this.root.removeAttribute("aria-busy");
  }

  async expand(open) {
    const slices = new Slices();
    for (const section of this.sections.values()) section.expand(true);
    for (const details of this.root.querySelectorAll(open ? "details:not([open])" : "details[open]")) {
      details.open = open;
      await slices.next();
    }
  }

  beforePrint() {
    if (this.printing) return;
    this.printing = true;
    for (const section of this.sections.values()) section.beforePrint();
  }

  afterPrint() {
    this.printing = false;
    for (const details of this.root.querySelectorAll("details[data-printed]")) {
      details.open = false;
      delete details.dataset.printed;
    }
  }
}

class Section {
  constructor(lists, element) {
    const { key, size } = element.dataset;
    this.lists = lists;
    this.element = element;
    this.size = Number(size);
    this.chunks = [];
    this.added = 0;
    this.waiting = [];
    this.groups = Number(element.dataset.groups);
    this.heading = element.querySelector("h2");
    this.number = element.querySelector(".number");
    this.button = make("button", { type: "button", "aria-controls": `list-${key}` }, ...this.heading.childNodes);
    this.heading.append(this.button);
    this.body = make("div", { class: "body", id: `list-${key}` });
    this.rest = make("p", { class: "not-printed" });
    element.append(this.body, this.rest);
    this.expand(!(["blocked", "failed"].includes(key) && this.size > FOLDED_FROM));
    this.button.addEventListener("click", () => this.expand(this.isCollapsed));
    this.body.addEventListener("beforematch", (event) => event.target === this.body && this.expand(true));
  }

  get isCollapsed() {
    return this.button.getAttribute("aria-expanded") === "false";
  }

  // A collapsed section stays in the page: the browser's own search opens it.
  expand(open) {
    if (open) this.body.removeAttribute("hidden");
    else this.body.setAttribute("hidden", "until-found");
    this.button.setAttribute("aria-expanded", String(open));
  }

  add(entry) {
    let chunk = this.chunks[this.chunks.length - 1];
    if (!chunk || chunk.entries.length === CHUNK) {
      chunk = { entries: [], list: make("ul", { class: "entries" }), shown: CHUNK };
      this.chunks.push(chunk);
    }
    chunk.entries.push(entry);
    chunk.list.append(entryElement(entry, this.lists.run));
    // Only whole chunks go into the page, and many at once: each time, it may be laid out.
    this.added += 1;
    const isLast = this.added === this.groups;
    if (chunk.entries.length === CHUNK || isLast) this.waiting.push(chunk.list);
    if (isLast || this.waiting.length === (this.added > CHUNK ? CHUNKS_AT_ONCE : 1)) this.body.append(...this.waiting.splice(0));
  }

  // Find what the search and the filters leave; return the number of entries.
  match() {
    let count = 0;
    for (const chunk of this.chunks) {
      for (const entry of chunk.entries) {
        entry.matching = this.lists.isFiltered ? entry.members.map((member) => this.lists.matches(member)) : null;
        entry.found = entry.matching ? entry.matching.filter(Boolean).length : entry.members.length;
        count += entry.found;
      }
    }
    this.element.hidden = this.lists.isFiltered && !count;
    this.number.textContent = count === this.size ? NUMBERS.format(this.size) : `${NUMBERS.format(count)} of ${NUMBERS.format(this.size)}`;
    return count;
  }

  drawChunk(chunk) {
    let shown = 0;
    for (const entry of chunk.entries) {
      this.drawEntry(entry);
      shown += entry.shown > 0;
    }
    if (shown === chunk.shown) return;
    chunk.shown = shown;
    chunk.list.hidden = !shown;
    chunk.list.style.setProperty("--height", `${shown * ENTRY_HEIGHT}px`);
  }

  drawEntry(entry) {
    const { found, matching } = entry;
    if (entry.items.length && (matching || found !== entry.shown)) {
      entry.items.forEach((item, index) => {
        item.hidden = Boolean(matching) && !matching[index];
      });
      const all = NUMBERS.format(entry.members.length);
      entry.count.textContent = found === entry.members.length ? `all ${all}` : `${NUMBERS.format(found)} of ${all}`;
    }
    if ((found === 0) !== (entry.shown === 0)) entry.element.hidden = found === 0;
    entry.shown = found;
  }

  // On paper everything is expanded, up to a number of entries.
  beforePrint() {
    let printed = 0;
    let left = 0;
    for (const chunk of this.chunks) {
      chunk.list.classList.toggle("beyond", printed >= MAX_PRINTED);
      if (printed >= MAX_PRINTED) {
        left += chunk.entries.reduce((sum, entry) => sum + entry.found, 0);
        continue;
      }
      printed += chunk.entries.reduce((sum, entry) => sum + entry.found, 0);
      for (const details of chunk.list.querySelectorAll("details:not([open])")) {
        details.dataset.printed = "";
        details.open = true;
      }
    }
    this.rest.textContent = left ? `${NUMBERS.format(left)} more are not printed. The page lists all of them.` : "";
  }
}
