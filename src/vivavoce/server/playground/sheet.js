// The sheet of paper one writes on. A textarea with invisible letters lies over the same text in three parts: what
// has been said, the word that is being said, and what is still to come.

export class Sheet {
  constructor(frame) {
    this.area = frame.querySelector("textarea");
    this.said = frame.querySelector(".said");
    this.word = frame.querySelector(".word");
    this.rest = frame.querySelector(".rest");
    this.frame = frame;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.area.addEventListener("input", () => this.#shown());
    this.clear();
  }

  get text() {
    return this.area.value;
  }

  set text(value) {
    this.area.value = value;
    this.clear();
  }

  /** Lights the characters from ``start`` to ``stop`` (UTF-16 offsets). */
  light(start, stop) {
    this.span = [start, stop];
    this.frame.classList.add("lit");
    this.#shown();
    this.#follow();
  }

  /** All said, or nothing: the text as it is written. */
  clear() {
    this.span = [0, 0];
    this.frame.classList.remove("lit");
    this.#shown();
  }

  #shown() {
    const { value } = this.area;
    const [start, stop] = this.span;
    this.said.textContent = value.slice(0, start);
    this.word.textContent = value.slice(start, stop);
    this.rest.textContent = `${value.slice(stop)}\u200b`; // so that an empty last line has its height
  }

  #follow() {
    const word = this.word.getBoundingClientRect();
    const frame = this.frame.getBoundingClientRect();
    if (word.top >= frame.top + 8 && word.bottom <= frame.bottom - 8) return;
    const top = this.frame.scrollTop + word.top - frame.top - frame.height / 3;
    this.frame.scrollTo({ top, behavior: this.calm.matches ? "auto" : "smooth" });
  }
}
