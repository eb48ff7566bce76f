// Where the words of a stream lie on the page.
//
// Marks count Unicode code points of the stream's text; the page counts UTF-16 units of its text area. While one types
// along, corrections make the two texts differ: each piece remembers where on the page it came from, and a mark whose
// word does not stand there any more lights nothing.

export class Marks {
  constructor() {
    this.stream = "";
    this.astral = null;
    this.pieces = []; // {stream, page}: where pieces of the stream's text begin, in UTF-16 units
    this.list = [];
    this.at = -1;
  }

  /** Text that was sent, and where on the page it begins. */
  sent(text, page) {
    this.pieces.push({ stream: this.stream.length, page });
    this.stream += text;
    if (this.astral !== null || /[\ud800-\udfff]/.test(text)) this.astral = unitsOf(this.stream);
  }

  add(mark) {
    this.list.push(mark);
  }

  /** Seconds up to which words are known. */
  get stopS() {
    return this.list.length ? this.list[this.list.length - 1].stop_s : 0;
  }

  /** The marks that have begun since the last call, oldest first, each with its span on the page or null. */
  reached(heardS, page) {
    const found = [];
    while (this.at + 1 < this.list.length && this.list[this.at + 1].start_s <= heardS) {
      this.at += 1;
      const mark = this.list[this.at];
      found.push({ mark, span: this.#spanOf(mark, page) });
    }
    return found;
  }

  #spanOf(mark, page) {
    const start = this.#units(mark.text_start);
    const stop = this.#units(mark.text_stop);
    let piece = null;
    for (const one of this.pieces) if (one.stream <= start) piece = one;
    if (!piece || stop <= start) return null;
    const shift = piece.page - piece.stream;
    const same = page.slice(start + shift, stop + shift) === this.stream.slice(start, stop);
    return same ? [start + shift, stop + shift] : null;
  }

  #units(codePoints) {
    return this.astral ? (this.astral[codePoints] ?? this.stream.length) : codePoints;
  }
}

/** The UTF-16 offset of every code point. */
function unitsOf(text) {
  const offsets = [];
  for (let at = 0; at < text.length; at += text.codePointAt(at) > 0xffff ? 2 : 1) offsets.push(at);
  return offsets;
}
