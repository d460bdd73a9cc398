// Start the page: read the embedded data piece by piece, then build the lists and the graph.

async function start() {
  const root = document.documentElement;
  root.classList.add("scripted");
  setUpTheme(root, document.querySelector("#theme"));
  await pause();
  const run = JSON.parse(document.querySelector("#document").textContent);
  const bar = document.querySelector("#find");
  const lists = new Lists(run, document.querySelector("#lists"), bar);
  for (const part of document.querySelectorAll("script[data-section]")) {
    await pause();
    await lists.add(part.dataset.section, JSON.parse(part.textContent));
    part.remove();
  }
  await lists.show();
  setUpSearch(bar, lists);
  setUpLinks(lists, bar);
  root.dataset.ready = "lists";
  const section = document.querySelector("#graph");
  if (section) {
    await pause();
    const embedded = document.querySelector("#graph-data");
    run.graph = JSON.parse(embedded.textContent);
    embedded.remove();
    await pause();
    const graph = new Graph(run, section, lists);
    await finishInSlices(graph.drawing());
    graph.reveal();
    addEventListener("beforeprint", () => graph.beforePrint());
    addEventListener("afterprint", () => graph.afterPrint());
  }
  root.dataset.ready = "all";
}

function setUpSearch(bar, lists) {
  const field = bar.querySelector("input");
  bar.hidden = false;
  field.addEventListener("input", () => lists.search(field.value));
  bar.addEventListener("submit", (event) => event.preventDefault());
  bar.querySelector(".clear").addEventListener("click", () => {
    lists.clear();
    field.focus();
  });
  for (const button of bar.querySelectorAll("[data-expand]")) {
    button.addEventListener("click", () => lists.expand(button.dataset.expand === "true"));
  }
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
    }
    if (event.key === "Escape" && event.target === field) lists.clear();
  });
  addEventListener("beforeprint", () => lists.beforePrint());
  addEventListener("afterprint", () => lists.afterPrint());
}

// A link to a section opens it; a number of the totals shows only what it counts.
function setUpLinks(lists, bar) {
  for (const link of document.querySelectorAll("a[href^='#section-']")) {
    link.addEventListener("click", () => {
      const { state, kind } = link.dataset;
      if (state) lists.choose({ state, kind });
      else if (lists.isFiltered) lists.clear();
      const section = lists.sections.get(link.hash.slice("#section-".length));
      if (section) section.expand(true);
    });
  }
  const stuck = () => document.documentElement.style.setProperty("--bar", `${bar.offsetHeight}px`);
  new ResizeObserver(stuck).observe(bar);
}

// Light or dark as the system is set, until the button is used.
function setUpTheme(root, button) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const showState = () => {
    button.setAttribute("aria-pressed", String(isDark()));
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    showState();
  });
  dark.addEventListener("change", showState);
  showState();
}

start();
