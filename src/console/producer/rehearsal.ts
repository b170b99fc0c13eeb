/** `console-producer --dry-run`: lines are read and cut as if they were sent; what would come of it is told. */
import { KtsError } from '../../base/kts-error.ts';
import type { ClusterView } from '../../client/cluster-view.ts';
import type { BulkWriter } from '../../client/producer/producer.ts';
import { DEFAULT_PRODUCER_SETTINGS, type ProducerSettings } from '../../client/producer/settings.ts';
import { ErrorCode } from '../../protocol/error-codes.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { counted } from '../progress.ts';
import { feedLines } from './feed.ts';
import type { LineParser } from './line-parser.ts';

/** What a record takes beside its bytes, at most, when it is alone in its batch. */
const AROUND_BYTES = 100;

export interface Rehearsal {
  readonly context: CommandContext;
  readonly cluster: ClusterView;
  readonly topic: string;
  readonly settings: Partial<ProducerSettings>;
  readonly parser: LineParser | undefined;
}

/** Prints what would be sent where. Rejects when a record could not be. */
export async function rehearse({ context, cluster, topic, settings, parser }: Rehearsal): Promise<void> {
  const { maxRequestBytes } = { ...DEFAULT_PRODUCER_SETTINGS, ...settings };
  const sent = { records: 0, bytes: 0, keyed: 0, tooLarge: 0 };
  const count = (key: number, value: number): boolean => {
    if (key + value + AROUND_BYTES > maxRequestBytes) sent.tooLarge++;
    sent.records++;
    sent.bytes += key + value;
    return true;
  };
  const bulk: BulkWriter = {
    tick: () => undefined,
    room: async () => undefined,
    value: (_, start, end) => count(0, end - start),
    batch: () => false,
    record: (key, value) => {
      if (key !== null) sent.keyed++;
      return count(key === null ? 0 : key.end - key.start, value === null ? 0 : value.end - value.start);
    },
  };
  await feedLines({
    input: context.input(),
    bulk,
    pieces: undefined,
    inBackground: () => undefined,
    runtime: context.runtime,
    parser,
    asJava: false,
    prompt: () => undefined,
    afterRecord: undefined,
    onRefused: (error) => {
      throw error;
    },
  });
  const keys = sent.keyed === 0 ? '' : `, ${sent.keyed} of them with a key`;
  context.output.out(
    `Would send ${counted(sent.records, 'record')} (${sent.bytes} bytes${keys}) to topic ${topic}${await whereTo(cluster, topic)}.\n`,
  );
  if (sent.tooLarge === 0) return;
  throw new CommandError(`${counted(sent.tooLarge, 'record')} would be refused: larger than max.request.size`, {
    stage: 'run',
    hint: `max.request.size is ${maxRequestBytes}: --command-property max.request.size=BYTES raises it`,
  });
}

async function whereTo(cluster: ClusterView, topic: string): Promise<string> {
  await cluster.refresh([topic]);
  const view = cluster.topic(topic);
  if (view?.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return ', which is not there yet';
  if (view === undefined || view.errorCode !== 0) throw new KtsError(`${topic} cannot be looked up`);
  return ` of ${counted(view.partitions.length, 'partition')}`;
}
