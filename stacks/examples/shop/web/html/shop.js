// The page: lists and searches products, takes an order and shows its way, lists the latest ones. All it knows comes
// from /api.

import { Live, STEPS, newer } from "./live.js";

const SIZE = 24;
const LATEST = 12;
const byId = (id) => document.getElementById(id);
const money = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });
const number = new Intl.NumberFormat("en");
const when = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

// One drawing for each category: paths in a box of 24.
const ART = {
  Kitchen: "M5 10h12v6a4 4 0 0 1-4 4H9a4 4 0 0 1-4-4zM17 12h1.5a2 2 0 0 1 0 5H17M8 7V5M11 7V4M14 7V5",
  Table: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
  Living: "M8 4h8l3 8H5zM12 12v8M8 20h8",
  Office: "M6 4h11a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H6zM9 4v16M12 9h3M12 12h3",
  Garden: "M7 13h10l-1.5 7h-7zM12 13V7M12 9c-4 0-5-2-5-4 3 0 5 1 5 4zM12 8c0-3 2-4 5-4 0 3-2 4-5 4z",
  Travel: "M7 9a5 5 0 0 1 10 0v10a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1zM10 4.5V3h4v1.5M9 13h6v4H9z",
};
const OTHER = "M5 8l7-4 7 4v8l-7 4-7-4zM5 8l7 4 7-4M12 12v8";

// What is said of an order that is looked at, and of where the news come from.
const SAYS = {
  taken: "is taken. It will be packed in a moment.",
  packed: "is packed.",
  done: "is done and on its way to you.",
  cancelled: "was cancelled.",
};
const SOURCES = {
  live: "Live",
  asking: "Live updates are away: asking every second",
  away: "The shop does not answer: trying again",
};

const state = { q: "", category: "", page: 1 };
let asked = 0; // answers to questions that are no longer the last one are dropped
let chosen = null;
let placed = null; // the order whose way is shown
let latest = new Map(); // the orders of the list that is shown, by their number

async function api(path, options) {
  let answer;
  try {
    answer = await fetch(`api${path}`, options);
  } catch {
    throw new Error("The shop cannot be reached.");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const detail = Array.isArray(body.detail) ? body.detail.map((item) => item.msg).join(" ") : body.detail;
    throw new Error(detail || `The shop answered ${answer.status}.`);
  }
  return body;
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function tell(id, error) {
  byId(id).textContent = error ? error.message : "";
  byId(id).hidden = !error;
}

function art(product) {
  const box = element("div", { className: "art", ariaHidden: "true" });
  const hue = [...product.sku].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
  box.style.setProperty("--hue", hue);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ART[product.category] || OTHER);
  svg.append(path);
  box.append(svg);
  return box;
}

function card(product) {
  const buy = element("button", { type: "button", textContent: "Order" });
  buy.setAttribute("aria-label", `Order ${product.name}`);
  buy.addEventListener("click", () => openOrder(product));
  return element(
    "li",
    { className: "product" },
    art(product),
    element(
      "div",
      { className: "about" },
      element("p", { className: "kind", textContent: product.category }),
      element("h2", { textContent: product.name }),
      element("p", { className: "text", textContent: product.description }),
      element("div", { className: "buy" }, element("span", { className: "price", textContent: money.format(product.price) }), buy),
    ),
  );
}

async function list() {
  const mine = ++asked;
  const { q, category, page } = state;
  try {
    const found = await api(`/products?${new URLSearchParams({ q, category, page, size: SIZE })}`);
    if (mine !== asked) return;
    tell("problem", null);
    byId("title").textContent = q ? `Results for “${q}”` : category || "All products";
    byId("count").textContent = `${number.format(found.total)} ${found.total === 1 ? "product" : "products"}`;
    const nothing = element("li", { className: "empty", textContent: "Nothing fits. Try fewer or other words." });
    byId("products").replaceChildren(...(found.items.length ? found.items.map(card) : [nothing]));
    const pages = Math.max(1, Math.ceil(found.total / SIZE));
    byId("pages").hidden = pages === 1;
    byId("page").textContent = `Page ${number.format(page)} of ${number.format(pages)}`;
    byId("previous").disabled = page <= 1;
    byId("next").disabled = page >= pages;
  } catch (error) {
    if (mine === asked) tell("problem", error);
  }
}

