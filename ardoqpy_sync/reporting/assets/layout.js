// Where everything in the picture stands: panels, one for each type of a workspace, in the order in which
// references lead from one to the next. The same graph always gives the same picture.

const BOX = { width: 184, height: 26, gap: 8 };
const PANEL = { padding: 12, head: 40, between: 28, across: 130 };
const IN_FULL = 400; // components that an open panel shows
const TOGETHER = 500; // up to so many components, all panels are open

// What changes comes before what does not.
const WEIGHT = ["failed", "deleted", "missing", "created", "updated", "unchanged"];

function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

// The panels of a graph, sorted by name: what is in each, and how many of each state.
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
  return [...panels.values()].sort((one, other) => compare(one.key, other.key));
}

// How many edges lead from one panel to another; a parent stands before what is below it.
function flows(panels, edges, panelOf) {
  const out = new Map(panels.map((panel) => [panel, new Map()]));
  for (const edge of edges) {
    let [from, to] = [panelOf.get(edge.source), panelOf.get(edge.target)];
    if (edge.type === "parent") [from, to] = [to, from];
    if (from !== to) out.get(from).set(to, (out.get(from).get(to) || 0) + 1);
  }
  return out;
}

// Panels in an order in which as little as possible leads back: what leads nowhere else is last, what nothing
// leads to is first, and where all go in a circle, the one goes first that gives more than it takes.
function ordered(panels, out) {
  const into = new Map(panels.map((panel) => [panel, new Map()]));
  for (const [from, targets] of out) for (const [to, number] of targets) into.get(to).set(from, number);
  const left = new Set(panels);
  const total = (flow) => [...flow].reduce((sum, [panel, number]) => sum + (left.has(panel) ? number : 0), 0);
  const first = [];
  const last = [];
  while (left.size) {
    const weighed = [...left].map((panel) => [panel, total(out.get(panel)), total(into.get(panel))]);
    const source = weighed.find(([, gives, takes]) => !takes && gives);
    const sink = weighed.find(([, gives]) => !gives);
    const [panel] = source || sink || weighed.reduce((best, one) => (one[1] - one[2] > best[1] - best[2] ? one : best));
    left.delete(panel);
    if (!source && sink) last.unshift(panel);
    else first.push(panel);
  }
  return [...first, ...last];
}

