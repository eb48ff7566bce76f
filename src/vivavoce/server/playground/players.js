// Two ways to be heard, with one face: begin, push, end, stop; heardS, aheadS, figures.
//
// LoudspeakerPlayer plays plain samples through an AudioWorklet, the moment they come. ElementPlayer gives coded audio
// to the browser: through MediaSource as it comes, or as one file at its end where the browser cannot stream it.
// A player reports through callbacks: first(), dry(), over(), failed(trouble).

import { isPlain, reader } from "./samples.js";
import { Trouble } from "./trouble.js";

const FFT_SIZE = 2048;
const KEEP_BEHIND_S = 20; // of what MediaSource has played; browsers bound its buffer
const ENCODER_DELAY_SAMPLES = { mp3: 1105, aac: 1024 };
const GAP_S = 0.15; // MediaSource that stands still for this long has run dry

const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;

export const canUseLoudspeaker = Boolean(globalThis.AudioWorkletNode && globalThis.isSecureContext);

/** How a format is heard: "loudspeaker", "stream" or "file". */
export function wayOf(format) {
  if (isPlain(format.name) && canUseLoudspeaker) return "loudspeaker";
  return Source?.isTypeSupported(format.media_type) ? "stream" : "file";
}

function analyserOf(context) {
  const analyser = context.createAnalyser();
  analyser.fftSize = FFT_SIZE;
  analyser.smoothingTimeConstant = 0.7;
  return analyser;
}

export class LoudspeakerPlayer {
  constructor() {
    this.context = null;
    this.analyser = null;
    this.turn = 0;
    this.on = {};
    this.#clear();
  }

  #clear() {
    this.consumed = 0;
    this.queued = 0;
    this.dry = 0;
    this.pushed = 0;
    this.reportedAt = 0;
    this.running = false;
  }

  /** Makes the context and its worklet for a rate, which takes some milliseconds; needs a gesture before it. */
  prepare(rateHz) {
    if (this.context?.sampleRate !== rateHz) {
      this.context?.close();
      this.context = new AudioContext({ sampleRate: rateHz, latencyHint: "interactive" });
      this.ready = this.#build(this.context);
      this.ready.catch(() => {});
    }
    if (this.context.state !== "running") this.context.resume();
    return this.ready;
  }

  async #build(context) {
    try {
      await context.audioWorklet.addModule("/playground/worklet.js");
    } catch (error) {
      // Its failure would be remembered by this context; the next attempt begins with another.
      if (context === this.context) this.context = null;
      context.close();
      throw new Trouble("player", `The audio worklet did not load: ${error.message}`);
    }
    const node = new AudioWorkletNode(context, "vivavoce-loudspeaker", { numberOfInputs: 0, outputChannelCount: [1] });
    node.port.onmessage = (event) => this.#hear(event.data);
    const analyser = analyserOf(context);
    node.connect(analyser).connect(context.destination);
    if (context === this.context) {
      this.node = node;
      this.analyser = analyser;
    }
  }

  /** Forgets what was heard before; reports that are still on their way count for nothing. */
  reset() {
    this.turn += 1;
    this.on = {};
    this.#clear();
  }

  async begin(format, rateHz, callbacks) {
    this.reset();
    const { turn } = this;
    this.on = callbacks;
    this.read = reader(format);
    this.waiting = [];
    await this.prepare(rateHz);
    if (turn !== this.turn) return;
    this.running = true;
    this.node.port.postMessage({ kind: "begin", turn });
    for (const message of this.waiting) this.#post(message);
    this.waiting = null;
  }

  /** The samples of the bytes, which stay the caller's. */
  push(bytes) {
    const samples = this.read(bytes);
    this.pushed += samples.length;
    if (samples.length) this.#say({ kind: "audio", samples: samples.slice() });
    return samples;
  }

  end() {
    this.#say({ kind: "end" });
  }

  stop() {
    this.#say({ kind: "stop" });
    this.waiting = null;
    this.on = {};
  }

  /** Seconds of speech that have left the loudspeaker, as far as the browser knows its latency. */
  heardS() {
    if (!this.context || !this.consumed) return 0;
    const { sampleRate, currentTime, outputLatency = 0 } = this.context;
    const since = this.queued ? Math.max(0, currentTime - this.reportedAt) : 0;
    return Math.max(0, Math.min(this.pushed, this.consumed + since * sampleRate) / sampleRate - outputLatency);
  }

  aheadS() {
    return this.context ? Math.max(0, this.pushed - this.consumed) / this.context.sampleRate : 0;
  }

  #say(message) {
    if (this.waiting) this.waiting.push(message);
    else this.#post(message);
  }

  #post(message) {
    this.node?.port.postMessage({ ...message, turn: this.turn }, message.samples ? [message.samples.buffer] : []);
  }

  #hear({ kind, turn, consumed, queued, dry, frame }) {
    if (turn !== this.turn) return;
    Object.assign(this, { consumed, queued, dry, reportedAt: frame / this.context.sampleRate });
    if (kind === "at") return;
    if (kind === "over" || kind === "stopped") this.running = false;
    this.on[kind]?.();
  }
}

