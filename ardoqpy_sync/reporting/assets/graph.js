// The graph as SVG: panels, boxes and curves, moved and zoomed by mouse, touch and keyboard.

const SVG = "http://www.w3.org/2000/svg";
const STATES = ["created", "updated", "deleted", "missing", "failed", "unchanged"];
const MAX_SCALE = 2.5;
const MAX_NAMED = 16; // of more curves, only those of the selection show their names
const MAX_PRINTED_BOXES = 150; // with more components, all types are collapsed on paper
const NARROW = 500; // pixels
const READABLE = 0.5; // below this scale the names of components are hidden

function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

class Graph {
  constructor(run, section, lists) {
    const { nodes, edges } = run.graph;
    this.run = run;
    this.lists = lists;
    this.nodes = nodes;
    this.edges = edges;
    this.byId = new Map(nodes.map((node) => [node.id, node]));
    this.panels = panelsOf(nodes);
    // On a phone, names of components would be too small to read: there, types start collapsed.
    for (const panel of this.panels) panel.open = nodes.length <= MAX_OPEN && innerWidth >= NARROW;
    this.section = section;
    this.frame = section.querySelector(".frame");
    this.svg = this.frame.querySelector("svg");
    this.selectionText = section.querySelector(".selection");
    this.view = { x: 0, y: 0, scale: 1 };
    this.selected = null;
    this.pointers = new Map();
  }

  // Show the graph once it is drawn.
  reveal() {
    this.section.hidden = false;
    this.addListeners();
    this.fit();
    this.lists.listeners.push(() => this.dim());
  }

  // -- drawing --------------------------------------------------------------------------------------------

  redraw() {
    finish(this.drawing());
  }

  *drawing() {
    const graphLayout = yield* layout(this.panels, this.edges);
    this.layout = graphLayout;
    this.shapes = new Map();
    this.order = [];
    this.content = draw("g");
    const curves = draw("g", { class: "edges" });
    this.links = yield* linksBetween(this.edges, graphLayout.boxes);
    this.labelPositions = [];
    // Names lie above all lines: no line crosses one.
    const names = draw("g");
    yield* inSteps(this.links, (link) => {
      curves.append(this.edge(link));
      if (link.name) names.append(link.name);
    });
    const panels = draw("g");
    const boxes = draw("g");
    for (const panel of [...this.panels].sort((first, second) => first.x - second.x || first.y - second.y)) {
      panels.append(this.panel(panel));
      this.order.push(panel);
      for (const node of panel.shown) {
        const box = graphLayout.boxes.get(node.id);
        boxes.append(this.box(box));
        this.order.push(box);
      }
      if (panel.open && panel.rest && panel.shown.length < panel.nodes.length) {
        const { x, y, height, more } = panel.rest;
        boxes.append(draw("text", { class: "more name", x: x + 8, y: y + height / 2 + 4 }, `and ${NUMBERS.format(more)} more`));
      }
    }
    this.content.append(panels, curves, names, boxes);
    this.svg.replaceChildren(this.content);
    this.svg.classList.toggle("few", this.links.length <= MAX_NAMED);
    yield;
    if (this.selected) this.select(this.order.find((shape) => shape.key ? shape.key === this.selected.key : shape.node === this.selected.node) || null);
    this.dim();
    this.move();
  }

  edge(link) {
    const { path, tip, dot, x, y, sideways } = curve(link);
    const width = link.bundle ? 1.2 + Math.min(5, Math.log2(link.edges.length)) : 1.4;
    const types = [...new Set(link.edges.map((edge) => edge.type))];
    const toParent = types.length === 1 && types[0] === "parent";
    const group = draw(
      "g", { class: `edge ${link.state}${toParent ? " up" : ""}${link.bundle ? " bundle" : ""}` },
      draw("path", { d: path, "stroke-width": width, class: "way" }),
      toParent ? draw("circle", { ...dot, class: "tip" }) : draw("path", { d: tip, class: "tip" }),
    );
    if (!toParent) {
      const label = link.bundle ? NUMBERS.format(link.edges.length) : oneLine(shortened(types[0], 24));
      // Where names would overlap, only the first is shown.
      const crowded = this.labelPositions.some((label) => Math.abs(label.x - x) < 48 && Math.abs(label.y - y) < 12);
      if (!crowded) this.labelPositions.push({ x, y });
      link.name = draw("text", { class: `edge-name${crowded ? " crowded" : ""}${link.bundle ? " bundle" : ""}`, x: sideways ? x + 4 : x, y: y + 4, "text-anchor": sideways ? "start" : "middle" }, label);
    }
    group.append(draw("title", {}, link.edges.slice(0, 12).map((edge) => this.edgeText(edge)).join("\n") + (link.edges.length > 12 ? `\nand ${link.edges.length - 12} more` : "")));
    this.shapes.set(link, group);
    return group;
  }

