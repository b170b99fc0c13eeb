/** Times and durations as Kafka's tools take them. */

/** ISO-8601 durations of days and less (`PT1H30M`, `P1DT2H`, `-PT5S`) in ms; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const pattern = /^([-+]?)P(?:([-+]?\d+)D)?(?:T(?:([-+]?\d+)H)?(?:([-+]?\d+)M)?(?:([-+]?\d+(?:\.\d{1,9})?)S)?)?$/i;
  const match = pattern.exec(text);
  if (match === null || /[pt]$/i.test(text)) return undefined;
  const [, sign, days, hours, minutes, seconds] = match;
  const ms = Number(days ?? 0) * 86_400_000 + Number(hours ?? 0) * 3_600_000 + Number(minutes ?? 0) * 60_000;
  const whole = ms + Math.floor(Number(seconds ?? 0) * 1000);
  return sign === '-' ? -whole : whole;
}

/** `5s`, `500ms`, `2m`, or a plain number of ms; undefined for anything else. */
export function parsePeriod(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  if (match === null) return undefined;
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? 'ms'] ?? 1;
  return Number(match[1]) * unit;
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `10m`, `1h30m`, `2d`, `500ms`, and ISO-8601's `PT10M`; undefined for anything else, a bare number too. */
export function parseSpan(text: string): number | undefined {
  const iso = parseDuration(text);
  if (iso !== undefined) return iso;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) {
    ms += Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return Math.round(ms);
}

/** `2026-01-31`, `2026-01-31T12:00`, with seconds, with a zone; `14:30` is today's; without a zone local time is meant. */
export function parseTime(text: string, nowMs: number): number | undefined {
  if (/^\d{1,2}:\d{2}(?::\d{2})?$/.test(text)) {
    const today = new Date(nowMs);
    const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number);
    if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
    return today.setHours(hours, minutes, seconds, 0);
  }
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(text);
  if (match === null) return undefined;
  const [, date, time = '00:00', zone = ''] = match;
  const ms = Date.parse(`${date}T${time}${zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')}`);
  return Number.isNaN(ms) ? undefined : ms;
}
