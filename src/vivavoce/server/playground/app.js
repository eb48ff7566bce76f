// The playground: what is on the screen, what one does with it, and what is then said.

import { Along, PAUSE_MS } from "./along.js";
import { dictionaries, Editor } from "./dictionaries.js";
import { Code, KeyPanel, Notice } from "./panels.js";
import { Picker } from "./picker.js";
import { ElementPlayer, LoudspeakerPlayer, canUseLoudspeaker, wayOf } from "./players.js";
import { Scope } from "./scope.js";
import { ask, key, Wire } from "./server.js";
import { Sheet } from "./sheet.js";
import { fields } from "./snippets.js";
import { Speaking } from "./speaking.js";
import { kindOf, titleOf, Trouble } from "./trouble.js";
import {
  formatName, formatNote, isPlayable, languageName, languageOptions, rateOf, SAMPLES, STYLES, voiceOptions,
} from "./voices.js";

const LOOK_AGAIN_MS = 2500;
const AFTERGLOW_MS = 700; // the picture goes on for this long after the last sound
const find = (id) => document.getElementById(id);

const sheet = new Sheet(find("sheet"));
const scope = new Scope(find("scope"));
const players = { loudspeaker: new LoudspeakerPlayer(), element: new ElementPlayer() };
const wire = new Wire(presence);
const notice = new Notice(() => speak());
const code = new Code(hint);
const keys = new KeyPanel(key, () => {
  notice.clear("key");
  wire.hangUp();
  load();
});
const voicePicker = new Picker(find("voice-picker"), () => changed());
const languagePicker = new Picker(find("language-picker"), (language) => languageChosen(language));
const editor = new Editor(find("dictionaries"), (all, id) => fillDictionaries(all, id));

let voices = [];
let languages = [];
let formats = [];
let current = null; // the Speaking that is heard, or was heard last
let along = null; // what type-along has still to say
let pauseTimer = 0;
let written = "";
let lookTimer = 0;
let painting = 0;
let soundedAt = 0;

// ---- what the server has ------------------------------------------------------------------------------------------

async function load() {
  try {
    const [voiced, spoken, formed, own] = await Promise.all([
      ask("/v1/speech/voices"),
      ask("/v1/speech/languages"),
      ask("/v1/speech/formats"),
      ask("/v1/speech/custom-voices").catch(() => ({ voices: [] })),
    ]);
    fill(voiced.voices, spoken.languages, formed.formats, own.voices);
    fillDictionaries(await dictionaries());
    await wire.connect();
  } catch (trouble) {
    tell(trouble);
  }
}

function fill(voiced, spoken, formed, own) {
  const base = (id) => voiced.find((voice) => voice.id === id);
  const custom = own.map((voice) => ({ ...base(voice.base_voice), engine: "yours", ...voice, label: voice.name }));
  voices = [...custom.map((voice) => ({ languages: [], ...voice, languages: base(voice.base_voice)?.languages ?? [] })), ...voiced];
  languages = spoken;
  formats = formed;
  const before = voices.some((voice) => voice.id === voicePicker.value) ? voicePicker.value : firstVoice();
  languagePicker.fill(languageOptions(languages), languagePicker.value);
  fillVoices(before);
  const chosen = find("format").value || (canUseLoudspeaker ? "pcm_s16le" : "mp3");
  find("format").replaceChildren(...formats.map((format) => formatOption(format)));
  find("format").value = formats.some((format) => format.name === chosen) ? chosen : formats[0].name;
  changed();
}

function formatOption(format) {
  const option = new Option(formatName(format), format.name);
  option.disabled = !isPlayable(format);
  return option;
}

/** A voice for the reader's own language, else for English, else any. */
function firstVoice() {
  const wanted = [navigator.language, navigator.language.split("-")[0], "en-US", "en"];
  for (const language of wanted) {
    const row = languages.find((each) => each.language.toLowerCase() === language.toLowerCase());
    if (row) return row.voice;
  }
  return voices[0]?.id ?? "";
}

