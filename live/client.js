// Limpet's client: it keeps a page's socket, sends what the user does, and morphs what the server renders into the
// document. docs/live-protocol.md describes the messages and the rules of numbers that it follows.
(() => {
  "use strict";
  const MAX_PENDING = 1000; // inputs kept until they are durable
  const MAX_INPUT_BYTES = 60_000; // the server refuses messages over 64 KiB
  const PATIENCE = 40_000; // ms without a message until the line counts as dead; the server sends one every 15 s
  const path = location.pathname, storageKey = "limpet:" + path;
  // What is known about the session. pending holds the inputs that are not yet durable, oldest first; seq is 0
  // until the server has said how far it is. comeBack is set from when the server says when to come back, and
  // takes no more inputs, until then.
  let tab = "", applied = 0, durable = 0, next = 1, pending = [], savedAt = null;
  let socket = null, welcomed = false, upSince = 0, stopped = false; // stopped: only a reload connects again
  let attempt = 0, comeBack = null, retryTimer = 0, watchdog = 0, status = "connecting";
  // touched says which fields hold something that the server has not seen, and which input takes it there.
  let touched = new WeakMap(), composing = null;
  const UNSENT = { seq: 0 };

  // ---- The tab's own memory, which outlives a reload. A duplicated tab gets a copy of it and must not use it.
  function recall() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(storageKey)) ?? {};
      tab = kept.tab ?? "";
      [durable, savedAt] = [kept.durable ?? 0, kept.savedAt ?? null];
      pending = (kept.pending ?? []).map((item) => ({ ...item, sent: true }));
    } catch { /* forbidden */ }
  }

  function remember() {
    const keep = (items) => sessionStorage.setItem(storageKey, JSON.stringify({ tab, durable, savedAt, pending: items }));
    try { if (tab) keep(pending); } catch { try { keep([]); } catch { /* forbidden */ } } // full: an older list is worse
  }

  function forget() {
    tab = "";
    [applied, durable, savedAt] = [0, 0, null];
    drop((item) => !item.sent);
    try { sessionStorage.removeItem(storageKey); } catch { /* forbidden */ }
  }
  // claim holds a lock named after the tab for as long as the page lives. It resolves to false when another page
  // holds it for longer than a page takes to go away in a reload.
  function claim(part) {
    return new Promise((resolve) => {
      const hold = () => { resolve(true); return new Promise(() => {}); };
      if (!navigator.locks) return resolve(true);
      navigator.locks.request("limpet:" + part, { signal: AbortSignal.timeout(500) }, hold).catch(() => resolve(false));
    });
  }

  // ---- The line.
  function connect() {
    clearTimeout(retryTimer);
    retryTimer = 0;
    if (socket || stopped) return;
    const ws = new WebSocket((location.protocol === "https:" ? "wss://" : "ws://") + location.host + path + "?limpet=ws");
    [socket, comeBack] = [ws, null];
    watch(10_000);
    ws.onopen = () => ws.send(JSON.stringify({ t: "hello", v: 1, tab, path }));
    ws.onmessage = (e) => { if (ws === socket) { watch(PATIENCE); receive(JSON.parse(e.data)); } };
    ws.onclose = (e) => { if (ws === socket) lost(e.code, e.reason); };
  }
  // watch gives the line up when nothing arrives for so long; a dead peer sends no close.
  function watch(ms) {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => { socket?.close(); lost(1006, ""); }, ms);
  }

  function lost(code, reason) {
    clearTimeout(watchdog);
    if (welcomed && Date.now() - upSince > 1000) attempt = 0;
    socket = null;
    welcomed = false;
    stopped = code === 4001 || code === 4004 || (code === 4003 && reason !== "cookie");
    if (code === 4004) forget();
    if (code === 4002 || code === 1009) { // what broke the rules once would do so for ever
      console.error("limpet: the server refused the inputs under way");
      drop(() => false);
    }
    status = { 4001: "taken over", 4004: "ended" }[code] ?? (stopped ? "refused" : "reconnecting");
    paint();
    if (code === 4004) location.reload();
    if (stopped) return;
    Promise.resolve(code === 4003 && fetch(path, { method: "HEAD", cache: "no-store" }).catch(() => {})).then(retry);
  }
  // retry connects after a random while that grows with each failure, or when the server asked for it: then not earlier.
  function retry() {
    const backoff = () => 100 + Math.random() * (Math.min(5000, 200 * 2 ** Math.min(attempt++, 10)) - 100);
    retryTimer = setTimeout(connect, comeBack ?? backoff());
  }

  const hurry = () => { if (retryTimer && comeBack === null && document.visibilityState !== "hidden") connect(); };

  function receive(m) {
    if (m.t === "reconnect") comeBack = m.after_ms;
    if (m.t === "welcome") welcome(m);
    if (m.t === "render" || m.t === "ack") progress(m);
    if (m.t === "render") show(m.html);
  }
  // welcome settles what the two sides have: inputs that the session has are kept until durable, the others are
  // numbered behind them and sent. A fresh session in place of a lost one gets those that the lost one never had,
  // and all of them if nothing of that one was ever durable.
  function welcome(m) {
    if (m.foreign || (m.fresh && durable > 0)) drop((item) => !m.foreign && !item.sent); // another user's, or lost
    if (m.fresh) [durable, savedAt] = [0, null];
    durable = Math.max(m.durable, Math.min(durable, m.applied));
    applied = m.applied;
    next = m.applied + 1;
    for (const item of pending) if (m.fresh || !item.seq || item.seq > m.applied) item.seq = next++;
    progress(m);
    if (tab !== m.tab) claim(tab = m.tab);
    remember();
    welcomed = true;
    upSince = Date.now();
    status = "connected";
    show(m.html);
    for (const item of pending) if (item.seq > applied) transmit(item);
  }

  function progress(m) {
    applied = Math.max(applied, m.applied);
    durable = Math.max(durable, m.durable ?? 0);
    if (m.age_ms >= 0) savedAt = Date.now() - m.age_ms;
    pending = pending.filter((item) => !item.seq || item.seq > durable);
  }

  // ---- Inputs.
  function drop(keep) {
    pending = pending.filter(keep);
    touched = new WeakMap();
  }
  // input queues what the user did and sends it when the line is up. fields are those whose values it carries.
  function input(name, v, fields = []) {
    const item = { seq: 0, name, v, sent: false }, last = pending.at(-1);
    const size = new TextEncoder().encode(JSON.stringify(item)).length;
    if (stopped || size > MAX_INPUT_BYTES) return console.warn("limpet: input dropped: stopped, or too large:", name);
    const typing = fields.length === 1 && last?.seq === 0 && last.name === name && touched.get(fields[0]) === last;
    if (typing) return void (last.v = v); // what is typed without a line is one input
    if (pending.length >= MAX_PENDING) return console.warn("limpet: input dropped: too many are waiting:", name);
    pending.push(item);
    for (const el of fields) touched.set(el, item);
    if (!welcomed || comeBack !== null) return;
    item.seq = next++;
    transmit(item);
  }

  function transmit(item) {
    const { sent, ...rest } = item;
    socket.send(JSON.stringify({ t: "in", ...rest, again: sent }));
    item.sent = true;
  }
  // values collects the data-value-* attributes of an element.
  function values(el) {
    const own = [...el.attributes].filter((a) => a.name.startsWith("data-value-"));
    return Object.fromEntries(own.map((a) => [a.name.slice(11), a.value]));
  }

  const on = (type, handle) => document.addEventListener(type, handle, { passive: type === "pointermove" });
  const bound = (e, type) => e.target.closest?.(`[data-live-${type}]`);
  const eventName = (el, type) => el.getAttribute("data-live-" + type);

  on("click", (e) => {
    const el = bound(e, "click");
    if (!el || el.disabled || (el.matches("a") && (e.metaKey || e.ctrlKey || e.shiftKey || e.altKey))) return;
    if (el.matches("a, button")) e.preventDefault();
    input(eventName(el, "click"), values(el));
  });

  on("submit", (e) => {
    const form = bound(e, "submit");
    if (!form) return;
    e.preventDefault();
    const texts = [...new FormData(form, e.submitter)].filter(([, value]) => typeof value === "string");
    const fields = [...form.elements].filter((el) => touched.has(el));
    input(eventName(form, "submit"), { ...values(form), ...Object.fromEntries(texts) }, fields);
  });

  function changed(e, type) {
    const el = bound(e, type), field = e.target;
    if (!el && type === "input") touched.set(field, UNSENT);
    if (!el || field === composing) return;
    const value = field.matches("[type=checkbox]") && !field.checked ? "" : field.value ?? "";
    input(eventName(el, type), { ...values(el), value }, [field]);
  }
  on("input", (e) => changed(e, "input"));
  on("change", (e) => changed(e, "change"));
  on("compositionstart", (e) => { composing = e.target; });
  on("compositionend", (e) => { composing = null; changed(e, "input"); });
  // Pointer movements may be lost: at most ten a second are sent, always the latest, and none waits for a line.
  let move = null, moveTimer = 0;
  on("pointermove", (e) => {
    const el = bound(e, "pointermove"), box = el?.getBoundingClientRect();
    if (!el) return;
    const at = { x: String(Math.round(e.clientX - box.left)), y: String(Math.round(e.clientY - box.top)) };
    move = { t: "in", seq: 0, name: eventName(el, "pointermove"), v: { ...values(el), ...at } };
    if (!moveTimer) sendMove();
  });

  function sendMove() {
    moveTimer = move && setTimeout(sendMove, 100);
    if (move && welcomed && comeBack === null && socket.bufferedAmount < 10_000) socket.send(JSON.stringify(move));
    move = null;
  }

  // ---- The document. Elements with an id stay themselves and are moved; the others are matched by kind and order.
  const idOf = (node) => node.getAttribute?.("id") || ""; // not node.id, which in a form may be a field
  const caretOf = (el) => (typeof el?.selectionStart === "number" ? [el.selectionStart, el.selectionEnd] : null);

  function show(html) {
    const want = new DOMParser().parseFromString(html, "text/html"); // scripts in it never run
    const active = document.activeElement, caret = caretOf(active);
    morph(document.documentElement, want.documentElement);
    if (active?.isConnected && active !== document.activeElement) active.focus({ preventScroll: true });
    if (caret && active.isConnected && String(caret) !== String(caretOf(active))) active.setSelectionRange(...caret);
    paint();
  }

  function morph(have, want) {
    if (have.nodeValue !== want.nodeValue) have.nodeValue = want.nodeValue; // null for elements
    if (have.nodeType !== Node.ELEMENT_NODE || have.matches("script, noscript")) return;
    morphAttributes(have, want);
    if (have.matches("[data-live-status], [data-live-saved]")) return; // their content is ours
    if (have.matches("template")) have.innerHTML = want.innerHTML;
    else if (!have.matches("textarea")) morphChildren(have, want);
    if (have.matches("input, textarea, select") && mayFill(have)) fill(have, want);
  }

  function morphAttributes(have, want) {
    const free = (a) => a.name !== "open" || !have.matches("details, dialog"); // what the user opened stays open
    const stale = (a) => have.getAttribute(a.name) !== a.value;
    for (const a of [...want.attributes].filter(free).filter(stale)) have.setAttributeNode(a.cloneNode());
    for (const a of [...have.attributes].filter(free)) if (!want.hasAttribute(a.name)) have.removeAttributeNode(a);
  }

  function morphChildren(parent, want) {
    const wanted = new Set([...want.children].map(idOf).filter(Boolean));
    const keyed = new Map([...parent.children].map((el) => [idOf(el), el]));
    let at = parent.firstChild;
    const removeHere = () => { const gone = at; at = at.nextSibling; gone.remove(); };
    for (const w of [...want.childNodes]) {
      const id = idOf(w), have = id ? keyed.get(id) : like(at, w, wanted);
      keyed.delete(id);
      if (have?.nodeName !== w.nodeName) {
        parent.insertBefore(document.importNode(w, true), at);
        continue;
      }
      const idle = (node) => !id || node.nodeType !== Node.ELEMENT_NODE || (idOf(node) && !wanted.has(idOf(node)));
      while (at !== have && idle(at)) removeHere();
      if (at === have) at = at.nextSibling;
      else if (parent.moveBefore) parent.moveBefore(have, at); // keeps focus and what plays
      else parent.insertBefore(have, at);
      morph(have, w);
    }
    while (at) removeHere();
  }
  // like finds the next node of the wanted kind that has no id, not past one that must stay.
  function like(at, want, wanted) {
    for (let n = at; n; n = n.nextSibling) {
      if (n.nodeName === want.nodeName && !idOf(n)) return n;
      if (wanted.has(idOf(n)) || n.contains(document.activeElement)) return null;
    }
  }
  // mayFill says whether a field's content is the server's: what the user put there has been applied and, while
  // the field has the focus, so has everything else.
  function mayFill(el) {
    const there = (item) => item.seq > 0 && item.seq <= applied;
    if (el === composing || (touched.has(el) && !there(touched.get(el)))) return false;
    return el !== document.activeElement || pending.every(there);
  }

  function fill(have, want) {
    touched.delete(have);
    if (have.matches("select")) [...have.options].forEach((o, i) => { o.selected = want.options[i]?.selected ?? false; });
    else if (have.matches("[type=checkbox], [type=radio]")) have.checked = want.checked;
    else if (have.type !== "file" && have.value !== want.value) have.value = want.value;
  }

  // ---- The two elements that the client writes itself.
  function paint() {
    const s = Math.max(0, Math.round((Date.now() - savedAt) / 1000));
    const age = s < 60 ? s + " s" : s < 3600 ? Math.floor(s / 60) + " min" : Math.floor(s / 3600) + " h";
    for (const [name, text] of [["status", status], ["saved", savedAt === null ? "not yet" : age + " ago"]]) {
      for (const el of document.querySelectorAll(`[data-live-${name}]`)) if (el.textContent !== text) el.textContent = text;
    }
  }

  addEventListener("pagehide", remember);
  addEventListener("pageshow", (e) => (e.persisted ? location.reload() : hurry())); // from the cache: outdated
  addEventListener("online", hurry);
  on("visibilitychange", () => (document.visibilityState === "hidden" ? remember() : hurry()));
  setInterval(paint, 1000);

  recall();
  paint();
  (tab ? claim(tab) : Promise.resolve(true)).then((mine) => {
    if (!mine) forget();
    connect();
  });
})();
