"use strict";

// What is live: states of a page, lines of a room, completion while typing. Everything else works without.

(() => {
  const find = (selector) => document.querySelector(selector);
  const main = find("main[data-live]");
  const room = find("#room");
  const lines = find("#lines");

  // --- states and lines

  const bottom = () => { if (room) room.scrollTop = room.scrollHeight; };
  const isLow = () => room && room.scrollHeight - room.scrollTop - room.clientHeight < 80;

  const tail = () => { const output = find("[data-live^='/live/executions'] #execution pre.output"); if (output) output.scrollTop = output.scrollHeight; };

  const replace = (id, html) => {
    const place = document.getElementById(id);
    if (!place || place.innerHTML === html) return;
    const held = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    place.innerHTML = html;
    tail();
    if (held) place.querySelector(`[href="${CSS.escape(held)}"]`)?.focus();
  };

  const put = ({ id, v, html }) => {
    const low = isLow();
    const known = document.getElementById(id);
    if (known && known.dataset.v === v) return;
    const holder = document.createElement("template");
    holder.innerHTML = html;
    if (known) known.replaceWith(holder.content);
    else lines.append(holder.content);
    if (low) bottom();
  };

  // What waits for somebody's word. What is typed into a card stays while the card changes.
  const cards = (all) => {
    const place = find("#waits");
    if (!place) return;
    find("#nothing").hidden = all.length > 0;
    const ids = all.map((one) => one.id);
    for (const known of [...place.children]) if (!ids.includes(known.id)) known.remove();
    for (const { id, v, html } of all) {
      const holder = document.createElement("template");
      holder.innerHTML = html;
      const card = holder.content.firstElementChild;
      const known = document.getElementById(id);
      if (!known) { place.append(card); continue; }
      if (known.dataset.v === v) {
        const times = card.querySelectorAll("time");
        known.querySelectorAll("time").forEach((time, at) => { if (times[at]) time.textContent = times[at].textContent; });
        continue;
      }
      const held = known.contains(document.activeElement) ? document.activeElement.name : null;
      known.querySelectorAll("input:not([type=hidden]), select").forEach((one) => {
        const next = one.name && card.querySelector(`[name="${CSS.escape(one.name)}"]`);
        if (next) next.value = one.value;
      });
      known.replaceWith(card);
      if (held) card.querySelector(`[name="${CSS.escape(held)}"]`)?.focus();
    }
  };

  const count = (number) => document.querySelectorAll(".entries .count").forEach((place) => {
    place.hidden = number === "0";
    place.querySelector(".number").textContent = number;
  });

  const pulse = (word, lost) => {
    const shown = find("#pulse");
    if (!shown) return;
    shown.hidden = false;
    shown.textContent = word;
    shown.classList.toggle("lost", lost);
  };

  const listen = () => {
    const source = new EventSource(main.dataset.live);
    source.onopen = () => pulse("live", false);
    source.onerror = () => pulse("connecting…", true);
    source.addEventListener("gone", () => { source.close(); location.reload(); });
    source.addEventListener("waits", (event) => count(event.data));
    source.onmessage = (event) => {
      const state = JSON.parse(event.data);
      if (lines) return put(state);
      if (state.cards) return cards(state.cards);
      if (state.over || (state.turn !== undefined && state.turn !== (main.dataset.turn || ""))) {
        source.close();
        // What was done is no news after a while.
        if (performance.now() > 5000) location.replace(location.pathname); else location.reload();
        return;
      }
      for (const [id, html] of Object.entries(state)) if (typeof html === "string") replace(id, html);
    };
    return source;
  };

  if (main && window.EventSource) {
    let source = listen();
    // A browser has six connections to the bot: tabs that nobody looks at take none for a number in the navigation.
    if (main.dataset.live === "/live/waits") {
      document.addEventListener("visibilitychange", () => { source.close(); if (!document.hidden) source = listen(); });
    }
  }
  bottom();
  tail();

  // --- the menu of small screens

  const menu = find(".menu");
  document.addEventListener("click", (event) => { if (menu?.open && !menu.contains(event.target)) menu.open = false; });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && menu) menu.open = false; });

  // --- the chat

  const say = find("#say");
  if (!say) return;
  const text = find("#text");
  const offers = find("#offers");
  const said = [];
  let back = 0;
  let chosen = -1;
  let asked = 0;

  const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  const send = async (form, more) => {
    const body = new URLSearchParams(new FormData(form));
    for (const [name, value] of Object.entries(more)) body.set(name, value);
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) location.reload();
    return answer.ok;
  };

  const close = () => { offers.hidden = true; offers.replaceChildren(); chosen = -1; text.setAttribute("aria-expanded", "false"); text.removeAttribute("aria-activedescendant"); };

  const take = (item) => { text.value = item.dataset.insert; close(); text.focus(); };

  const mark = (index) => {
    const all = [...offers.children];
    if (!all.length) return;
    chosen = (index + all.length) % all.length;
    all.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    all[chosen].scrollIntoView({ block: "nearest" });
    text.setAttribute("aria-activedescendant", all[chosen].id);
  };

  const offer = async () => {
    const mine = ++asked;
    const typed = text.value;
    if (!typed.trim() || typed.includes("\n")) return close();
    const answer = await fetch(`/complete?text=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || mine !== asked) return;
    const found = (await answer.json()).filter((it) => it.insert !== typed || it.display !== typed);
    close();
    found.forEach((it, at) => {
      const item = document.createElement("li");
      item.id = `offer-${at}`;
      item.role = "option";
      item.dataset.insert = it.insert;
      item.append(Object.assign(document.createElement("code"), { textContent: it.display }));
      if (it.about) item.append(Object.assign(document.createElement("small"), { textContent: it.about }));
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(item); });
      offers.append(item);
    });
    offers.hidden = !found.length;
    text.setAttribute("aria-expanded", String(Boolean(found.length)));
  };

  const speak = async () => {
    const words = text.value.trim();
    if (!words) return;
    close();
    asked++;
    said.push(words);
    back = said.length;
    bottom();
    text.value = "";
    const key = say.elements.key.value;
    say.elements.key.value = fresh();
    if (!(await send(say, { text: words, key }).catch(() => false))) { text.value = words; pulse("not sent", true); }
  };

  say.addEventListener("submit", (event) => { event.preventDefault(); speak(); });
  text.addEventListener("input", offer);
  text.addEventListener("blur", close);
  text.addEventListener("keydown", (event) => {
    const open = !offers.hidden;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (open && chosen >= 0) take(offers.children[chosen]); else speak();
    } else if (event.key === "Tab" && open && !event.shiftKey) {
      event.preventDefault();
      take(offers.children[Math.max(chosen, 0)]);
    } else if (event.key === "Escape" && open) {
      close();
    } else if (event.key === "ArrowDown" && open) {
      event.preventDefault();
      mark(chosen + 1);
    } else if (event.key === "ArrowUp" && open) {
      event.preventDefault();
      mark(chosen < 0 ? -1 : chosen - 1);
    } else if (event.key === "ArrowUp" && back > 0 && !text.value.includes("\n")) {
      event.preventDefault();
      text.value = said[--back];
    } else if (event.key === "ArrowDown" && back < said.length) {
      event.preventDefault();
      text.value = said[++back] ?? "";
    }
  });

  find("#press").addEventListener("submit", (event) => {
    if (!event.submitter) return;
    event.preventDefault();
    event.submitter.disabled = true;
    send(event.target, { press: event.submitter.value }).catch(() => { event.submitter.disabled = false; });
  });
})();