  edgeText(edge) {
    const [from, to] = [edge.source, edge.target].map((id) => oneLine(shortened(this.byId.get(id).name, 60)));
    return `${from} → ${to}: ${oneLine(shortened(edge.type, 60))}, ${edge.state}`;
  }

  panel(panel) {
    const { x, y, width, height, open } = panel;
    const group = draw("g", { class: `panel ${open ? "open" : "closed"}` });
    const room = Math.floor((width - 46) / 7.2);
    group.append(
      draw("rect", { x, y, width, height, rx: 8 }),
      draw("text", { class: "fold", x: x + 12, y: y + 18 }, open ? "▾" : "▸"),
      draw("text", { class: "title", x: x + 26, y: y + 18 }, oneLine(shortened(panel.type, room))),
      draw("text", { class: "where", x: x + 26, y: y + 32 }, oneLine(shortened(workspaceName(panel.workspace, this.run), room))),
      draw("text", { class: "count", x: x + width - 10, y: y + 18, "text-anchor": "end" }, NUMBERS.format(panel.nodes.length)),
    );
    if (!open) {
      let at = x + 14;
      for (const state of STATES) {
        if (!panel.counts[state]) continue;
        const text = `${MARKS[state]}${NUMBERS.format(panel.counts[state])}`;
        group.append(draw("text", { class: `tally ${state}`, x: at, y: y + height - 14 }, text));
        at += 12 + text.length * 8;
      }
    }
    group.append(draw("title", {}, `${oneLine(shortened(panel.type, 200))}: ${counted(panel.nodes.length, "component")}`));
    group.addEventListener("click", () => !this.dragged && this.toggle(panel));
    this.shapes.set(panel, group);
    return group;
  }

  box(box) {
    const { node, x, y, width, height } = box;
    const group = draw(
      "g", { class: `box ${node.state}` },
      draw("rect", { x, y, width, height, rx: node.state === "unchanged" ? 13 : 4 }),
      draw("text", { class: "mark", x: x + 13, y: y + height / 2 + 5, "text-anchor": "middle" }, MARKS[node.state]),
      draw("text", { class: "name", x: x + 26, y: y + height / 2 + 4 }, oneLine(shortened(node.name, 22))),
      draw("title", {}, `${oneLine(shortened(node.name, 300))}\n${oneLine(shortened(node.type, 100))}, ${node.state}`),
    );
    group.addEventListener("click", () => !this.dragged && this.select(box));
    this.shapes.set(box, group);
    return group;
  }

  // -- view ---------------------------------------------------------------------------------------------

  size() {
    return { width: this.svg.clientWidth || 800, height: this.svg.clientHeight || 440 };
  }

  fit() {
    const graphLayout = this.layout;
    // As high as needed, but leave room for the rest of the page.
    const wide = Math.min(1.15, (this.size().width - 32) / graphLayout.width);
    this.svg.style.height = `${Math.min(Math.max(graphLayout.height * wide + 40, 220), Math.max(320, innerHeight * 0.62))}px`;
    const { width, height } = this.size();
    const scale = Math.min(1.15, (width - 32) / graphLayout.width, (height - 32) / graphLayout.height);
    this.view = {
      scale,
      x: (width - graphLayout.width * scale) / 2 - graphLayout.x * scale,
      y: (height - graphLayout.height * scale) / 2 - graphLayout.y * scale,
    };
    this.minScale = Math.min(scale, 0.4);
    this.isFitted = true;
    this.move();
  }

  move() {
    const { x, y, scale } = this.view;
    this.content.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    this.svg.classList.toggle("far", scale < READABLE);
    // The titles of panels stay readable at a small scale.
    this.svg.style.setProperty("--title", `${Math.min(64, Math.max(13, 11.8 / scale))}px`);
    this.frame.dataset.scale = scale.toFixed(3);
  }

