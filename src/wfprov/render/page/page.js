"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const rows = data.rows;
  const columns = [
    { key: "w", title: "Workflows", group: (k) => data.folders[k] || k.split(/[-_]/)[0] },
    { key: "i", title: "Identities", group: (k) => k.split(/[-_@]/)[0] },
    { key: "r", title: "Roles", group: (k) => (k.startsWith("custom role") ? "custom roles" : k.replace(/^roles\//, "").split(".")[0]) },
    { key: "o", title: "Resources", group: (k) => kinds.get(k) || "other" },
  ];
  const FLAT = 14, ENOUGH = 30, CHUNK = 12, PAGE = 40, LINES = 600, MANY = 90, WAYS = 25;
  const kinds = new Map(rows.map((row) => [row.o, row.k]));
  const labels = new Map(rows.map((row) => [row.o, row.l]));
  const texts = rows.map((row) => [
    row.w, row.i, row.r, row.o, row.l, row.k, ...row.m, ...row.c, row.q,
    ...row.b.map((b) => { const y = data.reasons[b]; return y.s + " " + y.p + " " + y.f; }),
  ].join("\n").toLowerCase());
  const at = (id) => document.getElementById(id);
  const state = { picked: [], open: new Set(), pages: new Map(), ways: WAYS };
  let shown = [], focused = [], lines = [], warmed = null;

  const make = (tag, properties = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "class") element.className = value;
      else if (value !== null && value !== undefined && value !== false) {
        element.setAttribute(name, value === true ? "" : value);
      }
    }
    element.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
    return element;
  };
  const counted = (n, one, many) => n + " " + (n === 1 ? one : many || one + "s");
  const name = (key, value) => (key === "o" ? labels.get(value) || value
    : key === "i" ? value.split("@")[0]
    : key === "r" ? value.replace(/^roles\//, "").replace(/ \(.*\)$/, "") : value);
  const sub = (key, value) => (key === "w" ? (data.sources[value] || "").split("/").pop()
    : key === "i" ? (value.includes("@") ? "@" + value.split("@")[1].split(".")[0] : "")
    : key === "o" ? kinds.get(value) : (value.match(/\((.*)\)$/) || ["", ""])[1]);

  function visible() {
    const words = at("query").value.toLowerCase().split(/\s+/).filter(Boolean);
    const by = ["w", "r", "o"].map((key) => [key, at("by-" + key).value]).filter(([, v]) => v);
    const project = at("only-project").checked, question = at("only-question").checked;
    const excess = at("only-excess").checked;
    return rows.filter((row, n) => words.every((word) => texts[n].includes(word))
      && by.every(([key, value]) => row[key] === value)
      && (!project || row.p) && (!question || row.s === "question") && (!excess || row.x > 0));
  }

  const holds = (row) => state.picked.every(({ key, values }) => values.has(row[key]));

  function groups(column, nodes) {
    if (nodes.length <= FLAT) return nodes.map((node) => ({ name: null, nodes: [node] }));
    const found = new Map();
    for (const node of nodes) {
      const group = column.group(node.value);
      if (!found.has(group)) found.set(group, []);
      found.get(group).push(node);
    }
    let list = [...found].map(([title, members]) => ({ name: title, nodes: members }));
    if (list.length > ENOUGH) {
      list = [];
      for (let from = 0; from < nodes.length; from += CHUNK) {
        const some = nodes.slice(from, from + CHUNK);
        const first = name(column.key, some[0].value), last = name(column.key, some.at(-1).value);
        list.push({ name: first + " \u2026 " + last, nodes: some });
      }
    }
    return list.map((g) => (g.nodes.length === 1 ? { name: null, nodes: g.nodes } : g))
      .sort((a, b) => (a.name === null) - (b.name === null));
  }

  function nodesOf(column, some, before) {
    const found = new Map();
    const places = before && new Map(before.order.map((value, n) => [value, n]));
    for (const row of some) {
      const value = row[column.key];
      let node = found.get(value);
      if (!node) found.set(value, node = { value, count: 0, sum: 0, project: false, question: false });
      node.count += 1;
      node.sum += places ? places.get(row[before.key]) : 0;
      if (column.key === "o" || column.key === "r") {
        node.project ||= column.key === "o" && row.p;
        node.question ||= row.s === "question";
      }
    }
    const nodes = [...found.values()].sort((a, b) => name(column.key, a.value).localeCompare(name(column.key, b.value)));
    // Few stand beside what they are joined to, so that lines cross less; many are found by name.
    if (nodes.length <= FLAT) nodes.sort((a, b) => a.sum / a.count - b.sum / b.count);
    return nodes;
  }

  function box(column, node) {
    const picked = state.picked.some((p) => p.key === column.key && p.values.size === 1 && p.values.has(node.value));
    const marks = (node.project ? " project" : "") + (node.question ? " question" : "");
    return make("button", {
      type: "button", class: "box" + marks, title: node.value, tabindex: "-1",
      "aria-pressed": String(picked), "data-column": column.key, "data-value": node.value,
      onclick: () => pick(picked ? [] : [{ key: column.key, values: new Set([node.value]), title: name(column.key, node.value) }]),
    }, name(column.key, node.value), sub(column.key, node.value) === "" ? null
      : make("span", { class: "sub" }, sub(column.key, node.value)));
  }

  function drawColumn(column, before) {
    const ends = new Map();
    const list = make("ul");
    const nodes = nodesOf(column, focused, before);
    const order = nodes.map((node) => node.value);
    for (const group of groups(column, nodes)) {
      if (group.name === null) {
        const button = box(column, group.nodes[0]);
        ends.set(group.nodes[0].value, button);
        list.append(make("li", {}, button));
        continue;
      }
      const id = column.key + "\n" + group.name;
      const open = state.open.has(id);
      const marks = (group.nodes.some((n) => n.project) ? " project" : "")
        + (group.nodes.some((n) => n.question) ? " question" : "");
      const header = make("button", {
        type: "button", class: "box group" + marks, "aria-expanded": String(open), tabindex: "-1",
        "data-group": id,
        onclick: () => { open ? state.open.delete(id) : state.open.add(id); draw(); refocus("data-group", id); },
      }, make("span", { class: "name" }, group.name), " ", make("span", { class: "count" }, String(group.nodes.length)));
      const item = make("li", {}, header);
      const most = state.pages.get(id) || PAGE;
      for (const node of group.nodes) ends.set(node.value, header);
      if (open) {
        const inner = make("ul");
        for (const node of group.nodes.slice(0, most)) {
          const button = box(column, node);
          ends.set(node.value, button);
          inner.append(make("li", {}, button));
        }
        if (group.nodes.length > most) {
          inner.append(make("li", {}, make("button", {
            type: "button", class: "more",
            onclick: () => { state.pages.set(id, most + PAGE); draw(); refocus("data-group", id); },
          }, "Show " + Math.min(PAGE, group.nodes.length - most) + " more")));
        }
        item.append(inner);
      }
      list.append(item);
    }
    const title = make("h3", { id: "column-" + column.key }, column.title);
    list.setAttribute("aria-labelledby", title.id);
    const first = list.querySelector(".box");
    if (first) first.setAttribute("tabindex", "0");
    return { key: column.key, ends, order, element: make("div", { class: "column col-" + column.key }, title, list) };
  }

  function refocus(attribute, value) {
    for (const element of document.querySelectorAll("#columns .box")) {
      if (element.getAttribute(attribute) === value) return element.focus();
    }
  }

  function join(drawn) {
    lines = [];
    for (let n = 0; n + 1 < drawn.length; n += 1) {
      const together = new Map();
      for (const row of focused) {
        const from = drawn[n].ends.get(row[columns[n].key]), to = drawn[n + 1].ends.get(row[columns[n + 1].key]);
        let inner = together.get(from);
        if (!inner) together.set(from, inner = new Map());
        let line = inner.get(to);
        if (!line) inner.set(to, line = { from, to, n, rows: [] });
        line.rows.push(row);
      }
      for (const inner of together.values()) lines.push(...inner.values());
    }
    if (lines.length > LINES) {
      lines.sort((a, b) => b.rows.length - a.rows.length);
      lines.length = LINES;
    }
  }

  function place() {
    const svg = at("lines"), stage = at("stage").getBoundingClientRect();
    svg.replaceChildren();
    for (const line of lines) {
      const a = line.from.getBoundingClientRect(), b = line.to.getBoundingClientRect();
      const x1 = a.right - stage.left, x2 = b.left - stage.left, half = (x1 + x2) / 2;
      const y1 = a.top + a.height / 2 - stage.top, y2 = b.top + b.height / 2 - stage.top;
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", `M${x1} ${y1}C${half} ${y1} ${half} ${y2} ${x2} ${y2}`);
      path.setAttribute("stroke-width", Math.min(1.3 + Math.log2(line.rows.length) * 0.5, 4));
      const kind = line.rows.every((r) => r.s === "question") ? "question"
        : line.rows.every((r) => r.s === "none") ? "none" : line.n > 0 && line.rows.some((r) => r.p) ? "project" : "";
      if (kind) path.setAttribute("class", kind);
      path.addEventListener("click", () => pick([columns[line.n], columns[line.n + 1]].map((column) => ({
        key: column.key, values: new Set(line.rows.map((r) => r[column.key])), title: "",
      }))));
      path.addEventListener("mouseenter", () => warm(new Set(line.rows)));
      path.addEventListener("mouseleave", () => warm(null));
      line.path = path;
      svg.append(path);
    }
    at("stage").classList.toggle("many", lines.length > MANY);
    warm(warmed);
  }

  function warm(some) {
    warmed = some;
    at("stage").classList.toggle("warm", some !== null);
    for (const line of lines) {
      line.path.classList.toggle("hot", some !== null && line.rows.some((row) => some.has(row)));
    }
  }

  function through(element) {
    // An open group has no lines of its own: those of what is in it.
    const inner = element.classList.contains("group") ? [...element.parentElement.querySelectorAll(".box")] : [element];
    const some = lines.filter((l) => inner.includes(l.from) || inner.includes(l.to)).flatMap((l) => l.rows);
    return some.length ? new Set(some) : null;
  }

  function snippet(reason) {
    const block = make("pre", { tabindex: "0", "aria-label": reason.f + ", line " + reason.n });
    reason.t.forEach((text, n) => {
      const here = reason.a + n === reason.n;
      const row = make("span", { class: "row" + (here ? " here" : "") }, make("span", { class: "number" }, String(reason.a + n)));
      if (here) {
        row.append(text.slice(0, reason.c), make("mark", {}, text.slice(reason.c, reason.c + reason.d)), text.slice(reason.c + reason.d));
      } else row.append(text);
      block.append(row);
    });
    return block;
  }

  function facts(pairs) {
    const list = make("dl", { class: "facts" });
    for (const [term, value] of pairs) if (value) list.append(make("dt", {}, term), make("dd", {}, value));
    return list;
  }

  function badges(row) {
    return [
      row.p ? make("span", { class: "badge project" }, "whole project") : null,
      row.s === "question" ? make("span", { class: "badge question" }, "open question") : null,
      row.x ? make("span", { class: "badge" }, row.x + " more than asked") : null,
      row.n ? make("span", { class: "badge" }, row.n + " inert") : null,
    ].filter(Boolean);
  }

  function body(row) {
    const element = make("div", { class: "body" });
    element.append(facts([
      ["workflow", row.w], ["identity", row.i], ["on", row.o],
      ["permissions", row.c.join(", ")], ["remarks", row.m.join("; ")],
    ]));
    if (row.q) element.append(make("p", {}, row.q));
    if (row.a) element.append(make("p", { class: "sub" }, "Write in wfprov.yaml:"), make("pre", { tabindex: "0" }, make("span", { class: "row" }, "  " + row.a.replaceAll("\n", "\n  "))));
    const bySite = new Map();
    for (const index of row.b) {
      const reason = data.reasons[index], id = reason.s + reason.f + reason.n;
      if (!bySite.has(id)) bySite.set(id, []);
      bySite.get(id).push(reason);
    }
    for (const reasons of bySite.values()) {
      const first = reasons[0];
      element.append(make("p", {}, make("strong", {}, first.s), "  ", make("span", { class: "sub" }, `${first.f}:${first.n}`)));
      for (const reason of reasons) {
        if (!reason.p) continue;
        const text = make("p", { class: "sub" }, `needs ${reason.p} on ${reason.o}${reason.w ? ", when " + reason.w : ""}`);
        if (reason.u) text.append(" ", make("a", { href: reason.u, rel: "noreferrer noopener", target: "_blank" }, "source"));
        element.append(text);
      }
      element.append(snippet(first));
    }
    return element;
  }

  function way(row, open) {
    const details = make("details", { class: "way", open });
    details.append(make("summary", {}, make("span", { class: "role" }, row.r), " on ", row.l, " ", ...badges(row),
      make("span", { class: "sub" }, " " + row.w)));
    const fill = () => { if (details.open && !details.querySelector(".body")) details.append(body(row)); };
    details.addEventListener("toggle", fill);
    fill();
    return details;
  }

  function explain() {
    const why = at("why");
    if (state.picked.length === 0) {
      at("reason-title").textContent = "Why";
      const jump = (id, n, one, many) => (n === 0 ? null : make("button", {
        type: "button", class: "jump", onclick: () => { at(id).checked = true; change(); },
      }, make("b", {}, String(n)), n === 1 ? one : many));
      why.replaceChildren(...[
        make("p", { class: "hint" }, "Pick a box or a line: here stands which step asks for it, and the lines that say so."),
        jump("only-question", shown.filter((r) => r.s === "question").length, "open question: nothing is applied before it is answered", "open questions: nothing is applied before they are answered"),
        jump("only-project", shown.filter((r) => r.p).length, "grant on a whole project", "grants on a whole project"),
        jump("only-excess", shown.filter((r) => r.x > 0).length, "grant holds more than is asked for", "grants hold more than is asked for"),
        ...shown.slice(0, 3).map((row) => way(row, false)),
        shown.length > 3 ? make("p", { class: "sub" }, "and " + (shown.length - 3) + " more: search, or pick a box") : null,
      ].filter(Boolean));
      return;
    }
    at("reason-title").textContent = "Why " + (state.picked.map((p) => p.title).filter(Boolean).join(" to ") || "this way");
    why.replaceChildren(...focused.slice(0, state.ways).map((row, n) => way(row, n === 0 || focused.length <= 3)));
    if (focused.length > state.ways) {
      why.append(make("button", { type: "button", class: "more", onclick: () => { state.ways += WAYS; explain(); } },
        "Show " + Math.min(WAYS, focused.length - state.ways) + " more of " + focused.length));
    }
  }

  function draw() {
    shown = visible();
    focused = shown.filter(holds);
    warmed = null;
    const drawn = [];
    for (const column of columns) drawn.push(drawColumn(column, drawn.at(-1)));
    at("columns").replaceChildren(...drawn.map((d) => d.element));
    if (focused.length === 0) at("columns").replaceChildren(make("p", { class: "empty" }, "Nothing fits. Clear the search to see all."));
    join(focused.length ? drawn : []);
    place();
    explain();
    const kept = new Set(focused);
    for (const element of document.querySelectorAll("#table tbody tr")) {
      element.hidden = !kept.has(rows[Number(element.dataset.row)]);
    }
    const grants = focused.filter((r) => r.s === "grant").length, open = focused.filter((r) => r.s === "question").length;
    at("status").textContent = [
      counted(grants, "grant") + " of " + rows.filter((r) => r.s === "grant").length,
      counted(new Set(focused.map((r) => r.w)).size, "workflow"), open ? counted(open, "open question") : "",
    ].filter(Boolean).join(", ") + " shown";
  }

  function pick(picked) {
    state.picked = picked;
    state.ways = WAYS;
    draw();
    if (picked.length === 1 && picked[0].values.size === 1) refocus("data-value", [...picked[0].values][0]);
  }

  function read() {
    const told = new URLSearchParams(location.hash.slice(1));
    at("query").value = told.get("q") || "";
    for (const key of ["w", "r", "o"]) at("by-" + key).value = told.get(key) || "";
    for (const what of ["project", "question", "excess"]) at("only-" + what).checked = told.has(what);
  }

  function write() {
    const told = new URLSearchParams();
    if (at("query").value) told.set("q", at("query").value);
    for (const key of ["w", "r", "o"]) if (at("by-" + key).value) told.set(key, at("by-" + key).value);
    for (const what of ["project", "question", "excess"]) if (at("only-" + what).checked) told.set(what, "");
    try { history.replaceState(null, "", "#" + told); } catch { /* a page may not have a history */ }
  }

  function change() {
    write();
    state.picked = state.picked.filter(({ key, values }) => visible().some((row) => values.has(row[key])));
    draw();
  }

  for (const key of ["w", "r", "o"]) {
    const values = [...new Set(rows.map((row) => row[key]))].sort((a, b) => name(key, a).localeCompare(name(key, b)));
    at("by-" + key).append(...values.map((value) => make("option", { value }, name(key, value))));
    at("by-" + key).addEventListener("change", change);
  }
  let waiting = 0;
  at("query").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(change, 120); });
  for (const id of ["only-project", "only-question", "only-excess"]) at(id).addEventListener("change", change);
  at("clear").addEventListener("click", () => {
    at("query").value = "";
    for (const key of ["w", "r", "o"]) at("by-" + key).value = "";
    for (const id of ["only-project", "only-question", "only-excess"]) at(id).checked = false;
    write();
    pick([]);
    at("query").focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.picked.length) {
      const { key, values } = state.picked[0];
      pick([]);
      if (values.size === 1) refocus("data-value", [...values][0]);
      return;
    }
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      at("query").focus();
    }
  });
  at("columns").addEventListener("keydown", (event) => {
    const here = event.target.closest(".box");
    if (!here) return;
    const own = [...here.closest(".column").querySelectorAll(".box")];
    const all = [...document.querySelectorAll(".column")];
    const n = own.indexOf(here), column = all.indexOf(here.closest(".column"));
    const beside = (step) => {
      const next = all[column + step];
      if (!next) return null;
      const joined = lines.find((l) => (step > 0 ? l.from : l.to) === here);
      return joined ? (step > 0 ? joined.to : joined.from) : next.querySelector(".box");
    };
    const to = {
      ArrowDown: own[n + 1], ArrowUp: own[n - 1], Home: own[0], End: own.at(-1),
      ArrowRight: beside(1), ArrowLeft: beside(-1),
    }[event.key];
    if (!to) return;
    event.preventDefault();
    for (const other of to.closest(".column").querySelectorAll(".box")) other.setAttribute("tabindex", "-1");
    to.setAttribute("tabindex", "0");
    to.focus();
  });
  at("columns").addEventListener("focusin", (event) => warm(through(event.target)));
  at("columns").addEventListener("focusout", () => warm(null));
  at("columns").addEventListener("mouseover", (event) => {
    const element = event.target.closest(".box");
    if (element) warm(through(element));
  });
  at("columns").addEventListener("mouseleave", () => warm(null));
  for (const button of document.querySelectorAll(".open-row")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const row = rows[Number(button.closest("tr").dataset.row)];
      pick(columns.map(({ key }) => ({ key, values: new Set([row[key]]), title: key === "r" ? name("r", row.r) : key === "o" ? row.l : "" })));
      at("reason").focus();
    });
  }
  at("tools").hidden = false;
  at("upper").hidden = false;
  read();
  addEventListener("hashchange", () => { read(); change(); });
  draw();
  new ResizeObserver(() => place()).observe(at("stage"));
})();
