// The lists: searched and filtered as a whole, drawn piece by piece as they are looked at.

const AT_FIRST = 40; // entries of a section that are drawn at once
const PIECE = 60; // and so many more when their end comes into sight
const ON_PAPER = 5000; // entries of a section that are printed

const FILTERS = [
  ["state", "action", (state) => VERBS[state]],
  ["kind", "kind", (kind) => kind],
  ["type", "type", (type) => type],
  ["workspace", "workspace", (workspace) => workspace],
];

class Lists {
  constructor(account, root, bar) {
    this.account = account;
    this.entries = [];
    this.sections = new Map();
    this.root = root;
    this.bar = bar;
    this.chosen = {};
    this.words = [];
    this.open = false;
    this.printing = false;
    this.listeners = [];
    this.seen = new IntersectionObserver((found) => {
      for (const one of found) if (one.isIntersecting) this.sections.get(one.target.dataset.section).draw(PIECE);
    }, { rootMargin: "600px" });
  }

  async take(section, data) {
    let started = performance.now();
    for (const one of data) {
      this.entries.push(entryOf(section, one, this.account));
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
      this.seen.observe(section.end);
    }
    for (const [key, title, called] of FILTERS) this.bar.querySelector(".filters").append(this.filter(key, title, called));
    this.find();
  }

  filter(key, title, called) {
    const numbers = new Map();
    for (const entry of this.entries) if (entry[key]) numbers.set(entry[key], (numbers.get(entry[key]) || 0) + 1);
    const select = make("select", { id: `filter-${key}` }, make("option", { value: "" }, `every ${title}`));
    const names = [...numbers.keys()];
    if (key !== "state") names.sort((one, other) => (one < other ? -1 : 1));
    for (const name of names) {
      const option = make("option", {}, `${oneLine(shortened(called(name), 60))} (${NUMBERS.format(numbers.get(name))})`);
      option.value = `=${name}`;
      select.append(option);
    }
    select.addEventListener("change", () => {
      this.chosen[key] = select.value.slice(1) || undefined;
      this.find();
    });
    return make("label", { class: "filter" }, make("span", {}, title), select);
  }

  search(text) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.find();
  }

  clear() {
    this.words = [];
    this.chosen = {};
    this.bar.querySelector("input").value = "";
    for (const select of this.bar.querySelectorAll("select")) select.value = "";
    this.find();
  }

  matches(entry) {
    for (const [key] of FILTERS) if (this.chosen[key] !== undefined && entry[key] !== this.chosen[key]) return false;
    return this.words.every((word) => entry.text.includes(word));
  }

  get narrowed() {
    return this.words.length > 0 || Object.values(this.chosen).some((value) => value !== undefined);
  }

  find() {
    let hits = 0;
    for (const section of this.sections.values()) {
      section.found = this.narrowed ? section.all.filter((entry) => this.matches(entry)) : section.all;
      hits += section.found.length;
      section.redraw();
    }
    const all = counted(this.entries.length, "entry").replace("entrys", "entries");
    this.bar.querySelector(".hits").textContent = this.narrowed ? `${NUMBERS.format(hits)} of ${all}` : all;
    this.bar.querySelector(".clear").hidden = !this.narrowed;
    document.querySelector("#nothing").hidden = hits > 0 || !this.entries.length;
    for (const listener of this.listeners) listener();
  }

  fold(open) {
    this.open = open;
    for (const section of this.sections.values()) {
      section.fold(true);
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
      section.draw(Math.max(0, ON_PAPER - section.drawn));
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
    this.found = all;
    this.drawn = 0;
    this.number = make("span", { class: "number" });
    this.button = make("button", { type: "button", "aria-expanded": "true", "aria-controls": `list-${key}` }, title, " ", this.number);
    this.list = make("ul", { class: "entries" });
    this.end = make("button", { type: "button", class: "end", "data-section": key });
    this.rest = make("p", { class: "on-paper" });
    this.body = make("div", { class: "body", id: `list-${key}` }, this.list, this.end, this.rest);
    this.element = make("section", { class: "list", id: `section-${key}` }, make("h2", {}, this.button), this.body);
    this.button.addEventListener("click", () => this.fold(this.body.hidden));
    this.end.addEventListener("click", () => this.draw(PIECE));
  }

  fold(open) {
    this.body.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
  }

  redraw() {
    this.drawn = 0;
    this.list.replaceChildren();
    this.element.hidden = this.lists.narrowed && !this.found.length;
    this.number.textContent = this.found.length === this.all.length
      ? NUMBERS.format(this.all.length)
      : `${NUMBERS.format(this.found.length)} of ${NUMBERS.format(this.all.length)}`;
    this.draw(AT_FIRST);
  }

  draw(number) {
    const more = this.found.slice(this.drawn, this.drawn + number);
    this.drawn += more.length;
    const open = this.lists.open || this.lists.printing;
    this.list.append(...more.map((entry) => entryElement(entry, this.lists.account, open)));
    const left = this.found.length - this.drawn;
    this.end.hidden = left === 0;
    this.end.textContent = `Show more (${NUMBERS.format(left)} left)`;
    this.rest.textContent = left ? `${NUMBERS.format(left)} more are not printed; the page lists them all.` : "";
    // Seen again, should its end still be in sight.
    this.lists.seen.unobserve(this.end);
    if (left) this.lists.seen.observe(this.end);
  }
}
