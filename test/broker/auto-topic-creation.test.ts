import { beforeEach, describe, expect, it } from 'vitest';
import { AutoTopicCreation } from '../../src/broker/auto-topic-creation.ts';
import { BrokerConfig } from '../../src/config/broker-config.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { KafkaError } from '../../src/protocol/kafka-error.ts';
import { NODE } from '../config/node-properties.ts';
import { LineLogger } from '../storage/support.ts';

interface Asked {
  readonly topic: { readonly name: string; readonly numPartitions: number; readonly configs: readonly object[] };
  readonly answer: PromiseWithResolvers<{ errorCode: number; errorMessage: string | null } | null>;
}

const logger = new LineLogger();
let asked: Asked[];
let creation: AutoTopicCreation;

beforeEach(() => {
  asked = [];
  logger.lines.length = 0;
  const send = (_request: unknown, _response: unknown, _version: number, value: unknown) => {
    const answer: Asked['answer'] = Promise.withResolvers();
    asked.push({ topic: (value as { topics: Asked['topic'][] }).topics[0] as Asked['topic'], answer });
    return answer.promise.then((result) => {
      if (result === null) throw new KafkaError(ErrorCode.NOT_CONTROLLER, 'nobody there');
      return { topics: [result] };
    });
  };
  creation = new AutoTopicCreation({
    channel: { send, forward: () => Promise.reject(new Error('not asked')) } as never,
    config: BrokerConfig.from(NODE),
    logger,
  });
});

const answer = (n: number, errorCode: number, errorMessage: string | null = null) =>
  asked[n]?.answer.resolve({ errorCode, errorMessage });

describe('a topic that somebody uses', () => {
  it('is asked for once, however many want it, and again when it failed', async () => {
    const both = [creation.create(['a', 'b']), creation.create(['a'])];
    expect(asked.map(({ topic }) => topic.name)).toEqual(['a', 'b']);
    answer(0, ErrorCode.NONE);
    answer(1, ErrorCode.INVALID_REPLICATION_FACTOR, 'too few brokers');
    expect(await Promise.all(both)).toEqual([
      new Map([
        ['a', ErrorCode.NONE],
        ['b', ErrorCode.INVALID_REPLICATION_FACTOR],
      ]),
      new Map([['a', ErrorCode.NONE]]),
    ]);
    void creation.create(['b']);
    expect(asked).toHaveLength(3);
  });

  it('that somebody else has just made is there', async () => {
    const created = creation.create(['a']);
    answer(0, ErrorCode.TOPIC_ALREADY_EXISTS);
    expect((await created).get('a')).toBe(ErrorCode.NONE);
  });

  it('stays unknown while there is no controller', async () => {
    const created = creation.create(['a']);
    asked[0]?.answer.resolve(null);
    expect((await created).get('a')).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('leaves replication and partitions to the brokers, but for internal topics', () => {
    void creation.create(['a', '__consumer_offsets']);
    expect(asked.map(({ topic }) => topic)).toMatchObject([
      { name: 'a', numPartitions: -1, replicationFactor: -1, configs: [] },
      {
        name: '__consumer_offsets',
        numPartitions: 50,
        replicationFactor: 3,
        configs: [
          { name: 'compression.type', value: 'producer' },
          { name: 'cleanup.policy', value: 'compact' },
          { name: 'segment.bytes', value: '104857600' },
        ],
      },
    ]);
  });
});

describe('a topic that cannot be made', () => {
  it('is said once, and for the offsets topic with a way out', async () => {
    for (let i = 0; i < 3; i++) {
      const created = creation.create(['__consumer_offsets']);
      answer(i, ErrorCode.INVALID_REPLICATION_FACTOR, 'replication factor: 3');
      await created;
    }
    expect(logger.lines).toEqual([
      expect.stringMatching(
        /^ERROR Topic __consumer_offsets could not be created: INVALID_REPLICATION_FACTOR: .*offsets\.topic\.replication\.factor=1/,
      ),
    ]);
  });

  it('because of its name is not said at all', async () => {
    const created = creation.create(['a\nFATAL all is lost']);
    answer(0, ErrorCode.INVALID_TOPIC_EXCEPTION, 'Topic name is invalid');
    expect((await created).get('a\nFATAL all is lost')).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
    expect(logger.lines).toEqual([]);
  });
});
