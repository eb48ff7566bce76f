// Voices, languages, styles and formats as a person reads them.

import { isPlain } from "./samples.js";
import { canUseLoudspeaker, wayOf } from "./players.js";

/** As in session/styles.py; the server refuses a name that is none. */
export const STYLES = [
  "neutral", "friendly", "cheerful", "happy", "excited", "calm", "serene", "kind", "confident", "curious", "admiring",
  "serious", "sad", "shy", "embarrassed", "anxious", "fearful", "angry", "unfriendly", "painful", "whispering", "shouting",
];

const names = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });

export function languageName(tag) {
  try {
    return names.of(tag) ?? tag;
  } catch {
    return tag; // espeak-ng has tags that are none of BCP 47
  }
}

export function voiceOptions(voices) {
  return voices.map((voice) => ({
    value: voice.id,
    label: voice.label ?? `${voice.name}`,
    meta: `${voice.language ?? ""} · ${voice.engine}`,
    search: [voice.id, voice.engine, voice.gender, ...voice.languages, ...voice.languages.map(languageName)].join(" "),
  }));
}

export function languageOptions(languages) {
  const rows = languages.map(({ language, voices }) => ({
    value: language,
    label: languageName(language),
    meta: `${language} · ${voices} ${voices === 1 ? "voice" : "voices"}`,
    search: language,
  }));
  rows.sort((one, other) => one.label.localeCompare(other.label));
  return [{ value: "", label: "As the voice speaks", meta: "", search: "automatic default any" }, ...rows];
}

const FORMAT_NAMES = {
  pcm_s16le: "PCM, 16 bit",
  pcm_f32le: "PCM, 32-bit float",
  wav: "WAV",
  mulaw: "µ-law (telephone)",
  alaw: "A-law (telephone)",
  mp3: "MP3",
  opus: "Opus in Ogg",
  aac: "AAC",
  flac: "FLAC",
};

export const formatName = (format) => FORMAT_NAMES[format.name] ?? format.name;

/** Whether this browser can play it in any way here: raw samples need the loudspeaker, and that a secure address. */
export function isPlayable(format) {
  return canUseLoudspeaker || !isPlain(format.name) || format.name === "wav";
}

export function formatNote(format) {
  const note = {
    loudspeaker: "Heard the moment it comes.",
    stream: "Streamed by the browser, which gathers a little first.",
    file: "Heard when it is whole; no browser streams it.",
  }[wayOf(format)];
  if (canUseLoudspeaker) return note;
  return `${note} Raw PCM needs https or localhost.`;
}

/** The rate the server will choose: the format's own, or the voice's where the format has it (formats.py). */
export function rateOf(format, voice) {
  if (format.default_rate_hz) return format.default_rate_hz;
  return format.rates_hz.includes(voice?.rate_hz) ? voice.rate_hz : 24000;
}

/** Something to say in a language, until one writes something oneself. */
export const SAMPLES = {
  en: "Text goes in as it is written, and speech comes out as it is made. Press Speak and follow the words, or switch on Type along and just start writing.",
  de: "Text geht hinein, wie er geschrieben wird, und Sprache kommt heraus, wie sie entsteht.",
  fr: "Le texte entre comme on l’écrit, et la parole sort à mesure qu’elle se fait.",
  es: "El texto entra tal como se escribe y la voz sale a medida que se crea.",
  it: "Il testo entra mentre viene scritto e la voce esce mentre prende forma.",
  pt: "O texto entra enquanto é escrito e a voz sai enquanto é feita.",
  nl: "Tekst gaat erin terwijl hij wordt geschreven en spraak komt eruit terwijl ze ontstaat.",
  pl: "Tekst wchodzi tak, jak jest pisany, a mowa wychodzi, gdy tylko powstaje.",
  sv: "Text går in medan den skrivs och tal kommer ut medan det blir till.",
};