function fillVoices(value) {
  const language = languagePicker.value;
  const able = language ? voices.filter((voice) => voice.languages.includes(language)) : voices;
  voicePicker.fill(voiceOptions(able), value);
}

function languageChosen(language) {
  const row = languages.find((each) => each.language === language);
  const speaks = voice()?.languages.includes(language);
  fillVoices(language && !speaks ? row.voice : voicePicker.value);
  changed();
}

function fillDictionaries(all, chosen = find("dictionary").value) {
  find("dictionary-field").hidden = all === null;
  const rows = (all ?? []).map((one) => new Option(one.name, one.id));
  find("dictionary").replaceChildren(new Option("None", ""), ...rows);
  find("dictionary").value = rows.some((row) => row.value === chosen) ? chosen : "";
  changed();
}

const voice = () => voices.find((each) => each.id === voicePicker.value);
const format = () => formats.find((each) => each.name === find("format").value);

/** Everything on the screen, as one request. */
function request() {
  return {
    origin: location.origin,
    text: sheet.text,
    voice: voicePicker.value,
    voiceLanguage: voice()?.language ?? "en",
    language: languagePicker.value,
    format: format().name,
    extension: format().extension,
    rateHz: rateOf(format(), voice()),
    speed: Number(find("speed").value),
    pitch: Number(find("pitch").value),
    style: find("style").value,
    dictionary: find("dictionary").value,
    keyed: Boolean(key.get()),
  };
}

function changed() {
  if (!format()) return;
  const { speed, pitch } = request();
  sample();
  find("speed-value").value = `${speed}×`;
  find("pitch-value").value = `${pitch > 0 ? "+" : ""}${pitch} st`;
  find("format-note").textContent = formatNote(format());
  const { gender, engine, rate_hz: rateHz, languages: spoken = [] } = voice() ?? {};
  const tongue = spoken.length ? languageName(spoken[0]) : "";
  find("voice-note").textContent = voice() ? [tongue, gender, engine, `${rateHz / 1000} kHz`].filter(Boolean).join(" · ") : "";
  code.show(request());
}

/** Untouched sample text follows the language. */
function sample() {
  const untouched = !sheet.text || Object.values(SAMPLES).includes(sheet.text);
  const language = (languagePicker.value || voice()?.language || "en").split("-")[0];
  const text = SAMPLES[language] ?? SAMPLES.en;
  if (untouched && !busy() && document.activeElement !== sheet.area && sheet.text !== text) sheet.text = written = text;
}

// ---- speaking -----------------------------------------------------------------------------------------------------

const busy = () => Boolean(current?.live);
const typing = () => find("along").checked;

function speak(clickedAt = performance.now()) {
  if (typing() && busy()) {
    finishAlong();
    return;
  }
  if (!sheet.text.trim() && !typing()) {
    hint("Write something first.");
    sheet.area.focus();
    return;
  }
  begin(clickedAt);
  if (typing()) {
    along = new Along("");
    sendAlong();
    sheet.area.focus();
  } else {
    current.text(sheet.text, 0);
    current.end();
  }
}

/** Starts an utterance; its text follows. */
function begin(clickedAt) {
  silence();
  notice.clear();
  const { text, ...rest } = fields(request());
  scope.begin(rateOf(format(), voice()));
  sheet.clear();
  current = new Speaking({
    wire,
    players,
    format: format(),
    rateHz: rateOf(format(), voice()),
    fields: rest,
    clickedAt,
    on: {
      opened: (message) => scope.begin(message.rate_hz),
      samples: (samples) => scope.add(samples),
      first: () => {
        hint(typing() ? "Listening to what you write." : `Speaking with ${voice()?.name ?? "the voice"}.`);
        shown();
      },
      over: () => done(),
      failed: (trouble, final) => failed(trouble, final),
    },
  });
  const mine = current;
  mine.start().catch((trouble) => {
    mine.live = false;
    if (mine === current) failed(trouble, true);
  });
  shown();
  hint("");
  soundedAt = performance.now();
  painting ||= requestAnimationFrame(paint);
}