async function listCategories() {
  const found = await api("/categories").catch(() => []);
  const button = (name, text) => {
    const made = element("button", { type: "button", textContent: text });
    made.dataset.category = name;
    made.addEventListener("click", () => go({ category: name, page: 1 }));
    return made;
  };
  byId("categories").replaceChildren(button("", "All"), ...found.map(({ name }) => button(name, name)));
  mark();
}

function mark() {
  for (const button of byId("categories").children) {
    button.setAttribute("aria-pressed", String(button.dataset.category === state.category));
  }
}

// The address holds what is shown, so that it can be reloaded, kept and sent on.
function go(change, { replace = false } = {}) {
  Object.assign(state, change);
  const address = new URLSearchParams();
  if (state.q) address.set("q", state.q);
  if (state.category) address.set("category", state.category);
  if (state.page > 1) address.set("page", state.page);
  history[replace ? "replaceState" : "pushState"](null, "", address.size ? `?${address}` : location.pathname);
  mark();
  return list();
}

function fromAddress() {
  const address = new URLSearchParams(location.search);
  state.q = address.get("q") || "";
  state.category = address.get("category") || "";
  state.page = Math.max(1, Number.parseInt(address.get("page"), 10) || 1);
  byId("q").value = state.q;
  mark();
  return list();
}

function openOrder(product) {
  chosen = product;
  byId("order-category").textContent = product.category;
  byId("order-title").textContent = product.name;
  byId("order-description").textContent = product.description;
  byId("quantity").value = 1;
  showTotal();
  tell("order-problem", null);
  byId("order-form").hidden = false;
  byId("order-done").hidden = true;
  for (const input of byId("order-form").querySelectorAll("input")) input.removeAttribute("aria-invalid");
  byId("order").showModal();
  byId("name").focus();
}

function showTotal() {
  const count = Math.max(1, Number.parseInt(byId("quantity").value, 10) || 1);
  byId("order-price").textContent = money.format(chosen.price * count);
}

async function placeOrder(event) {
  event.preventDefault();
  const form = byId("order-form");
  const bad = [...form.querySelectorAll("input")].filter((input) => !input.checkValidity());
  for (const input of form.querySelectorAll("input")) {
    if (bad.includes(input)) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  if (bad.length) {
    const label = bad[0].parentElement.firstChild.textContent.trim();
    tell("order-problem", new Error(`${label}: ${bad[0].validationMessage}`));
    bad[0].focus();
    return;
  }
  byId("place-order").disabled = true;
  try {
    const order = await api("/orders", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        product_id: chosen.id,
        quantity: Number(byId("quantity").value),
        name: byId("name").value.trim(),
        email: byId("email").value.trim(),
      }),
    });
    byId("done-text").textContent =
      `Order ${order.id}: ${order.quantity} × ${order.product}, ${money.format(order.total)}.`;
    form.hidden = true;
    byId("order-done").hidden = false;
    placed = null;
    showWay(order);
    follow("order-live", async () => [await api(`/orders/${order.id}`)]);
    byId("order-done").focus();
  } catch (error) {
    tell("order-problem", error);
  } finally {
    byId("place-order").disabled = false;
  }
}

// The steps that the placed order has behind it, the one that it is at, and the same in words for who listens.
function showWay(order) {
  if (placed && placed.id !== order.id) return;
  const before = placed?.status;
  placed = newer(placed, order);
  if (placed.status === before) return;
  const at = STEPS.indexOf(placed.status);
  for (const step of byId("steps").children) {
    const its = STEPS.indexOf(step.dataset.step);
    step.className = its < at || placed.status === "done" ? "passed" : its === at ? "current" : "";
    if (its === at) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  }
  byId("steps").hidden = at < 0;
  byId("order-done").dataset.status = placed.status;
  byId("step-text").textContent = `Order ${placed.id} ${SAYS[placed.status]}`;
}

