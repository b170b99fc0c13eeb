/** The rows of the table: what is claimed of each figure, whether it was reached, and how that is printed. */
import type { EngineName } from './broker.ts';

/** Either side may be missing: a floor for the ratio to Kafka's figure, an upper bound for the figure itself. */
export interface Limit {
  readonly ratio?: number;
  readonly value?: number;
}

export interface Row {
  readonly key: string;
  readonly title: string;
  readonly better: 'less' | 'more';
  /** `times`: how many times better than Kafka, at least. `share`: the part of Kafka's figure, at most. */
  readonly ratio: 'times' | 'share';
  readonly digits?: number;
  readonly must?: Limit;
  readonly aim?: Limit;
}

/** All runs of one row, in the order in which they were made. */
export type Runs = Partial<Record<EngineName, readonly number[]>>;

export interface Outcome {
  readonly row: Row;
  readonly runs: Runs;
  readonly kts: number | null;
  readonly kafka: number | null;
  readonly ratio: number | null;
  readonly verdict: 'aim' | 'met' | 'MISSED' | '';
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

function reached(row: Row, limit: Limit, value: number, ratio: number | null): boolean | null {
  const inside = limit.value === undefined ? null : value <= limit.value;
  if (limit.ratio === undefined) return inside;
  if (ratio === null) return inside === false ? false : null;
  return (row.ratio === 'times' ? ratio >= limit.ratio : ratio <= limit.ratio) && inside !== false;
}

export function judge(row: Row, runs: Runs): Outcome {
  const kts = runs.kts?.length ? median(runs.kts) : null;
  const kafka = runs.kafka?.length ? median(runs.kafka) : null;
  let ratio: number | null = null;
  if (kts !== null && kafka !== null) {
    ratio = row.ratio === 'times' && row.better === 'less' ? kafka / kts : kts / kafka;
  }
  let verdict: Outcome['verdict'] = '';
  if (kts !== null && row.must !== undefined) {
    const must = reached(row, row.must, kts, ratio);
    const aim = row.aim === undefined ? null : reached(row, row.aim, kts, ratio);
    if (must !== null) verdict = !must ? 'MISSED' : aim === true ? 'aim' : 'met';
  }
  return { row, runs, kts, kafka, ratio, verdict };
}

function figure(value: number | null, digits: number): string {
  if (value === null) return '-';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function limitText(row: Row, limit: Limit | undefined): string {
  if (limit === undefined) return '';
  const parts: string[] = [];
  if (limit.ratio !== undefined) parts.push(row.ratio === 'times' ? `${limit.ratio}x` : `<= ${limit.ratio}`);
  if (limit.value !== undefined) parts.push(`<= ${figure(limit.value, 0)}`);
  return parts.join(', ');
}

const WIDTHS = [58, 11, 11, 8, 11, 11] as const;

function line(cells: readonly string[]): string {
  const padded = cells.map((cell, i) => {
    const width = WIDTHS[i];
    if (width === undefined) return cell === '' ? '' : `  ${cell}`;
    return i === 0 ? cell.padEnd(width) : cell.padStart(width);
  });
  return padded.join('').trimEnd();
}

export function headLine(): string {
  return line(['', 'kts', 'Kafka', 'ratio', 'required', 'aim', 'outcome']);
}

export function outcomeLine({ row, kts, kafka, ratio, verdict }: Outcome): string {
  const digits = row.digits ?? 0;
  const ratioText = ratio === null ? '-' : row.ratio === 'times' ? `${ratio.toFixed(2)}x` : ratio.toFixed(2);
  const words = { aim: 'met, and the aim', met: 'met', MISSED: 'MISSED', '': '' };
  return line([
    row.title,
    figure(kts, digits),
    figure(kafka, digits),
    ratioText,
    limitText(row, row.must),
    limitText(row, row.aim),
    words[verdict],
  ]);
}
