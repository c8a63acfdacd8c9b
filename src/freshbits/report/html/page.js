"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // Theme: what the reader's system says, until the button says otherwise.
  const button = document.getElementById("theme");
  const dark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => {
    button.textContent = dark() ? "Light" : "Dark";
    button.setAttribute("aria-label", dark() ? "Use light colours" : "Use dark colours");
  };
  if (button) {
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      name();
    });
    name();
  }

  // Copy: the clipboard where the page may use it, else a selection.
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      return done;
    }
  };
  for (const each of document.querySelectorAll("button.copy")) {
    each.addEventListener("click", async () => {
      each.textContent = (await copy(each.dataset.copy)) ? "Copied" : "Select and copy";
      setTimeout(() => (each.textContent = "Copy"), 1600);
    });
  }

  // Tables: a click on a title sorts (numbers by their key, texts by their letters; what is missing stays last).
  const key = (row, at) => {
    const cell = row.cells[at];
    if (!("key" in cell.dataset)) return cell.textContent.trim().toLowerCase();
    const number = Number(cell.dataset.key);
    return Number.isNaN(number) ? cell.dataset.key.toLowerCase() : number;
  };
  const missing = (value) => value === "" || value === "–";
  const before = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
  for (const box of document.querySelectorAll(".sortable")) {
    const body = box.querySelector("tbody");
    const heads = [...box.querySelectorAll("thead th")];
    heads.forEach((head, at) => {
      head.querySelector("button").addEventListener("click", () => {
        const rows = [...body.rows];
        const numeric = rows.some((row) => typeof key(row, at) === "number");
        const was = head.getAttribute("aria-sort");
        const up = was ? was === "descending" : !numeric;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        rows.sort((one, two) => {
          const [a, b] = [key(one, at), key(two, at)];
          if (missing(a) || missing(b)) return missing(a) - missing(b);
          return up ? before(a, b) : before(b, a);
        });
        body.append(...rows);
      });
    });

    const field = box.querySelector("input.search");
    const count = box.querySelector(".count");
    const texts = new Map([...body.rows].map((row) => [row, row.textContent.toLowerCase()]));
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const [row, text] of texts) {
        row.hidden = !words.every((word) => text.includes(word));
        shown += !row.hidden;
      }
      count.textContent = `${shown.toLocaleString("en")} of ${texts.size.toLocaleString("en")} rows`;
    });
  }
})();