  // Paper has another size: the whole graph is scaled to it.
  beforePrint() {
    this.printing = true;
    if (this.nodes.length > MAX_PRINTED_BOXES) {
      this.collapsedForPrint = this.panels.filter((panel) => panel.open);
      for (const panel of this.collapsedForPrint) panel.open = false;
      this.redraw();
    }
    const { x, y, width, height } = this.layout;
    this.svg.setAttribute("viewBox", `${x - 12} ${y - 12} ${width + 24} ${height + 24}`);
    this.content.removeAttribute("transform");
    this.svg.classList.remove("far");
    this.svg.style.setProperty("--title", "13px");
  }

  afterPrint() {
    this.printing = false;
    for (const panel of this.collapsedForPrint || []) panel.open = true;
    this.collapsedForPrint = null;
    this.svg.removeAttribute("viewBox");
    this.redraw();
  }

  zoom(factor, at) {
    this.isFitted = false;
    const { width, height } = this.size();
    const { x, y } = at || { x: width / 2, y: height / 2 };
    const scale = Math.min(MAX_SCALE, Math.max(this.minScale / 2, this.view.scale * factor));
    const ratio = scale / this.view.scale;
    this.view = { scale, x: x - (x - this.view.x) * ratio, y: y - (y - this.view.y) * ratio };
    this.move();
  }

  pan(x, y) {
    this.isFitted = false;
    this.view.x += x;
    this.view.y += y;
    this.move();
  }

  show(box) {
    this.isFitted = false;
    const { width, height } = this.size();
    const scale = Math.max(this.view.scale, 0.8);
    this.view = { scale, x: width / 2 - (box.x + box.width / 2) * scale, y: height / 2 - (box.y + Math.min(box.height, 60) / 2) * scale };
    this.move();
  }

  toggle(panel, open = !panel.open) {
    panel.open = open;
    this.selected = panel;
    this.redraw();
    this.announce(`${oneLine(shortened(panel.type, 60))} ${open ? "expanded" : "collapsed"}: ${counted(panel.nodes.length, "component")}.`);
  }

  toggleAll(open) {
    for (const panel of this.panels) panel.open = open;
    this.selected = null;
    this.redraw();
    this.fit();
  }

  select(box) {
    this.selected = box;
    for (const shape of this.svg.querySelectorAll(".selected, .adjacent")) shape.classList.remove("selected", "adjacent");
    this.svg.classList.toggle("selecting", Boolean(box && box.node));
    if (!box) return this.announce("");
    this.shapes.get(box).classList.add("selected");
    if (!box.node) {
      return this.announce(`${oneLine(shortened(box.type, 60))}, ${counted(box.nodes.length, "component")}, ${box.open ? "expanded" : "collapsed"}. Enter ${box.open ? "collapses" : "expands"} it.`);
    }
    const linksOfBox = this.links.filter((link) => link.from === box || link.to === box);
    for (const link of linksOfBox) {
      this.shapes.get(link).classList.add("adjacent");
      if (link.name) link.name.classList.add("adjacent");
      for (const end of [link.from, link.to]) if (this.shapes.has(end)) this.shapes.get(end).classList.add("adjacent");
    }
    this.showNode(box.node, linksOfBox.flatMap((link) => link.edges));
    return undefined;
  }

  announce(text) {
    this.selectionText.replaceChildren(text ? make("p", {}, text) : "");
  }

  showNode(node, edges) {
    const button = make("button", { type: "button" }, "Find in the lists");
    button.addEventListener("click", () => {
      const field = this.lists.bar.querySelector("input");
      field.value = /\s/.test(node.name) && !node.name.includes('"') ? `"${node.name}"` : node.name;
      this.lists.search(field.value);
      this.lists.bar.scrollIntoView();
      field.focus({ preventScroll: true });
    });
    const list = edges.slice(0, 12).map((edge) => make("li", {}, this.edgeText(edge)));
    if (edges.length > 12) list.push(make("li", {}, `and ${NUMBERS.format(edges.length - 12)} more`));
    this.selectionText.replaceChildren(
      make("p", {}, make("span", { class: `mark ${node.state}`, "aria-hidden": "true" }, MARKS[node.state]), " ", make("strong", {}, oneLine(shortened(node.name, 200))),
        ` ${[node.type, workspaceName(node.workspace, this.run), node.state].filter(Boolean).map((part) => oneLine(shortened(part, 80))).join(" · ")}`),
      list.length ? make("ul", {}, ...list) : "",
      button,
    );
  }

