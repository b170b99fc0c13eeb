/** Kafka's formatters of internal topics, over records as a coordinator writes them. */
import { describe, expect, it } from 'vitest';
import { BulkOutput } from '../../../src/console/consumer/bulk-output.ts';
import { coordinatorFormatter } from '../../../src/console/consumer/coordinator-formatter.ts';
import { encodeMessage } from '../../../src/protocol/codec.ts';
import type { RecordCursor } from '../../../src/protocol/record.ts';
import {
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
} from '../../../src/protocol/records/group.ts';
import { transactionLogKey, transactionLogValue } from '../../../src/protocol/records/transaction.ts';

const PACKAGE = 'org.apache.kafka.tools.consumer.';

function prefixed(number: number, body: Buffer): Buffer {
  const prefix = Buffer.alloc(2);
  prefix.writeInt16BE(number);
  return Buffer.concat([prefix, body]);
}

const RECORDS: readonly (readonly [Buffer | null, Buffer | null])[] = [
  [
    prefixed(1, encodeMessage(offsetCommitKey, 0, { group: 'g', topic: 't', partition: 3 })),
    prefixed(4, encodeMessage(offsetCommitValue, 4, { offset: 7, leaderEpoch: 1, metadata: '', commitTimestamp: 8 })),
  ],
  [prefixed(1, encodeMessage(offsetCommitKey, 0, { group: 'g', topic: 't', partition: 4 })), null],
  [
    prefixed(2, encodeMessage(groupMetadataKey, 0, { group: 'g' })),
    prefixed(
      3,
      encodeMessage(groupMetadataValue, 3, {
        protocolType: 'consumer',
        generation: 2,
        protocol: null,
        leader: null,
        currentStateTimestamp: 9,
        members: [],
      }),
    ),
  ],
  [prefixed(99, Buffer.from('from the future')), Buffer.from('x')],
  [null, Buffer.from('x')],
];

function printed(name: string, records: typeof RECORDS): string {
  let text = '';
  const output = new BulkOutput({
    outIsTerminal: false,
    errIsTerminal: false,
    colour: false,
    out: () => undefined,
    err: () => undefined,
    bytes: (data, start, end) => {
      text += Buffer.from(data.subarray(start, end)).toString();
    },
    flush: () => undefined,
    isAbandoned: () => false,
  });
  const format = coordinatorFormatter(PACKAGE + name, output);
  if (format === undefined) throw new TypeError(name);
  for (const [key, value] of records) format({ key, value, offset: 5 } as RecordCursor, 0, '__consumer_offsets');
  output.flush();
  return text;
}

describe('the formatter of', () => {
  it('offsets prints commits and tombstones, with nothing between them', () => {
    expect(printed('OffsetsMessageFormatter', RECORDS)).toBe(
      '{"key":{"type":1,"data":{"group":"g","topic":"t","partition":3}},"value":{"version":4,"data":{"offset":7,"leaderEpoch":1,"metadata":"","commitTimestamp":8}}}' +
        '{"key":{"type":1,"data":{"group":"g","topic":"t","partition":4}},"value":null}',
    );
  });

  it('group metadata prints classic groups', () => {
    expect(printed('GroupMetadataMessageFormatter', RECORDS)).toBe(
      '{"key":{"type":2,"data":{"group":"g"}},"value":{"version":3,"data":{"protocolType":"consumer","generation":2,"protocol":null,"leader":null,"currentStateTimestamp":9,"members":[]}}}',
    );
  });

  it('share groups prints nothing of other groups', () => {
    expect(printed('ShareGroupMessageFormatter', RECORDS)).toBe('');
  });

  it('the transaction log leaves out what is not set', () => {
    const value = {
      producerId: 4,
      producerEpoch: 1,
      transactionTimeoutMs: 60_000,
      transactionStatus: 1,
      transactionPartitions: [{ topic: 't', partitionIds: [0, 1] }],
      transactionLastUpdateTimestampMs: 5,
      transactionStartTimestampMs: 6,
      clientTransactionVersion: 2,
    };
    const key = prefixed(0, encodeMessage(transactionLogKey, 0, { transactionalId: 'tx' }));
    expect(
      printed('TransactionLogMessageFormatter', [[key, prefixed(1, encodeMessage(transactionLogValue, 1, value))]]),
    ).toBe(
      '{"key":{"type":0,"data":{"transactionalId":"tx"}},"value":{"version":1,"data":{"producerId":4,"producerEpoch":1,"transactionTimeoutMs":60000,"transactionStatus":1,"transactionPartitions":[{"topic":"t","partitionIds":[0,1]}],"transactionLastUpdateTimestampMs":5,"transactionStartTimestampMs":6,"clientTransactionVersion":2}}}',
    );
  });

  it('a topic that holds something else says where', () => {
    const broken = [[Buffer.from([0, 1, 9]), null]] as const;
    expect(() => printed('OffsetsMessageFormatter', broken)).toThrow('the record at offset 5 cannot be read');
    expect(() => printed('OffsetsMessageFormatter', [[Buffer.from('k'), null]])).toThrow('Could not read version');
  });

  it('anything else is nobody’s', () => {
    expect(coordinatorFormatter('no.such.Formatter', new BulkOutput({} as never))).toBeUndefined();
  });
});
