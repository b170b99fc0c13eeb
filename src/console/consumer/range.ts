/**
 * `--from` and `--to`: where reading begins and where it ends, by offset, by time, or by how long ago. Both are looked up
 * once, before reading; the end is the first offset that is not read any more.
 */
import type { Consumer } from '../../client/consumer/consumer.ts';
import type { StartOffset } from '../../client/consumer/fetcher.ts';
import { toKafkaError } from '../../client/error-text.ts';
import { listOffsets, OffsetSpec, partitionKey, type TopicPartition } from '../../client/offsets.ts';
import { usageError } from '../command-error.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';
import { parseSpan, parseTime } from '../time.ts';

export type Bound =
  | { readonly kind: 'offset'; readonly offset: number }
  /** So many records before the end. */
  | { readonly kind: 'last'; readonly count: number }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'earliest' | 'latest' };

const WORDS: Readonly<Record<string, 'earliest' | 'latest'>> = {
  earliest: 'earliest',
  beginning: 'earliest',
  latest: 'latest',
  end: 'latest',
  now: 'latest',
};

export function parseBound(option: 'from' | 'to', text: string, nowMs: number): Bound {
  const word = WORDS[text.toLowerCase()];
  if (word !== undefined) return { kind: word };
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { kind: 'offset', offset: Number(text) };
  if (/^-\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { kind: 'last', count: -Number(text) };
  const span = parseSpan(text);
  const ms = span === undefined ? parseTime(text, nowMs) : nowMs - span;
  if (ms === undefined || ms < 0) {
    throw usageError(
      `--${option} does not understand '${text}'`,
      'an offset (120), the last records (-10), a time (2026-01-31T12:00), how long ago (10m), earliest or latest',
    );
  }
  if (option === 'to' && ms > nowMs) {
    throw usageError(`--to ${text} lies in the future`, '--to latest ends with the last record there is now');
  }
  return { kind: 'time', ms };
}

export interface Range {
  readonly from: Bound | undefined;
  readonly to: Bound | undefined;
}

/** Undefined when neither is given. */
export function rangeOf(options: ParsedOptions, nowMs: number): Range | undefined {
  const from = options.value('from');
  const to = options.value('to');
  if (from === undefined && to === undefined) return undefined;
  for (const other of ['group', 'offset', 'from-beginning']) {
    if (!options.has(other) || (other === 'from-beginning' && from === undefined)) continue;
    const hint =
      other === 'group'
        ? 'a group goes on where it was: kts consumer-groups --reset-offsets moves it'
        : `--from takes what --${other} says`;
    throw usageError(`--${from === undefined ? 'to' : 'from'} and --${other} do not go together`, hint);
  }
  return {
    from: from === undefined ? undefined : parseBound('from', from, nowMs),
    to: to === undefined ? undefined : parseBound('to', to, nowMs),
  };
}

async function ask(consumer: Consumer, partitions: readonly TopicPartition[], timestamp: number) {
  const readCommitted = consumer.settings.readCommitted;
  const queries = partitions.map((p) => ({ ...p, timestamp }));
  const answers = await listOffsets(consumer.cluster, queries, { failFast: true, readCommitted });
  for (const answer of answers.values()) if (answer.errorCode !== 0) throw toKafkaError(answer.errorCode);
  return new Map([...answers].map(([key, answer]) => [key, answer.offset]));
}

interface Ends {
  readonly first: ReadonlyMap<string, number>;
  readonly last: ReadonlyMap<string, number>;
}

/** The offsets that a bound means; no record at all behind a time means the end. */
async function resolve(consumer: Consumer, partitions: readonly TopicPartition[], bound: Bound, ends: Ends) {
  const found = bound.kind === 'time' ? await ask(consumer, partitions, bound.ms) : undefined;
  return new Map(
    partitions.map((p) => {
      const key = partitionKey(p.topic, p.partition);
      const first = ends.first.get(key) ?? 0;
      const last = ends.last.get(key) ?? 0;
      let offset = bound.kind === 'earliest' ? first : last;
      if (bound.kind === 'offset') offset = bound.offset;
      else if (bound.kind === 'last') offset = last - bound.count;
      else if (found !== undefined) offset = Math.max(-1, found.get(key) ?? -1);
      if (offset < 0 && bound.kind === 'time') offset = last;
      return [key, Math.min(last, Math.max(first, offset))] as const;
    }),
  );
}

export interface PlannedRange {
  /** Of the partitions that have something to read. */
  readonly starts: readonly StartOffset[];
  /** By partition; undefined: there is no end. */
  readonly ends: Map<string, number> | undefined;
}

export async function planRange(
  consumer: Consumer,
  partitions: readonly TopicPartition[],
  { from, to }: Range,
): Promise<PlannedRange> {
  const ends: Ends = {
    first: await ask(consumer, partitions, OffsetSpec.earliest),
    last: await ask(consumer, partitions, OffsetSpec.latest),
  };
  // With an end alone everything before it is meant.
  const starts = await resolve(consumer, partitions, from ?? { kind: 'earliest' }, ends);
  const stops = to === undefined ? undefined : await resolve(consumer, partitions, to, ends);
  const open = partitions.filter((p) => {
    const key = partitionKey(p.topic, p.partition);
    return stops === undefined || (starts.get(key) as number) < (stops.get(key) as number);
  });
  return {
    starts: open.map((p) => ({ ...p, offset: starts.get(partitionKey(p.topic, p.partition)) })),
    ends:
      stops === undefined
        ? undefined
        : new Map(
            open.map((p) => {
              const key = partitionKey(p.topic, p.partition);
              return [key, stops.get(key) as number];
            }),
          ),
  };
}
