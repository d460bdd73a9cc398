// The lists: search and filters cover all entries, drawn are only those that come into view.

const FIRST_DRAWN = 40; // entries of a section
const MORE_DRAWN = 60; // when the end of a section comes into view
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
    this.sections = new Map();
    this.root = root;
    this.bar = bar;
    this.filters = {};
    this.words = [];
    this.open = false;
    this.printing = false;
    this.listeners = [];
    this.observer = new IntersectionObserver((observed) => {
      for (const { isIntersecting, target } of observed) if (isIntersecting) this.sections.get(target.dataset.section).draw(MORE_DRAWN);
    }, { rootMargin: "600px" });
  }

  async add(section, data) {
    let started = performance.now();
    for (const item of data) {
      this.entries.push(makeEntry(section, item, this.run));
      if (performance.now() - started > 25) {
        await pause();
        started = performance.now();
      }
    }
  }

  show() {
    for (const [key, title] of SECTIONS) {
      const all = this.entries.filter((entry) => entry.section === key);
      if (!all.length) continue;
      const section = new Section(this, key, title, all);
      this.sections.set(key, section);
      this.root.append(section.element);
      this.observer.observe(section.end);
    }
    for (const [key, title, label] of FILTERS) this.bar.querySelector(".filters").append(this.filter(key, title, label));
    this.update();
  }

  filter(key, title, label) {
    const numbers = new Map();
    for (const entry of this.entries) if (entry[key]) numbers.set(entry[key], (numbers.get(entry[key]) || 0) + 1);
    const select = make("select", { id: `filter-${key}` }, make("option", { value: "" }, `every ${title}`));
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

  search(text) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.update();
  }

  clear() {
    this.words = [];
    this.filters = {};
    this.bar.querySelector("input").value = "";
    for (const select of this.bar.querySelectorAll("select")) select.value = "";
    this.update();
  }

  matches(entry) {
    for (const [key] of FILTERS) if (this.filters[key] !== undefined && entry[key] !== this.filters[key]) return false;
    return this.words.every((word) => entry.text.includes(word));
  }

  get isFiltered() {
    return this.words.length > 0 || Object.values(this.filters).some((value) => value !== undefined);
  }

  update() {
    let count = 0;
    for (const section of this.sections.values()) {
      section.matching = this.isFiltered ? section.all.filter((entry) => this.matches(entry)) : section.all;
      count += section.matching.length;
      section.redraw();
    }
    const all = counted(this.entries.length, "entry").replace("entrys", "entries");
    this.bar.querySelector(".hits").textContent = this.isFiltered ? `${NUMBERS.format(count)} of ${all}` : all;
    this.bar.querySelector(".clear").hidden = !this.isFiltered;
    document.querySelector("#nothing").hidden = count > 0 || !this.entries.length;
    for (const listener of this.listeners) listener();
  }

  expand(open) {
    this.open = open;
    for (const section of this.sections.values()) {
      section.expand(true);
      for (const details of section.list.querySelectorAll("details")) {
        if (open) details.fill();
        details.open = open;
      }
    }
  }

  beforePrint() {
    if (this.printing) return;
    this.printing = true;
    for (const section of this.sections.values()) {
      section.draw(Math.max(0, MAX_PRINTED - section.drawn));
      for (const details of section.list.querySelectorAll("details:not([open])")) {
        details.fill();
        details.dataset.printed = "";
        details.open = true;
      }
    }
  }

  afterPrint() {
    this.printing = false;
    for (const details of this.root.querySelectorAll("details[data-printed]")) {
      details.open = false;
      delete details.dataset.printed;
    }
    for (const section of this.sections.values()) section.redraw();
  }
}

class Section {
  constructor(lists, key, title, all) {
    this.lists = lists;
    this.all = all;
    this.matching = all;
    this.drawn = 0;
    this.number = make("span", { class: "number" });
    this.button = make("button", { type: "button", "aria-expanded": "true", "aria-controls": `list-${key}` }, title, " ", this.number);
    this.list = make("ul", { class: "entries" });
    this.end = make("button", { type: "button", class: "end", "data-section": key });
    this.rest = make("p", { class: "not-printed" });
    this.body = make("div", { class: "body", id: `list-${key}` }, this.list, this.end, this.rest);
    this.element = make("section", { class: "list", id: `section-${key}` }, make("h2", {}, this.button), this.body);
    this.button.addEventListener("click", () => this.expand(this.body.hidden));
    this.end.addEventListener("click", () => this.draw(MORE_DRAWN));
  }

  expand(open) {
    this.body.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
  }

  redraw() {
    this.drawn = 0;
    this.list.replaceChildren();
    this.element.hidden = this.lists.isFiltered && !this.matching.length;
    this.number.textContent = this.matching.length === this.all.length
      ? NUMBERS.format(this.all.length)
      : `${NUMBERS.format(this.matching.length)} of ${NUMBERS.format(this.all.length)}`;
    this.draw(FIRST_DRAWN);
  }

  draw(number) {
    const more = this.matching.slice(this.drawn, this.drawn + number);
    this.drawn += more.length;
    const open = this.lists.open || this.lists.printing;
    this.list.append(...more.map((entry) => entryElement(entry, this.lists.run, open)));
    const left = this.matching.length - this.drawn;
    this.end.hidden = left === 0;
    this.end.textContent = `Show more (${NUMBERS.format(left)} left)`;
    this.rest.textContent = left ? `${NUMBERS.format(left)} more are not printed. The page lists all of them.` : "";
    // Observed anew, in case the end is still in view.
    this.lists.observer.unobserve(this.end);
    if (left) this.lists.observer.observe(this.end);
  }
}