// Which column each panel stands in: as far right as the longest way to it.
function columnsOf(panels, out) {
  const order = ordered(panels, out);
  const place = new Map(order.map((panel, number) => [panel, number]));
  const rank = new Map(order.map((panel) => [panel, 0]));
  for (const from of order) {
    for (const to of out.get(from).keys()) {
      if (place.get(to) > place.get(from)) rank.set(to, Math.max(rank.get(to), rank.get(from) + 1));
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
    .sort((one, other) => WEIGHT.indexOf(one.state) - WEIGHT.indexOf(other.state) || compare(one.name, other.name) || compare(one.id, other.id))
    .slice(0, IN_FULL);
  const number = panel.shown.length + (panel.shown.length < panel.nodes.length ? 1 : 0);
  panel.across = number <= 14 ? 1 : Math.ceil(Math.sqrt(number / 5));
  const down = Math.ceil(number / panel.across);
  panel.width = panel.across * (width + gap) - gap + 2 * PANEL.padding;
  panel.height = PANEL.head + down * (height + gap) - gap + PANEL.padding;
}

// A column that is far too tall becomes several.
function balanced(columns) {
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

// Put panels and their boxes in place; return how large the whole is, and the boxes by node.
function layout(panels, edges) {
  const panelOf = new Map();
  for (const panel of panels) for (const node of panel.nodes) panelOf.set(node.id, panel);
  panels.forEach(sizeOf);
  const columns = balanced(columnsOf(panels, flows(panels, edges, panelOf)));
  const beside = new Map();
  for (const { source, target } of edges) {
    for (const [one, other] of [[source, target], [target, source]]) {
      if (!beside.has(one)) beside.set(one, []);
      beside.get(one).push(other);
    }
  }
  const boxes = new Map();
  let left = 0;
  for (const column of columns) {
    const middle = new Map(column.map((panel) => [panel, mean(panel.nodes.flatMap((node) => heights(node, beside, boxes)))]));
    column.sort((one, other) => middle.get(one) - middle.get(other) || compare(one.key, other.key));
    const height = column.reduce((sum, panel) => sum + panel.height + PANEL.between, -PANEL.between);
    const width = Math.max(...column.map((panel) => panel.width));
    let top = -height / 2;
    for (const panel of column) {
      Object.assign(panel, { x: left, y: top });
      place(panel, beside, boxes);
      top += panel.height + PANEL.between;
    }
    left += width + PANEL.across;
  }
  const all = columns.flat();
  const [top, bottom] = [Math.min(0, ...all.map((panel) => panel.y)), Math.max(0, ...all.map((panel) => panel.y + panel.height))];
  return { x: 0, y: top, width: Math.max(1, left - PANEL.across), height: Math.max(1, bottom - top), boxes, panelOf };
}

// In a panel of one column what is linked stands at about the same height as what it is linked to.
function place(panel, beside, boxes) {
  if (!panel.open) {
    for (const node of panel.nodes) boxes.set(node.id, panel);
    return;
  }
  if (panel.across === 1) {
    const height = new Map(panel.shown.map((node) => [node, mean(heights(node, beside, boxes))]));
    panel.shown = panel.shown
      .map((node, number) => [node, number])
      .sort(([one, first], [other, second]) => height.get(one) - height.get(other) || first - second)
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

function heights(node, beside, boxes) {
  return (beside.get(node.id) || []).filter((id) => boxes.has(id)).map((id) => boxes.get(id).y);
}

function mean(numbers) {
  return numbers.length ? numbers.reduce((sum, number) => sum + number, 0) / numbers.length : 0;
}

// Edges between boxes, those between the same two boxes, or to what is not shown by itself, as one.
function links(edges, boxes) {
  const found = new Map();
  const numbers = new Map();
  const numberOf = (box) => {
    if (!numbers.has(box)) numbers.set(box, numbers.size);
    return numbers.get(box);
  };
  for (const edge of edges) {
    const [from, to] = [boxes.get(edge.source), boxes.get(edge.target)];
    const apart = from.node && to.node;
    if (!apart && from === to) continue;
    const key = `${numberOf(from)} ${numberOf(to)}${apart ? ` ${edge.type}` : ""}`;
    const link = found.get(key) || { from, to, edges: [], bundle: !apart };
    link.edges.push(edge);
    found.set(key, link);
  }
  for (const link of found.values()) {
    link.state = WEIGHT.find((state) => link.edges.some((edge) => edge.state === state));
  }
  return [...found.values()];
}

// A curve from one box to another, leaving and arriving level; its tip, and a place for its name, nearer to
// where it comes from: there fewer curves meet.
function curve({ from, to }) {
  const beside = from === to || Math.abs(from.x - to.x) < BOX.width;
  const lift = from === to ? 8 : 0;
  const [fromY, toY] = [from.y + from.height / 2 - lift, to.y + to.height / 2 + lift];
  const tip = 7;
  let [fromX, toX, side] = [from.x + from.width, to.x, 1];
  let bends;
  if (beside) {
    [toX, side] = [to.x + to.width, -1];
    const out = Math.max(fromX, toX) + 24 + Math.min(70, Math.abs(toY - fromY) / 4) + lift;
    bends = [out, out];
  } else {
    if (to.x < from.x) [fromX, toX, side] = [from.x, to.x + to.width, -1];
    const bend = Math.max(30, Math.abs(toX - fromX) / 2) * side;
    bends = [fromX + bend, toX - bend];
  }
  const end = toX - tip * side;
  const at = beside ? 0.5 : 0.3;
  return {
    path: `M${fromX} ${fromY}C${bends[0]} ${fromY} ${bends[1]} ${toY} ${end} ${toY}`,
    tip: `M${toX} ${toY}l${-tip * side} -3.5v7z`,
    dot: { cx: toX - 3 * side, cy: toY, r: 3 },
    x: bezier(at, fromX, bends[0], bends[1], end),
    y: bezier(at, fromY, fromY, toY, toY),
    beside,
  };
}

function bezier(at, first, second, third, fourth) {
  const rest = 1 - at;
  return rest ** 3 * first + 3 * rest ** 2 * at * second + 3 * rest * at ** 2 * third + at ** 3 * fourth;
}
