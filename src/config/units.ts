/** Sizes and times as people type them in the own manner: `64k`, `10 MiB`, `1.5h`, `500ms`. Kafka's keys take bare numbers. */
import { EXIT, KtsError } from '../base/kts-error.ts';

const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  kb: 1000,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
  t: 1024 ** 4,
  tb: 1000 ** 4,
  tib: 1024 ** 4,
};

const MILLISECONDS: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

function parse(text: string, units: Readonly<Record<string, number>>, what: string, example: string): number {
  const found = /^([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)$/i.exec(text.trim());
  const factor = found === null ? undefined : units[(found[2] as string).toLowerCase()];
  const value = found === null || factor === undefined ? Number.NaN : Math.round(Number(found[1]) * factor);
  if (Number.isSafeInteger(value)) return value;
  throw new KtsError(`'${text}' is no ${what}`, { hint: `for instance ${example}`, exitCode: EXIT.usage });
}

/** `64k` and `64KiB` are 65536, `64kB` is 64000. */
export function parseBytes(text: string): number {
  return parse(text, BYTES, 'size', '512k, 10MiB or 1048576');
}

/** A bare number means milliseconds. */
export function parseMilliseconds(text: string): number {
  return parse(text, MILLISECONDS, 'time', '500ms, 5s, 10min or 1.5h');
}