/** Stops whatever is heard. */
function silence() {
  clearTimeout(pauseTimer);
  along = null;
  current?.stop();
}

function stop() {
  if (!busy()) return;
  silence();
  hint("Stopped.");
  shown();
}

function done() {
  along = null;
  const s = current.receivedS;
  hint(`Spoke ${s.toFixed(1)} s.`);
  shown();
}

function failed(trouble, final) {
  tell(trouble);
  if (!final) return;
  along = null;
  shown();
}

function shown() {
  find("stop").disabled = !busy();
  find("speak-label").textContent = typing() ? (busy() ? "Finish" : "Start") : "Speak";
  find("download").disabled = !current?.parts.length;
}

function download() {
  const file = current?.file();
  if (!file) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file.blob);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// ---- type-along ---------------------------------------------------------------------------------------------------

function wrote() {
  const text = sheet.text;
  const before = written;
  written = text;
  code.show(request());
  if (!typing()) {
    if (!busy()) sheet.clear();
    return;
  }
  if (!busy()) {
    // What already stood there is not said again; what was typed now is.
    let same = 0;
    while (same < before.length && before[same] === text[same]) same += 1;
    if (same === text.length) return;
    begin(performance.now());
    along = new Along(text.slice(0, same));
  }
  sendAlong();
}

function sendAlong(everything = false) {
  clearTimeout(pauseTimer);
  if (!along || !busy()) return;
  for (const piece of along.next(sheet.text, everything)) current.text(piece.text, piece.page);
  if (everything) current.flush();
  else pauseTimer = setTimeout(() => sendAlong(true), PAUSE_MS);
}

function finishAlong() {
  sendAlong(true);
  clearTimeout(pauseTimer);
  along = null;
  current.end();
  hint("Finishing what you wrote.");
}

// ---- what one sees ------------------------------------------------------------------------------------------------

function paint(now) {
  painting = 0;
  const heardS = current.heardS();
  const analyser = current.player.analyser;
  if (busy()) soundedAt = now;
  light(heardS);
  current.tick();
  scope.paint(now, heardS, analyser, busy());
  figuresShown();
  if (now - soundedAt < AFTERGLOW_MS) {
    painting = requestAnimationFrame(paint);
    return;
  }
  sheet.clear();
  scope.paint(Infinity, heardS, null, false);
}

/** Lights the words that have begun to be heard: by the samples that were played, not by those that have come. */
function light(heardS) {
  for (const { mark, span } of current.marks.reached(heardS, sheet.text)) {
    current.lit.push({ value: mark.value, start_s: mark.start_s, heard_s: heardS, samples: current.player.consumed });
    if (span) sheet.light(...span);
  }
}

function figuresShown() {
  const figures = measured();
  find("figure-first").textContent = figures.firstSoundMs === null ? "–" : `${Math.round(figures.firstSoundMs)} ms`;
  const factor = figures.realTimeFactor;
  find("figure-rtf").textContent = factor === null ? "–" : factor < 0.1 ? factor.toFixed(3) : factor.toFixed(2);
  find("figure-buffer").textContent = `${figures.bufferS.toFixed(1)} s`;
  find("figure-underruns").textContent = String(figures.underruns);
  find("figure-underruns").classList.toggle("bad", figures.underruns > 0);
}

