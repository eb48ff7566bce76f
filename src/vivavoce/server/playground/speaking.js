// One utterance, from the click to its last sample: the stream on the wire, the player, the marks and the figures.

import { bytesASample, isPlain, wavFile } from "./samples.js";
import { Marks } from "./marks.js";
import { wayOf } from "./players.js";

const CREDIT_S = 6; // audio the server may send ahead of what has been played
const FAR_AHEAD_S = 4; // from here on the server waits for the listener, so its speed is not measured any more

export class Speaking {
  /** ``on`` has first, over, failed(trouble) and samples(samples). */
  constructor({ wire, players, format, rateHz, fields, clickedAt, on }) {
    Object.assign(this, { wire, format, fields, on });
    this.way = wayOf(format);
    this.player = this.way === "loudspeaker" ? players.loudspeaker : players.element;
    this.rateHz = rateHz;
    this.clickedAt = clickedAt;
    this.firstSoundMs = null;
    this.marks = new Marks();
    this.lit = [];
    this.parts = [];
    this.underruns = 0;
    this.pauses = 0;
    this.frames = 0;
    this.receivedS = 0;
    this.receivedSamples = 0;
    this.charactersSent = 0;
    this.atFirstSound = null;
    this.live = true;
    this.queue = [];
    this.player.reset();
  }

  /** Opens the stream. Throws Trouble. */
  async start() {
    const credit = isPlain(this.format.name) && this.way === "loudspeaker";
    const bytes = Math.round(this.rateHz * (isPlain(this.format.name) ? bytesASample(this.format.name) : 0)) * CREDIT_S;
    this.granted = credit ? 0 : null;
    const fields = { ...this.fields, marks: ["word"], ...(credit && { credit_bytes: bytes }) };
    // The first audio context of a page takes a tenth of a second to make; the server works in the meantime.
    if (!this.wire.isOpen) this.player.prepare(this.rateHz);
    const stream = await this.wire.open(fields, {
      opened: (message) => this.#opened(message),
      audio: (bytes) => this.#audio(bytes),
      mark: (mark) => this.marks.add(mark),
      ended: (message) => this.#ended(message),
      failed: (trouble, final) => this.#failed(trouble, final),
    });
    if (!this.live) {
      this.wire.cancel(stream);
      return;
    }
    this.stream = stream;
    for (const send of this.queue) send();
    this.queue = null;
    this.player.prepare(this.rateHz);
  }

  text(text, page) {
    this.marks.sent(text, page);
    this.charactersSent += text.length;
    this.#soon(() => {
      this.textAt ??= performance.now();
      this.wire.text(this.stream, text);
    });
  }

  /** Everything so far is to be said, even a word that may not be whole. */
  flush() {
    this.#soon(() => this.wire.flush(this.stream));
  }

  end() {
    this.finished = true;
    this.#soon(() => this.wire.end(this.stream));
  }

  /** Silence, now. */
  stop() {
    if (!this.live) return;
    this.live = false;
    this.heardAtStop = this.player.consumed;
    this.player.stop();
    if (this.stream !== undefined) this.wire.cancel(this.stream);
  }

  /** To be called once a frame. */
  tick() {
    this.player.tick?.();
    this.#replenish();
  }

  heardS() {
    return this.player.heardS();
  }

  /** Gives back what has been played, so that as much may come. */
  #replenish() {
    if (this.granted === null || !this.live || this.stream === undefined) return;
    const played = this.player.consumed * bytesASample(this.format.name);
    if (played - this.granted < this.rateHz / 2) return;
    this.wire.credit(this.stream, played - this.granted);
    this.granted = played;
  }

  /** What was heard, as a file: {blob, name}; null when nothing was. */
  file() {
    if (!this.parts.length) return null;
    if (this.way === "loudspeaker") {
      const heard = this.player.turn === this.turn ? this.player.consumed : this.heardAtStop;
      const samples = Math.min(heard ?? Infinity, Math.round(this.receivedSamples));
      return samples ? { blob: wavFile(this.parts, samples, this.rateHz), name: "speech.wav" } : null;
    }
    return { blob: new Blob(this.parts, { type: this.format.media_type }), name: `speech.${this.format.extension}` };
  }

  /** Seconds of making for a second of speech; null until it can be told. */
  realTimeFactor() {
    if (!this.receivedS || this.textAt === undefined || !this.measuredAt) return null;
    return (this.measuredAt - this.textAt) / 1000 / this.measuredS;
  }

  #soon(send) {
    if (this.queue) this.queue.push(send);
    else if (this.live) send();
  }

  #opened(message) {
    if (!this.live) return;
    this.rateHz = message.rate_hz;
    this.openedMs = performance.now() - this.clickedAt;
    this.on.opened?.(message);
    const begun = this.player.begin(message.format, message.rate_hz, {
      first: () => this.#first(),
      dry: () => this.#dry(),
      over: () => this.#over(),
      failed: (trouble) => this.#failed(trouble, true),
    });
    this.turn = this.player.turn;
    this.begun = begun.then(() => {
      if (this.live && this.way !== "loudspeaker") this.player.stream(this.way === "stream" ? this.format.media_type : "");
    });
    this.begun.catch((trouble) => this.#failed(trouble, true));
  }

  #audio(bytes) {
    if (!this.live) return;
    this.frames += 1;
    this.firstAudioMs ??= performance.now() - this.clickedAt;
    if (this.way === "loudspeaker") {
      const samples = this.player.push(bytes);
      this.parts.push(samples);
      this.receivedSamples += samples.length;
      this.receivedS = this.receivedSamples / this.rateHz;
      this.on.samples?.(samples);
    } else {
      this.parts.push(bytes);
      this.begun.then(() => this.live && this.player.push(bytes));
      this.receivedS = Math.max(this.receivedS, this.player.heardS() + this.player.aheadS());
    }
    this.#measure();
  }

  #measure() {
    if (this.far) return;
    this.measuredAt = performance.now();
    this.measuredS = this.receivedS || null;
    this.far = this.player.aheadS() > FAR_AHEAD_S;
  }

  #ended(message) {
    if (!this.live) return;
    this.receivedS = message.audio_s;
    if (!this.far && this.measuredAt) this.measuredS = message.audio_s || null;
    // What looked like a gap was the end, whose message was still on its way.
    if (this.dryAt === this.frames) this.underruns -= 1;
    this.begun.then(() => this.live && this.player.end());
  }

  #first() {
    this.firstSoundMs = performance.now() - this.clickedAt;
    this.atFirstSound = { charactersSent: this.charactersSent, finished: Boolean(this.finished) };
    this.on.first?.();
  }

  /** Silence in the middle of a word is the server's or the network's fault; between words it may be the writer's. */
  #dry() {
    const writersTurn = !this.finished && this.marks.stopS <= this.receivedS + 0.02;
    if (writersTurn) {
      this.pauses += 1;
    } else {
      this.underruns += 1;
      this.dryAt = this.frames;
    }
  }

  #over() {
    this.live = false;
    this.heardAtStop = this.player.consumed;
    this.on.over?.();
  }

  #failed(trouble, final) {
    if (!this.live) return;
    if (final) {
      this.live = false;
      this.heardAtStop = this.player.consumed;
      this.player.stop();
    }
    this.on.failed?.(trouble, final);
  }
}