  // Dim what the search and the filters leave out.
  dim() {
    const { words, filters, isFiltered } = this.lists;
    const out = new Set();
    for (const [{ node }, shape] of this.shapes) {
      if (!node) continue;
      const workspace = workspaceName(node.workspace, this.run);
      const text = [node.name, node.type, workspace, node.state, node.id].join("\n").toLowerCase();
      const hidden = isFiltered && !(
        words.every((word) => text.includes(word)) &&
        (filters.type === undefined || filters.type === node.type) &&
        (filters.workspace === undefined || filters.workspace === workspace) &&
        (filters.state === undefined || filters.state === node.state) &&
        filters.kind !== "reference"
      );
      shape.classList.toggle("out", hidden);
      if (hidden) out.add(node.id);
    }
    // A line to what is dimmed is dimmed, too, unless it is itself what is looked for.
    for (const link of this.links) {
      const matching = link.edges.some((edge) => {
        const text = [edge.type, edge.state, "reference"].join("\n").toLowerCase();
        const found = (words.length || filters.state) && words.every((word) => text.includes(word)) &&
          (filters.state === undefined || filters.state === edge.state) && filters.type === undefined && filters.workspace === undefined;
        return (found && filters.kind !== "component") || !(out.has(edge.source) || out.has(edge.target));
      });
      for (const shape of [this.shapes.get(link), link.name]) if (shape) shape.classList.toggle("out", isFiltered && !matching);
    }
  }

  // -- input ----------------------------------------------------------------------------------------------

  addListeners() {
    const { svg, frame } = this;
    svg.addEventListener("wheel", (event) => {
      // The wheel scrolls the page, unless the graph has the focus.
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== svg) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / (event.ctrlKey ? 150 : 500)), this.position(event));
    }, { passive: false });
    svg.addEventListener("pointerdown", (event) => {
      this.dragged = false;
      this.pointers.set(event.pointerId, this.position(event));
    });
    svg.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
      svg.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    }
    svg.addEventListener("keydown", (event) => this.key(event));
    for (const button of this.section.querySelectorAll(".tools button")) {
      button.addEventListener("click", () => this.command(button.dataset.command));
    }
    new ResizeObserver(() => this.content && this.isFitted && !this.printing && this.fit()).observe(frame);
  }

  position(event) {
    const frame = this.svg.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.position(event);
    if (!this.dragged && Math.hypot(now.x - before.x, now.y - before.y) < 4) return;
    if (!this.dragged) this.svg.setPointerCapture(event.pointerId);
    this.dragged = true;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId);
    if (other) {
      const [distance, distanceBefore] = [now, before].map((point) => Math.hypot(point.x - other[1].x, point.y - other[1].y));
      this.zoom(distance / Math.max(1, distanceBefore), other[1]);
    } else {
      this.pan(now.x - before.x, now.y - before.y);
    }
    this.pointers.set(event.pointerId, now);
  }

  command(name) {
    if (name === "in") this.zoom(1.3);
    if (name === "out") this.zoom(1 / 1.3);
    if (name === "fit") this.fit();
    if (name === "open") this.toggleAll(true);
    if (name === "close") this.toggleAll(false);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 60;
    const keys = {
      ArrowLeft: () => this.pan(step, 0),
      ArrowRight: () => this.pan(-step, 0),
      ArrowUp: () => this.pan(0, step),
      ArrowDown: () => this.pan(0, -step),
      "+": () => this.zoom(1.3),
      "=": () => this.zoom(1.3),
      "-": () => this.zoom(1 / 1.3),
      0: () => this.fit(),
      n: () => this.next(1),
      p: () => this.next(-1),
      Enter: () => this.selected && this.selected.key && this.toggle(this.selected),
      " ": () => this.selected && this.selected.key && this.toggle(this.selected),
      Escape: () => this.select(null),
    };
    const pressed = own(keys, event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (!pressed) return;
    event.preventDefault();
    pressed();
  }

  next(step) {
    if (!this.order.length) return;
    const now = this.selected ? this.order.indexOf(this.selected) : step > 0 ? -1 : 0;
    const box = this.order[(now + step + this.order.length) % this.order.length];
    this.select(box);
    this.show(box);
  }
}