export class ElementPlayer {
  constructor() {
    this.context = null;
    this.analyser = null;
    this.on = {};
    this.consumed = 0;
    this.next = null;
  }

  prepare() {
    if (!this.context) {
      this.context = new AudioContext();
      this.analyser = analyserOf(this.context);
      this.analyser.connect(this.context.destination);
    }
    if (this.context.state !== "running") this.context.resume();
    if (!this.next) {
      // Safari lets an element play later only if it was touched within the click.
      this.next = new Audio();
      this.next.load();
    }
    return Promise.resolve();
  }

  reset() {
    this.stop();
    this.audio = null;
    this.consumed = 0;
  }

  async begin(format, rateHz, callbacks) {
    await this.prepare();
    this.reset();
    this.on = callbacks;
    this.rateHz = rateHz;
    this.delayS = (ENCODER_DELAY_SAMPLES[format] ?? 0) / rateHz;
    this.started = false;
    this.parts = [];
    this.ended = false;
    this.audio = this.next;
    this.next = null;
    this.audio.preservesPitch = true;
    this.context.createMediaElementSource(this.audio).connect(this.analyser);
    this.audio.onended = () => this.on.over?.();
    this.audio.onerror = () => this.#fail(this.audio.error?.message);
    this.audio.onwaiting = () => this.#stood();
  }

  /** Streams audio of this media type as it comes; without, it is heard as a file when it is whole. */
  stream(mediaType) {
    this.mediaType = mediaType;
    if (!Source?.isTypeSupported(mediaType)) return;
    this.source = new Source();
    this.audio.disableRemotePlayback = true;
    this.audio.src = URL.createObjectURL(this.source);
    this.source.addEventListener("sourceopen", () => this.#opened(), { once: true });
    this.#play();
  }

  push(bytes) {
    this.parts.push(bytes);
    this.#append();
    return null;
  }

  end() {
    this.ended = true;
    if (this.source) {
      this.#append();
    } else if (this.parts.length) {
      this.audio.src = URL.createObjectURL(new Blob(this.parts, { type: this.mediaType }));
      this.parts = [];
      this.#play();
    } else {
      this.on.over?.();
    }
  }

  stop() {
    this.on = {};
    if (!this.audio) return;
    this.audio.onended = this.audio.onerror = this.audio.onwaiting = null;
    this.audio.pause();
    if (this.audio.src) URL.revokeObjectURL(this.audio.src);
    this.audio.removeAttribute("src");
    this.source = this.buffer = null;
    this.parts = [];
  }

  heardS() {
    return this.audio ? Math.max(0, this.audio.currentTime - this.delayS) : 0;
  }

  aheadS() {
    const { audio } = this;
    if (!audio?.buffered.length) return 0;
    return Math.max(0, audio.buffered.end(audio.buffered.length - 1) - audio.currentTime);
  }

  #opened() {
    if (!this.source) return;
    try {
      this.buffer = this.source.addSourceBuffer(this.mediaType);
    } catch (error) {
      this.#fail(error.message);
      return;
    }
    if (this.buffer.mode === "segments") this.buffer.mode = "sequence";
    this.buffer.onupdateend = () => this.#append();
    this.#append();
  }

  #append() {
    if (!this.buffer || this.buffer.updating || this.source?.readyState !== "open") return;
    const behind = this.audio.currentTime - KEEP_BEHIND_S;
    if (this.audio.buffered.length && this.audio.buffered.start(0) < behind - KEEP_BEHIND_S) {
      this.buffer.remove(0, behind);
    } else if (this.parts.length) {
      const all = new Blob(this.parts);
      this.parts = [];
      // A blob joins the pieces without a copy by hand; its bytes come a moment later.
      this.joining = all.arrayBuffer().then((bytes) => this.#give(bytes));
    } else if (this.ended && !this.joining) {
      this.source.endOfStream();
    }
  }

  #give(bytes) {
    this.joining = null;
    if (!this.buffer) return;
    if (this.buffer.updating) this.parts.unshift(new Uint8Array(bytes));
    else this.buffer.appendBuffer(bytes);
  }

  #play() {
    this.audio.play().catch((error) => {
      if (error.name !== "AbortError") this.#fail(error.message);
    });
  }

  /** Sees whether sound has begun: an element's own events come a quarter of a second late. */
  tick() {
    if (!this.audio) return;
    this.consumed = Math.round(this.audio.currentTime * this.rateHz);
    if (this.started || !this.audio.currentTime) return;
    this.started = true;
    this.on.first?.();
  }

  /** Whoever waits after the start, with more to come, has run dry; the start of a stream and its end are no gaps. */
  #stood() {
    const { currentTime } = this.audio;
    if (!this.started) return;
    setTimeout(() => {
      if (this.audio.currentTime !== currentTime || this.audio.ended || this.audio.paused) return;
      this.on.dry?.();
    }, GAP_S * 1000);
  }

  #fail(message) {
    this.on.failed?.(new Trouble("player", message || "It could not be decoded."));
  }
}
