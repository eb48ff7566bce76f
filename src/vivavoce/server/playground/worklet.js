// The loudspeaker: plays 16-bit samples in the order they come, and tells how far it has come.
//
// In:  {kind: "begin", turn}, {kind: "audio", turn, samples: Int16Array}, {kind: "end", turn}, {kind: "stop", turn}
// Out: {kind: "first" | "at" | "dry" | "over" | "stopped", turn, consumed, queued, dry, frame}
//
// A turn is one utterance; what belongs to another turn than the latest is thrown away, so that nothing that was on
// its way when somebody pressed Stop is ever heard. Before the first sample a little is gathered, and more after the
// queue has run dry, but never longer than that little takes to play: the last word of a slow writer must not wait.

const FIRST_CUSHION_S = 0.02;
const LATER_CUSHION_S = 0.08;
const FADE_S = 0.004;
const REPORT_S = 0.012;

class Loudspeaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.turn = -1;
    this.reset();
    this.port.onmessage = (event) => this.hear(event.data);
  }

  reset() {
    this.queue = [];
    this.offset = 0;
    this.queued = 0;
    this.consumed = 0;
    this.dry = 0;
    this.ended = false;
    this.flowing = false;
    this.gathering = 0;
    this.fading = 0;
    this.reported = 0;
  }

  hear(message) {
    if (message.kind === "begin") {
      this.turn = message.turn;
      this.reset();
      return;
    }
    if (message.turn !== this.turn) return;
    if (message.kind === "audio") {
      this.queue.push(message.samples);
      this.queued += message.samples.length;
    } else if (message.kind === "end") {
      this.ended = true;
      if (!this.queued) this.finish();
    } else if (message.kind === "stop") {
      if (this.flowing && this.queued) this.fading = Math.round(FADE_S * sampleRate);
      else this.silence();
    }
  }

  process(inputs, outputs) {
    const out = outputs[0][0];
    if (!this.flowing && this.queued) this.gather(out.length);
    if (this.flowing) this.play(out);
    if (this.turn >= 0 && currentFrame - this.reported >= REPORT_S * sampleRate) {
      this.reported = currentFrame;
      this.tell("at");
    }
    return true;
  }

  gather(frames) {
    const cushion = (this.consumed ? LATER_CUSHION_S : FIRST_CUSHION_S) * sampleRate;
    this.gathering += frames;
    if (!this.ended && this.queued < cushion && this.gathering < cushion) return;
    this.gathering = 0;
    this.flowing = true;
    if (!this.consumed) this.tell("first");
  }

  play(out) {
    for (let at = 0; at < out.length && this.queue.length; at += 1) {
      const piece = this.queue[0];
      let sample = piece[this.offset] / 32768;
      if (this.fading) {
        sample *= (this.fading -= 1) / (FADE_S * sampleRate);
        if (!this.fading) return this.silence();
      }
      out[at] = sample;
      this.consumed += 1;
      this.queued -= 1;
      if ((this.offset += 1) === piece.length) {
        this.queue.shift();
        this.offset = 0;
      }
    }
    if (this.queued) return undefined;
    if (this.fading) return this.silence();
    return this.ended ? this.finish() : this.starve();
  }

  starve() {
    this.flowing = false;
    this.dry += 1;
    this.tell("dry");
  }

  silence() {
    this.queue = [];
    this.queued = 0;
    this.tell("stopped");
    this.turn = -1;
    this.flowing = false;
    this.fading = 0;
  }

  finish() {
    this.flowing = false;
    this.tell("over");
    this.turn = -1;
  }

  tell(kind) {
    const { turn, consumed, queued, dry } = this;
    this.port.postMessage({ kind, turn, consumed, queued, dry, frame: currentFrame });
  }
}

registerProcessor("vivavoce-loudspeaker", Loudspeaker);
