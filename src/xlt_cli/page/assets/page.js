"use strict";
(() => {
  const root = document.documentElement;

  // Charts are drawn when they are seen for the first time, and all of them before printing.
  const specs = JSON.parse(document.getElementById("charts").textContent);
  const config = {
    background: "transparent",
    font: "system-ui, sans-serif",
    view: { stroke: null },
    axis: {
      labelColor: "var(--ink)", titleColor: "var(--muted)", gridColor: "var(--grid)",
      domainColor: "var(--rule)", tickColor: "var(--rule)", labelFontSize: 12, titleFontSize: 12,
      titleFontWeight: "normal",
    },
    legend: {
      labelColor: "var(--ink)", titleColor: "var(--muted)", labelFontSize: 12.5,
      titleFontSize: 12, titleFontWeight: "normal", symbolSize: 80,
    },
    header: { labelColor: "var(--ink)", titleColor: "var(--muted)" },
  };

  const columnsFor = (width) => Math.max(1, Math.min(6, Math.floor((width - 110) / 140)));

  const draw = (place) => {
    if (place.dataset.drawn || !window.vegaEmbed) return Promise.resolve();
    place.dataset.drawn = "yes";
    const spec = {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      ...specs[place.dataset.chart],
    };
    if (spec.width === "container") spec.autosize = { type: "fit-x", contains: "padding" };
    const legend = { ...config.legend, columns: columnsFor(place.clientWidth) };
    return window.vegaEmbed(place, spec, {
      actions: false, renderer: "svg", ast: true, config: { ...config, legend },
      tooltip: { theme: "custom" },
    }).catch((error) => {
      place.textContent = `This chart could not be drawn: ${error.message}`;
      console.error(error);
    });
  };

  const plots = [...document.querySelectorAll("[data-chart]")];
  const seen = (place) => place.offsetParent !== null;
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting && seen(entry.target)) draw(entry.target);
    }
  }, { rootMargin: "600px" });
  plots.forEach((place) => watch.observe(place));
  const rest = () => {
    const next = plots.find((place) => seen(place) && !place.dataset.drawn);
    if (next) draw(next).then(() => setTimeout(rest, 20));
    else root.dataset.ready = "yes";
  };
  setTimeout(rest, 50);

  // Choices: those of one name change together.
  const label = (select) => select.options[select.selectedIndex].text;
  const show = (choice) => {
    const select = choice.querySelector(":scope > label > select");
    choice.querySelectorAll(":scope > .option").forEach((option, index) => {
      option.hidden = index !== select.selectedIndex;
    });
  };
  const choices = [...document.querySelectorAll(".choice")];
  for (const choice of choices) {
    const select = choice.querySelector(":scope > label > select");
    select.selectedIndex = 0;
    select.addEventListener("change", () => {
      const wanted = label(select);
      for (const other of choices) {
        if (other.dataset.name !== choice.dataset.name) continue;
        const own = other.querySelector(":scope > label > select");
        const index = [...own.options].findIndex((option) => option.text === wanted);
        if (index >= 0) own.selectedIndex = index;
        show(other);
      }
      rest();
    });
  }

  // Tables: sorted by the heads of their columns, filtered by text.
  const key = (row, index) => {
    const cell = row.cells[index];
    return cell.dataset.v !== undefined ? Number(cell.dataset.v) : cell.textContent.trim();
  };
  const compare = (a, b) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), undefined, { numeric: true });
  };
  for (const table of document.querySelectorAll(".table table")) {
    const body = table.tBodies[0];
    if (body.rows.length < 2) continue;
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, index) => {
      if (head.tagName !== "TH") return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.classList.contains("n")
          ? head.getAttribute("aria-sort") === "descending"
          : head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const sign = up ? 1 : -1;
        const rows = [...body.rows].sort((a, b) => {
          const [one, other] = [key(a, index), key(b, index)];
          const empty = one === "" || other === "";
          return (empty ? 1 : sign) * compare(one, other);
        });
        body.append(...rows);
      });
    });
  }
  for (const box of document.querySelectorAll("[data-filter]")) {
    const name = box.querySelector("caption")?.textContent ?? "table";
    const wrapper = document.createElement("label");
    wrapper.className = "filter";
    wrapper.append("Filter rows");
    const input = document.createElement("input");
    input.type = "search";
    input.setAttribute("aria-label", `Filter rows: ${name}`);
    wrapper.append(input);
    box.prepend(wrapper);
    const rows = [...box.querySelectorAll("tbody tr")];
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLocaleLowerCase();
      for (const row of rows) {
        row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
      }
    });
  }

  // Light and dark: as the system says, until the reader decides.
  const theme = document.getElementById("theme");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const say = () => { theme.textContent = isDark() ? "Light theme" : "Dark theme"; };
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    say();
  });
  dark.addEventListener("change", say);
  theme.hidden = false;
  say();

  // A page that follows a sweep asks whether there is a newer one, and keeps what was chosen.
  const made = document.body.dataset.live;
  if (made !== undefined) {
    const selects = [...document.querySelectorAll(".choice > label > select")];
    const kept = JSON.parse(sessionStorage.getItem("xlt") ?? "null");
    if (kept && kept.length === selects.length + 1) {
      selects.forEach((select, index) => {
        const place = [...select.options].findIndex((option) => option.text === kept[index]);
        if (place >= 0) select.selectedIndex = place;
      });
      choices.forEach(show);
      if (kept.at(-1)) root.dataset.theme = kept.at(-1);
      say();
      rest();
    }
    setInterval(async () => {
      try {
        const answer = await fetch("state", { cache: "no-store" });
        if (!answer.ok || (await answer.text()) === made) return;
        const chosen = [...selects.map(label), root.dataset.theme ?? ""];
        sessionStorage.setItem("xlt", JSON.stringify(chosen));
        location.reload();
      } catch { /* the server has ended; the page stays */ }
    }, 2000);
  }
})();
