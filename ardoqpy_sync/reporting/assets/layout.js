// The layout of the graph: a panel for each type of a workspace, in the order in which references lead from
// one to the next. The same graph always has the same layout.

const BOX = { width: 184, height: 26, gap: 8 };
const PANEL = { padding: 12, head: 40, between: 28, across: 130 };
const MAX_BOXES = 400; // components that an open panel shows
const MAX_OPEN = 500; // up to so many components, all panels are open

// Changes come before what does not change.
const STATE_ORDER = ["failed", "deleted", "missing", "created", "updated", "unchanged"];

function compare(first, second) {
  return first < second ? -1 : first > second ? 1 : 0;
}

// The panels of a graph, sorted by name, with their nodes and the number of each state.
function panelsOf(nodes) {
  const panels = new Map();
  for (const node of nodes) {
    const key = JSON.stringify([node.workspace || "", node.type]);
    let panel = panels.get(key);
    if (!panel) {
      panel = { key, type: node.type, workspace: node.workspace || "", nodes: [], counts: {}, open: false };
      panels.set(key, panel);
    }
    panel.nodes.push(node);
    panel.counts[node.state] = (panel.counts[node.state] || 0) + 1;
  }
  return [...panels.values()].sort((first, second) => compare(first.key, second.key));
}

// How many edges lead from one panel to another; a parent comes before its children.
function* flows(panels, edges, panelOf) {
  const out = new Map(panels.map((panel) => [panel, new Map()]));
  yield* inSteps(edges, (edge) => {
    let [from, to] = [panelOf.get(edge.source), panelOf.get(edge.target)];
    if (edge.type === "parent") [from, to] = [to, from];
    if (from !== to) out.get(from).set(to, (out.get(from).get(to) || 0) + 1);
  });
  return out;
}

// Panels in an order in which few edges lead back: a panel that leads nowhere is last, one to which nothing
// leads is first; in a cycle, the one with the most outgoing minus incoming edges goes first.
function orderPanels(panels, out) {
  const into = new Map(panels.map((panel) => [panel, new Map()]));
  for (const [from, targets] of out) for (const [to, number] of targets) into.get(to).set(from, number);
  const left = new Set(panels);
  const total = (flow) => [...flow].reduce((sum, [panel, number]) => sum + (left.has(panel) ? number : 0), 0);
  const first = [];
  const last = [];
  while (left.size) {
    const weighed = [...left].map((panel) => [panel, total(out.get(panel)), total(into.get(panel))]);
    const source = weighed.find(([, outgoing, incoming]) => !incoming && outgoing);
    const sink = weighed.find(([, outgoing]) => !outgoing);
    const [panel] = source || sink || weighed.reduce((best, next) => (next[1] - next[2] > best[1] - best[2] ? next : best));
    left.delete(panel);
    if (!source && sink) last.unshift(panel);
    else first.push(panel);
  }
  return [...first, ...last];
}

// The columns of panels: each is as far right as the longest path to it.
function columnsOf(panels, out) {
  const order = orderPanels(panels, out);
  const position = new Map(order.map((panel, number) => [panel, number]));
  const rank = new Map(order.map((panel) => [panel, 0]));
  for (const from of order) {
    for (const to of out.get(from).keys()) {
      if (position.get(to) > position.get(from)) rank.set(to, Math.max(rank.get(to), rank.get(from) + 1));
    }
  }
  const columns = [];
  for (const panel of order) (columns[rank.get(panel)] ||= []).push(panel);
  return columns.filter(Boolean);
}

function sizeOf(panel) {
  const { width, height, gap } = BOX;
  panel.rest = null;
  if (!panel.open) {
    panel.shown = [];
    panel.across = 1;
    panel.width = width + 2 * PANEL.padding;
    panel.height = PANEL.head + 30;
    return;
  }
  panel.shown = [...panel.nodes]
    .sort((first, second) => STATE_ORDER.indexOf(first.state) - STATE_ORDER.indexOf(second.state) || compare(first.name, second.name) || compare(first.id, second.id))
    .slice(0, MAX_BOXES);
  const number = panel.shown.length + (panel.shown.length < panel.nodes.length ? 1 : 0);
  panel.across = number <= 14 ? 1 : Math.ceil(Math.sqrt(number / 5));
  const down = Math.ceil(number / panel.across);
  panel.width = panel.across * (width + gap) - gap + 2 * PANEL.padding;
  panel.height = PANEL.head + down * (height + gap) - gap + PANEL.padding;
}

// Split a column that is too tall.
function splitColumns(columns) {
  const area = columns.flat().reduce((sum, panel) => sum + (panel.width + PANEL.across) * (panel.height + PANEL.between), 0);
  const tallest = Math.max(420, Math.sqrt(area / 1.5));
  return columns.flatMap((column) => {
    const parts = [[]];
    let height = 0;
    for (const panel of column) {
      if (height && height + panel.height > tallest) {
        parts.push([]);
        height = 0;
      }
      parts[parts.length - 1].push(panel);
      height += panel.height + PANEL.between;
    }
    return parts;
  });
}

