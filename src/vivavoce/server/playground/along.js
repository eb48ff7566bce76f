// Type-along: which part of what stands on the page is to be said next.
//
// Whole words go as soon as they are typed; the word under the cursor waits until the typist pauses, so that it can
// still be corrected. What has been sent stays said: a correction in it is not spoken, what is written after it is.

export const PAUSE_MS = 650;

// A word ends at white space, and in scripts without spaces at every character.
const UP_TO_A_WORD_END = /^[\s\S]*(?:\s|[。．、，！？；：…]|[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff])/u;

export class Along {
  /** ``page`` is what already stands there and is not to be said. */
  constructor(page) {
    this.page = page;
    this.fresh = true;
  }

  /**
   * What of ``text`` is to be sent now, as [{text, page}], ``page`` being its place on the page.
   * ``everything`` sends the word under the cursor as well.
   */
  next(text, everything = false) {
    if (!text.startsWith(this.page)) this.#corrected(text);
    const waiting = text.slice(this.page.length);
    const ready = everything ? waiting : (UP_TO_A_WORD_END.exec(waiting)?.[0] ?? "");
    if (!ready) return [];
    const place = this.page.length;
    this.page += ready;
    // After a correction the next words stand on their own, whatever they were glued to before.
    const apart = this.fresh && place > 0 ? " " : "";
    this.fresh = false;
    return [...(apart ? [{ text: apart, page: place }] : []), { text: ready, page: place }];
  }

  #corrected(text) {
    let same = 0;
    while (same < this.page.length && text[same] === this.page[same]) same += 1;
    let tail = 0;
    const most = Math.min(this.page.length, text.length) - same;
    while (tail < most && text[text.length - 1 - tail] === this.page[this.page.length - 1 - tail]) tail += 1;
    // What is new at the end of the page is still to be said; what is new within it is not.
    this.page = tail ? text : text.slice(0, same);
    this.fresh = true;
  }
}
