// The code for exactly what is on the screen. Pure: from a request to text.
//
// A request is {origin, text, voice, language, format, extension, rateHz, speed, pitch, style, dictionary, keyed}. The
// key itself never stands in the code.
// The vendors' constructor arguments were read in soniox 2.10.0, gradium 0.6.4 and supertone 0.2.3.

const python = (value) => JSON.stringify(value);
const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** What the native wire would be sent: only what is not its default. */
export function fields(request) {
  const { text, voice, language, format, speed, pitch, style, dictionary } = request;
  return {
    text,
    voice,
    ...(language && { language }),
    format,
    ...(speed !== 1 && { speed }),
    ...(pitch !== 0 && { pitch }),
    ...(style !== "neutral" && { style }),
    ...(dictionary && { dictionary }),
  };
}

function curl(request) {
  const lines = [
    `curl -N ${request.origin}/v1/speech`,
    ...(request.keyed ? ['-H "authorization: Bearer $VIVAVOCE_API_KEY"'] : []),
    "-H 'content-type: application/json'",
    `-d ${shell(JSON.stringify(fields(request)))}`,
    `-o speech.${request.extension}`,
  ];
  return lines.join(" \\\n  ");
}

function call(name, positional, named) {
  const rows = [...positional, ...Object.entries(named).map(([field, value]) => `${field}=${value}`)];
  return `${name}(\n${rows.map((row) => `    ${row},\n`).join("")})`;
}

function sdk(request) {
  const { text, format, ...named } = fields(request);
  const shown = Object.fromEntries(
    Object.entries({ ...named, output_format: format }).map(([field, value]) => [field, python(value)]),
  );
  return `from vivavoce import VivavoceClient

with VivavoceClient(base_url=${python(request.origin)}) as client:${request.keyed ? "  # key from VIVAVOCE_API_KEY" : ""}
    speech = ${call("client.tts", [python(text)], shown).replaceAll("\n", "\n    ")}
    speech.save("speech.${request.extension}")
    print(speech.text_with_timestamps)`;
}

/** Lines that say what a vendor's wire has no word for. */
function left(request, names) {
  const set = {
    language: request.language,
    speed: request.speed !== 1,
    pitch: request.pitch !== 0,
    style: request.style !== "neutral",
    dictionary: request.dictionary,
  };
  const lost = names.filter((name) => set[name]);
  return lost.length ? `# This wire has no word for: ${lost.join(", ")}.\n` : "";
}

const within = (value, low, high) => Math.min(high, Math.max(low, value));
const primary = (tag) => tag.split("-")[0].toLowerCase();

const SONIOX_FORMATS = { mulaw: "pcm_mulaw", alaw: "pcm_alaw" };
const SONIOX_RATES = [8000, 16000, 24000, 44100, 48000];

function soniox(request) {
  const { origin, format, speed } = request;
  const rate = SONIOX_RATES.includes(request.rateHz) ? request.rateHz : 24000;
  const config = [
    `audio_format=${python(SONIOX_FORMATS[format] ?? format)}`,
    `sample_rate=${rate}`,
    ...(speed !== 1 ? [`speed=${within(speed, 0.7, 1.3)}`] : []),
  ];
  return `${left(request, ["pitch", "style", "dictionary"])}from soniox import SonioxClient
from soniox.types import CreateTtsConfig

client = SonioxClient(
    api_key=${apiKey(request)},
    api_base_url="${origin}/v1",
    tts_api_base_url="${origin}",
    tts_websocket_base_url="${origin.replace(/^http/, "ws")}/tts-websocket",
)
${call("client.tts.generate_to_file", [`"speech.${request.extension}"`], {
  text: python(request.text),
  voice: python(request.voice),
  language: python(primary(request.language || request.voiceLanguage)),
  config: `CreateTtsConfig(${config.join(", ")})`,
})}`;
}

const GRADIUM_FORMATS = { wav: "wav", opus: "opus", pcm_s16le: "pcm", mulaw: "ulaw_8000", alaw: "alaw_8000" };
const GRADIUM_PCM_RATES = [8000, 16000, 22050, 24000, 44100, 48000];

function gradium(request) {
  let format = GRADIUM_FORMATS[request.format] ?? "wav";
  if (format === "pcm" && GRADIUM_PCM_RATES.includes(request.rateHz)) format = `pcm_${request.rateHz}`;
  // Two points of padding are about 30 % of the duration.
  const bonus = within((1 / request.speed - 1) / 0.15, -5, 5);
  const setup = {
    voice_id: python(request.voice),
    output_format: python(format),
    ...(request.speed !== 1 && { json_config: `{"padding_bonus": ${Number(bonus.toFixed(2))}}` }),
    ...(request.dictionary && { pronunciation_id: python(request.dictionary) }),
  };
  const rows = Object.entries(setup).map(([field, value]) => `    "${field}": ${value},\n`);
  const extension = { wav: "wav", opus: "ogg" }[format] ?? "raw";
  return `${left(request, ["language", "pitch", "style"])}import asyncio
from pathlib import Path

from gradium import GradiumClient

client = GradiumClient(base_url="${request.origin}/api/", api_key=${apiKey(request)})
setup = {
${rows.join("")}}
speech = asyncio.run(client.tts(setup, ${python(request.text)}))
Path("speech.${extension}").write_bytes(speech.raw_data)`;
}

const SONA_1 = ["en", "ko", "ja"];

function supertone(request) {
  const language = primary(request.language || request.voiceLanguage);
  const format = request.format === "mp3" ? "mp3" : "wav";
  const settings = [
    ...(request.pitch !== 0 ? [`"pitch_shift": ${request.pitch}`] : []),
    ...(request.speed !== 1 ? [`"speed": ${within(request.speed, 0.5, 2)}`] : []),
  ];
  return `${left(request, ["dictionary"])}from pathlib import Path

from supertone import Supertone

client = Supertone(api_key=${apiKey(request)}, server_url="${request.origin}")
answer = ${call("client.text_to_speech.create_speech", [], {
    voice_id: python(request.voice),
    text: python(request.text),
    language: python(language),
    model: python(SONA_1.includes(language) ? "sona_speech_1" : "sona_speech_2"),
    output_format: python(format),
    ...(request.style !== "neutral" && { style: python(request.style) }),
    ...(settings.length && { voice_settings: `{${settings.join(", ")}}` }),
  })}
Path("speech.${format}").write_bytes(answer.result.read())`;
}

function apiKey(request) {
  return request.keyed ? '"YOUR-KEY"' : '"none"';
}

export const SNIPPETS = [
  { id: "curl", title: "curl", language: "sh", of: curl },
  { id: "sdk", title: "Python", language: "python", of: sdk },
  { id: "soniox", title: "Soniox SDK", language: "python", of: soniox },
  { id: "gradium", title: "Gradium SDK", language: "python", of: gradium },
  { id: "supertone", title: "Supertone SDK", language: "python", of: supertone },
];