/** The figures on the screen, and a few more; tests read them as ``vivavoce.figures``. */
function measured() {
  const player = current?.player;
  return {
    state: current?.live ? "speaking" : "idle",
    way: current?.way ?? wayOf(format()),
    format: current?.format.name ?? null,
    rateHz: current?.rateHz ?? null,
    samplesConsumed: player?.consumed ?? 0,
    samplesReceived: current?.receivedSamples ?? 0,
    frames: current?.frames ?? 0,
    heardS: current?.heardS() ?? 0,
    bufferS: current?.live ? player.aheadS() : 0,
    underruns: current?.underruns ?? 0,
    pauses: current?.pauses ?? 0,
    openedMs: current?.openedMs ?? null,
    firstAudioMs: current?.firstAudioMs ?? null,
    firstSoundMs: current?.firstSoundMs ?? null,
    atFirstSound: current?.atFirstSound ?? null,
    realTimeFactor: typing() ? null : (current?.realTimeFactor() ?? null),
    rms: scope.rms(player?.analyser),
    contextState: player?.context?.state ?? null,
    contextTimeS: player?.context?.currentTime ?? 0,
    outputLatencyS: player?.context?.outputLatency ?? 0,
  };
}

function presence(here) {
  find("presence").className = `presence ${here ? "here" : "gone"}`;
  find("presence-text").textContent = here ? `Ready at ${location.host}` : "No connection";
  if (here) notice.clear("away");
  else lookAgain();
}

/** Asks every few seconds until the server is there, and says so. */
function lookAgain() {
  clearTimeout(lookTimer);
  lookTimer = setTimeout(async () => {
    try {
      await ask("/v1/speech/health");
      await (voices.length ? wire.connect() : load());
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      if (kindOf(trouble) === "away") lookAgain();
      else tell(trouble);
    }
  }, LOOK_AGAIN_MS);
}

function tell(trouble) {
  if (!(trouble instanceof Trouble)) throw trouble;
  notice.show(trouble);
  hint("");
  const kind = kindOf(trouble);
  if (kind === "away") presence(false);
  if (kind === "key") {
    find("presence").className = "presence gone";
    find("presence-text").textContent = titleOf(trouble);
    keys.open();
  }
}

function hint(text) {
  find("hint").textContent = text;
}

// ---- hands on the page --------------------------------------------------------------------------------------------

function listen() {
  find("speak").addEventListener("click", (event) => speak(event.timeStamp));
  find("stop").addEventListener("click", stop);
  find("download").addEventListener("click", download);
  find("dictionary-edit").addEventListener("click", () => editor.open(find("dictionary").value).catch(tell));
  find("along").addEventListener("change", () => {
    if (busy() && along) finishAlong();
    shown();
    hint(typing() ? "Start writing: each word is said as soon as it is whole." : "");
    if (typing()) sheet.area.focus();
  });
  find("scope-mode").addEventListener("click", () => {
    scope.mode = scope.mode === "wave" ? "spectrum" : "wave";
    find("scope-mode").setAttribute("aria-pressed", String(scope.mode === "spectrum"));
    scope.paint(Infinity, current?.heardS() ?? 0, current?.player.analyser, busy());
  });
  sheet.area.addEventListener("input", wrote);
  for (const id of ["speed", "pitch", "style", "format", "dictionary"]) find(id).addEventListener("input", changed);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) {
      event.preventDefault();
      speak(event.timeStamp);
    } else if (event.key === "Escape" && !find("dictionaries").open) {
      stop();
    }
  });
  // The loudspeaker is made ready by the first touch, so that Speak need not wait for it.
  const warm = () => {
    if (format() && wayOf(format()) === "loudspeaker") players.loudspeaker.prepare(rateOf(format(), voice()));
  };
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, warm, { once: true, capture: true });
  addEventListener("resize", () => painting || scope.paint(Infinity, current?.heardS() ?? 0, null, false));
}

find("style").replaceChildren(...STYLES.map((style) => new Option(style[0].toUpperCase() + style.slice(1), style)));
if (navigator.platform.startsWith("Mac")) find("speak").querySelector("kbd").textContent = "⌘ ↵";
sheet.text = written = SAMPLES.en;
listen();
scope.paint(Infinity, 0, null, false);
load();

Object.defineProperty(globalThis, "vivavoce", {
  value: Object.freeze({
    get figures() {
      return measured();
    },
    get lit() {
      return structuredClone(current?.lit ?? []);
    },
    get marks() {
      return structuredClone(current?.marks.list ?? []);
    },
    get request() {
      return request();
    },
  }),
});
