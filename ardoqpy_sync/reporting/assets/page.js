// The page from its beginning: read what is embedded, piece by piece, and bring everything to life.

async function start() {
  const root = document.documentElement;
  root.classList.add("alive");
  theme(root, document.querySelector("#theme"));
  const account = JSON.parse(document.querySelector("#account").textContent);
  const bar = document.querySelector("#find");
  const lists = new Lists(account, document.querySelector("#lists"), bar);
  for (const part of document.querySelectorAll("script[data-section]")) {
    await pause();
    await lists.take(part.dataset.section, JSON.parse(part.textContent));
    part.remove();
  }
  lists.show();
  listen(bar, lists);
  root.dataset.ready = "lists";
  const picture = document.querySelector("#picture");
  if (picture) {
    await pause();
    const embedded = document.querySelector("#graph");
    account.graph = JSON.parse(embedded.textContent);
    embedded.remove();
    picture.hidden = false;
    const graph = new Graph(account, picture, lists);
    addEventListener("beforeprint", () => graph.beforePrint());
    addEventListener("afterprint", () => graph.afterPrint());
  }
  root.dataset.ready = "all";
}

function listen(bar, lists) {
  const field = bar.querySelector("input");
  bar.hidden = false;
  field.addEventListener("input", () => lists.search(field.value));
  bar.addEventListener("submit", (event) => event.preventDefault());
  bar.querySelector(".clear").addEventListener("click", () => {
    lists.clear();
    field.focus();
  });
  for (const button of bar.querySelectorAll("[data-fold]")) {
    button.addEventListener("click", () => lists.fold(button.dataset.fold === "open"));
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

// Light or dark as the system says, until the switch says otherwise.
function theme(root, button) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const tell = () => {
    button.setAttribute("aria-pressed", String(isDark()));
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    tell();
  });
  dark.addEventListener("change", tell);
  tell();
}

start();