function row(order) {
  return element(
    "tr",
    {},
    element("td", { textContent: order.id }),
    element("td", { textContent: `${order.quantity} × ${order.product}` }),
    element("td", { textContent: order.customer }),
    element("td", { textContent: when.format(new Date(order.ordered_at)) }),
    element("td", { className: "number", textContent: money.format(order.total) }),
    element("td", {}, element("span", { className: `status ${order.status}`, textContent: order.status })),
  );
}

// Puts one order into the list: in the place that it has, or on top. What is there already stays as it is.
function showLatest(order) {
  const known = latest.get(order.id);
  const now = newer(known?.order, order);
  if (known && known.order.status === now.status) return;
  const made = row(now);
  if (known) {
    known.row.replaceWith(made);
    made.className = known.row.className;
  } else {
    const below = [...latest.keys()].filter((id) => id < order.id).sort((a, b) => b - a)[0];
    if (below === undefined && latest.size >= LATEST) return;
    byId("order-rows").insertBefore(made, latest.get(below)?.row ?? null);
  }
  latest.set(order.id, { order: now, row: made });
  for (const id of [...latest.keys()].sort((a, b) => b - a).slice(LATEST)) {
    latest.get(id).row.remove();
    latest.delete(id);
  }
}

async function openOrders() {
  byId("orders").showModal();
  latest = new Map();
  byId("order-rows").replaceChildren();
  const ask = () => api(`/orders?size=${LATEST}`);
  try {
    const found = await ask();
    tell("orders-problem", null);
    found.forEach(showLatest);
  } catch (error) {
    tell("orders-problem", error);
  }
  if (byId("orders").open) follow("orders-live", ask);
}

const live = new Live({
  open: () => new EventSource("api/orders/events"),
  ask: () => live.looked.ask(),
  tell: (order) => {
    if (placed) showWay(order);
    if (!byId("orders").open) return;
    tell("orders-problem", null);
    const fresh = !latest.has(order.id);
    showLatest(order);
    if (fresh && latest.has(order.id)) latest.get(order.id).row.className = "new";
  },
  state: (source) => {
    byId(live.looked.id).textContent = SOURCES[source];
    byId(live.looked.id).dataset.source = source;
  },
});

// Follow orders for as long as the dialog is open: `id` says where the news come from, `ask` asks for what is shown.
function follow(id, ask) {
  live.stop();
  live.looked = { id, ask };
  byId(id).textContent = "";
  live.start();
  compareVersions();
}

// A page may stay open for days, and the shop goes on without it.
async function compareVersions() {
  const mine = document.querySelector("meta[name=version]").content;
  const { version } = await api("/version").catch(() => ({ version: mine }));
  byId("newer").hidden = version === mine;
}

let typed;
byId("q").addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(() => go({ q: byId("q").value.trim(), page: 1 }, { replace: true }), 180);
});
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typed);
  go({ q: byId("q").value.trim(), page: 1 });
});
async function turn(by) {
  await go({ page: state.page + by });
  scrollTo({ top: 0, behavior: "smooth" });
  byId("products").focus({ preventScroll: true });
}
byId("previous").addEventListener("click", () => turn(-1));
byId("next").addEventListener("click", () => turn(1));
byId("order-form").addEventListener("submit", placeOrder);
byId("quantity").addEventListener("input", showTotal);
byId("show-orders").addEventListener("click", openOrders);
byId("reload").addEventListener("click", () => location.reload());
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("close", () => {
    live.stop();
    placed = null;
  });
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) dialog.close();
  });
  dialog.addEventListener("pointerdown", (event) => {
    const box = dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (event.target === dialog && !inside) dialog.close(); // the backdrop is the dialog's own
  });
}
addEventListener("popstate", fromAddress);

listCategories();
fromAddress();
compareVersions();
