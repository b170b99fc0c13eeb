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
