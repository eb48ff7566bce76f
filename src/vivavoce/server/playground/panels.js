// The parts around the speech: the message line, the code for what is on the screen, the key.

import { adviceFor, kindOf, titleOf } from "./trouble.js";
import { SNIPPETS } from "./snippets.js";

const find = (id) => document.getElementById(id);

/** The message line at the top. ``onAgain`` is called by its button. */
export class Notice {
  constructor(onAgain) {
    this.box = find("notice");
    find("notice-close").addEventListener("click", () => this.clear());
    find("notice-again").addEventListener("click", () => {
      this.clear();
      onAgain();
    });
  }

  show(trouble) {
    this.trouble = trouble;
    find("notice-title").textContent = `${titleOf(trouble)}.`;
    find("notice-text").textContent = sentence(trouble.message);
    find("notice-advice").textContent = adviceFor(trouble);
    find("notice-again").hidden = kindOf(trouble) !== "limit" && trouble.code !== "worker_died";
    this.box.dataset.kind = kindOf(trouble);
    this.box.hidden = false;
  }

  /** Takes the message away, or only one of ``kind``. */
  clear(kind = this.box.dataset.kind) {
    if (this.box.dataset.kind === kind) this.box.hidden = true;
  }
}

function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(start) ? start : `${start}.`;
}

/** Tabs of code, and a button that copies. */
export class Code {
  constructor(say) {
    this.say = say;
    this.tabs = SNIPPETS.map((snippet, at) => this.#tab(snippet, at));
    find("code-tabs").append(...this.tabs);
    find("copy").addEventListener("click", () => this.#copy());
    this.at = 0;
  }

  show(request) {
    this.request = request ?? this.request;
    for (const [at, tab] of this.tabs.entries()) {
      tab.setAttribute("aria-selected", String(at === this.at));
      tab.tabIndex = at === this.at ? 0 : -1;
    }
    find("code-panel").setAttribute("aria-labelledby", this.tabs[this.at].id);
    if (this.request) find("code").textContent = SNIPPETS[this.at].of(this.request);
  }

  #tab(snippet, at) {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.role = "tab";
    tab.id = `code-${snippet.id}`;
    tab.textContent = snippet.title;
    tab.setAttribute("aria-controls", "code-panel");
    tab.addEventListener("click", () => this.#choose(at));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.#choose((to + this.tabs.length) % this.tabs.length);
      this.tabs[this.at].focus();
    });
    return tab;
  }

  #choose(at) {
    this.at = at;
    this.show();
  }

  async #copy() {
    const code = find("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      // Without a secure address there is no clipboard; then the code is at least selected.
      getSelection().selectAllChildren(code);
      this.say("The code is selected; copy it with Ctrl C.");
      return;
    }
    find("copy").textContent = "Copied";
    this.say("The code is copied.");
    setTimeout(() => {
      find("copy").textContent = "Copy";
    }, 1600);
  }
}

/** The key's own form. ``onChange`` is called after the key was set or forgotten. */
export class KeyPanel {
  constructor(key, onChange) {
    this.panel = find("key-panel");
    find("key").value = key.get();
    find("key-toggle").addEventListener("click", () => this.open(this.panel.hidden));
    this.panel.addEventListener("submit", (event) => {
      event.preventDefault();
      key.set(find("key").value.trim());
      this.open(false);
      onChange();
    });
    find("key-forget").addEventListener("click", () => {
      find("key").value = "";
      key.set("");
      onChange();
    });
  }

  open(shown = true) {
    this.panel.hidden = !shown;
    find("key-toggle").setAttribute("aria-expanded", String(shown));
    if (shown) find("key").focus();
  }
}