// Place the panels and their boxes; return the size of the graph, and the boxes by node.
function* layout(panels, edges) {
  const panelOf = new Map();
  for (const panel of panels) yield* inSteps(panel.nodes, (node) => panelOf.set(node.id, panel));
  panels.forEach(sizeOf);
  const columns = splitColumns(columnsOf(panels, yield* flows(panels, edges, panelOf)));
  const neighbours = new Map();
  yield* inSteps(edges, ({ source, target }) => {
    for (const [id, neighbour] of [[source, target], [target, source]]) {
      if (!neighbours.has(id)) neighbours.set(id, []);
      neighbours.get(id).push(neighbour);
    }
  });
  const boxes = new Map();
  let left = 0;
  for (const column of columns) {
    const middle = new Map();
    for (const panel of column) {
      const all = [];
      yield* inSteps(panel.nodes, (node) => all.push(...heights(node, neighbours, boxes)));
      middle.set(panel, mean(all));
    }
    column.sort((first, second) => middle.get(first) - middle.get(second) || compare(first.key, second.key));
    const height = column.reduce((sum, panel) => sum + panel.height + PANEL.between, -PANEL.between);
    const width = Math.max(...column.map((panel) => panel.width));
    let top = -height / 2;
    for (const panel of column) {
      Object.assign(panel, { x: left, y: top });
      yield;
      placeBoxes(panel, neighbours, boxes);
      top += panel.height + PANEL.between;
    }
    left += width + PANEL.across;
  }
  const all = columns.flat();
  const [top, bottom] = [Math.min(0, ...all.map((panel) => panel.y)), Math.max(0, ...all.map((panel) => panel.y + panel.height))];
  return { x: 0, y: top, width: Math.max(1, left - PANEL.across), height: Math.max(1, bottom - top), boxes, panelOf };
}

// In a panel with one column, a box is about as high as its neighbours.
function placeBoxes(panel, neighbours, boxes) {
  if (!panel.open) {
    for (const node of panel.nodes) boxes.set(node.id, panel);
    return;
  }
  if (panel.across === 1) {
    const height = new Map(panel.shown.map((node) => [node, mean(heights(node, neighbours, boxes))]));
    panel.shown = panel.shown
      .map((node, number) => [node, number])
      .sort(([node, number], [other, otherNumber]) => height.get(node) - height.get(other) || number - otherNumber)
      .map(([node]) => node);
  }
  const { width, height, gap } = BOX;
  const down = Math.ceil((panel.shown.length + (panel.shown.length < panel.nodes.length ? 1 : 0)) / panel.across);
  panel.shown.forEach((node, number) => {
    boxes.set(node.id, {
      node,
      panel,
      x: panel.x + PANEL.padding + Math.floor(number / down) * (width + gap),
      y: panel.y + PANEL.head + (number % down) * (height + gap),
      width,
      height,
    });
  });
  if (panel.shown.length < panel.nodes.length) {
    const number = panel.shown.length;
    panel.rest = {
      panel,
      more: panel.nodes.length - number,
      x: panel.x + PANEL.padding + Math.floor(number / down) * (width + gap),
      y: panel.y + PANEL.head + (number % down) * (height + gap),
      width,
      height,
    };
    for (const node of panel.nodes) if (!boxes.has(node.id)) boxes.set(node.id, panel.rest);
  }
}

function heights(node, neighbours, boxes) {
  return (neighbours.get(node.id) || []).filter((id) => boxes.has(id)).map((id) => boxes.get(id).y);
}

function mean(numbers) {
  return numbers.length ? numbers.reduce((sum, number) => sum + number, 0) / numbers.length : 0;
}

// Links between boxes: edges between the same two boxes, or to a closed panel, form one link.
function* linksBetween(edges, boxes) {
  const linksByKey = new Map();
  const numbers = new Map();
  const numberOf = (box) => {
    if (!numbers.has(box)) numbers.set(box, numbers.size);
    return numbers.get(box);
  };
  yield* inSteps(edges, (edge) => {
    const [from, to] = [boxes.get(edge.source), boxes.get(edge.target)];
    const single = from.node && to.node;
    if (!single && from === to) return;
    const key = `${numberOf(from)} ${numberOf(to)}${single ? ` ${edge.type}` : ""}`;
    const link = linksByKey.get(key) || { from, to, edges: [], bundle: !single, states: new Set() };
    link.edges.push(edge);
    link.states.add(edge.state);
    linksByKey.set(key, link);
  });
  yield* inSteps(linksByKey.values(), (link) => {
    link.state = STATE_ORDER.find((state) => link.states.has(state));
  });
  return [...linksByKey.values()];
}

// A curve from one box to another, horizontal at both ends, with its tip and the position of its name: near
// the source, where fewer curves meet.
function curve({ from, to }) {
  const sideways = from === to || Math.abs(from.x - to.x) < BOX.width;
  const lift = from === to ? 8 : 0;
  const [fromY, toY] = [from.y + from.height / 2 - lift, to.y + to.height / 2 + lift];
  const tip = 7;
  let [fromX, toX, side] = [from.x + from.width, to.x, 1];
  let bends;
  if (sideways) {
    [toX, side] = [to.x + to.width, -1];
    const out = Math.max(fromX, toX) + 24 + Math.min(70, Math.abs(toY - fromY) / 4) + lift;
    bends = [out, out];
  } else {
    if (to.x < from.x) [fromX, toX, side] = [from.x, to.x + to.width, -1];
    const bend = Math.max(30, Math.abs(toX - fromX) / 2) * side;
    bends = [fromX + bend, toX - bend];
  }
  const end = toX - tip * side;
  const at = sideways ? 0.5 : 0.3;
  return {
    path: `M${fromX} ${fromY}C${bends[0]} ${fromY} ${bends[1]} ${toY} ${end} ${toY}`,
    tip: `M${toX} ${toY}l${-tip * side} -3.5v7z`,
    dot: { cx: toX - 3 * side, cy: toY, r: 3 },
    x: bezier(at, fromX, bends[0], bends[1], end),
    y: bezier(at, fromY, fromY, toY, toY),
    sideways,
  };
}

function bezier(at, first, second, third, fourth) {
  const rest = 1 - at;
  return rest ** 3 * first + 3 * rest ** 2 * at * second + 3 * rest * at ** 2 * third + at ** 3 * fourth;
}
