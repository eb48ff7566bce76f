// The editor of pronunciation dictionaries, in a dialog.

import { ask } from "./server.js";
import { titleOf, Trouble } from "./trouble.js";

const PATH = "/v1/speech/dictionaries";

/** The server's dictionaries, or null where it has none to offer. Throws Trouble. */
export async function dictionaries() {
  try {
    return (await ask(PATH)).dictionaries;
  } catch (trouble) {
    if (trouble.code === "not_found") return null;
    throw trouble;
  }
}

export class Editor {
  /** ``onChange`` gets all dictionaries and the id of the one just saved, or "". */
  constructor(dialog, onChange) {
    this.dialog = dialog;
    this.onChange = onChange;
    this.find = (name) => dialog.querySelector(`#dictionary-${name}`);
    this.find("which").addEventListener("change", () => this.#show(this.find("which").value));
    this.find("add").addEventListener("click", () => this.#row({}, true));
    this.find("delete").addEventListener("click", () => this.#try(() => this.#delete()));
    this.find("close").addEventListener("click", () => dialog.close());
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try(() => this.#save());
    });
  }

  async open(id) {
    this.all = (await dictionaries()) ?? [];
    this.#list(id);
    this.dialog.showModal();
  }

  #list(id) {
    const which = this.find("which");
    which.replaceChildren(new Option("New dictionary", ""), ...this.all.map((one) => new Option(one.name, one.id)));
    which.value = this.all.some((one) => one.id === id) ? id : "";
    this.#show(which.value);
  }

  #show(id) {
    const one = this.all.find((each) => each.id === id) ?? { name: "", language: null, description: "", entries: [] };
    this.id = id;
    this.find("name").value = one.name;
    this.find("language").value = one.language ?? "";
    this.find("description").value = one.description;
    this.find("delete").hidden = !id;
    this.find("rows").replaceChildren();
    for (const entry of one.entries.length ? one.entries : [{}]) this.#row(entry, false);
    this.#say("");
  }

  #row(entry, focus) {
    const row = this.dialog.querySelector("#dictionary-row").content.cloneNode(true).firstElementChild;
    row.querySelector("[name=original]").value = entry.original ?? "";
    row.querySelector("[name=rewrite]").value = entry.rewrite ?? "";
    row.querySelector("[name=case]").checked = entry.case_sensitive ?? false;
    row.querySelector("button").addEventListener("click", () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      (next?.querySelector("input") ?? this.find("add")).focus();
    });
    this.find("rows").append(row);
    if (focus) row.querySelector("input").focus();
  }

  #draft() {
    const rows = [...this.find("rows").children].map((row) => ({
      original: row.querySelector("[name=original]").value.trim(),
      rewrite: row.querySelector("[name=rewrite]").value.trim(),
      case_sensitive: row.querySelector("[name=case]").checked,
    }));
    return {
      name: this.find("name").value.trim(),
      language: this.find("language").value.trim() || null,
      description: this.find("description").value.trim(),
      entries: rows.filter((entry) => entry.original),
    };
  }

  async #save() {
    const draft = this.#draft();
    if (!draft.entries.length) throw new Trouble("empty_text", "Add at least one word and how to say it.");
    const path = this.id ? `${PATH}/${encodeURIComponent(this.id)}` : PATH;
    const saved = await ask(path, { method: this.id ? "PUT" : "POST", body: draft });
    await this.#changed(saved.id);
    this.#say(`Saved. “${saved.name}” is now used when you press Speak.`);
  }

  async #delete() {
    await ask(`${PATH}/${encodeURIComponent(this.id)}`, { method: "DELETE" });
    await this.#changed("");
    this.#say("Deleted.");
  }

  async #changed(id) {
    this.all = (await dictionaries()) ?? [];
    this.#list(id);
    this.onChange(this.all, id);
  }

  async #try(work) {
    try {
      await work();
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      this.#say(`${titleOf(trouble)}: ${trouble.message}`, true);
    }
  }

  #say(text, bad = false) {
    const said = this.find("said");
    said.textContent = text;
    said.classList.toggle("bad", bad);
  }
}
