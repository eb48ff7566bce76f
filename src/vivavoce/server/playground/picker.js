// A list that is searched by typing: the combobox of WAI-ARIA 1.2 with a list box under it.

const MOST_SHOWN = 120;

export const folded = (text) =>
  text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase();

export class Picker {
  /** ``host`` holds an input with role combobox and a list box. Options are {value, label, meta, search}. */
  constructor(host, onPick) {
    this.input = host.querySelector("input");
    this.list = host.querySelector("[role=listbox]");
    this.onPick = onPick;
    this.options = [];
    this.value = "";
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("mousedown", (event) => {
      if (this.isOpen || document.activeElement !== this.input) return;
      event.preventDefault(); // a caret
      this.input.setSelectionRange(0, 0); // Chromium undoes a selection that the mouse went down on
    });
    this.input.addEventListener("click", () => {
      if (!this.isOpen) this.input.select(); // what is typed after a second click is a new search, too
      this.open();
    });
    this.input.addEventListener("input", () => this.open(this.input.value));
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) this.#take(this.shown[Number(row.dataset.at)]);
    });
  }

  fill(options, value) {
    this.options = options.map((option) => ({ ...option, folded: folded(`${option.label} ${option.search ?? ""}`) }));
    this.set(value);
  }

  set(value) {
    this.value = value;
    this.input.value = this.options.find((option) => option.value === value)?.label ?? value;
  }

  get isOpen() {
    return this.input.getAttribute("aria-expanded") === "true";
  }

  open(query = "") {
    const words = folded(query).split(/\s+/).filter(Boolean);
    const found = this.options.filter((option) => words.every((word) => option.folded.includes(word)));
    this.shown = found.slice(0, MOST_SHOWN);
    this.list.replaceChildren(...this.shown.map((option, at) => this.#row(option, at)), ...this.#note(found.length));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    const chosen = query ? 0 : this.shown.findIndex((option) => option.value === this.value);
    this.#point(Math.max(0, chosen));
    const row = this.list.querySelector(".pointed");
    if (row) this.list.scrollTop = row.offsetTop - (this.list.clientHeight - row.offsetHeight) / 2;
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.set(this.value);
    // What is typed next is a new search, not the end of the name that stands there.
    if (document.activeElement === this.input) this.input.select();
  }

  #row(option, at) {
    const row = document.createElement("li");
    row.role = "option";
    row.id = `${this.list.id}-${at}`;
    row.dataset.at = at;
    row.ariaSelected = String(option.value === this.value);
    const label = document.createElement("span");
    label.textContent = option.label;
    const meta = document.createElement("small");
    meta.textContent = option.meta ?? "";
    row.append(label, meta);
    return row;
  }

  #note(count) {
    if (count && count <= MOST_SHOWN) return [];
    const note = document.createElement("li");
    note.role = "presentation";
    note.className = "note";
    note.textContent = count ? `${count - MOST_SHOWN} more; type to narrow` : "Nothing matches";
    return [note];
  }

  #point(at) {
    const rows = this.list.querySelectorAll("[role=option]");
    rows[this.pointed]?.classList.remove("pointed");
    this.pointed = Math.max(0, Math.min(rows.length - 1, at));
    const row = rows[this.pointed];
    if (!row) return;
    row.classList.add("pointed");
    row.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", row.id);
  }

  #take(option) {
    if (!option) return;
    this.value = option.value;
    this.close();
    this.onPick(option.value);
  }

  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in steps) {
      event.preventDefault();
      if (this.isOpen) this.#point(this.pointed + steps[event.key]);
      else this.open();
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && this.isOpen) {
      event.preventDefault();
      this.#take(this.shown[this.pointed]);
    } else if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      this.close();
    }
  }
}
