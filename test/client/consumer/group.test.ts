/** Groups of consumers against a real broker in this process: who reads what, when, and from where. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../../src/broker.ts';
import { ClusterView } from '../../../src/client/cluster-view.ts';
import { Consumer } from '../../../src/client/consumer/consumer.ts';
import { type FetchedPartition, visitRecords } from '../../../src/client/consumer/fetched.ts';
import type { ConsumerSettings } from '../../../src/client/consumer/settings.ts';
import { partitionKey, type TopicPartition } from '../../../src/client/offsets.ts';
import { Producer } from '../../../src/client/producer/producer.ts';
import { ClientLink } from '../../../src/network/client-link.ts';
import { ErrorCode } from '../../../src/protocol/error-codes.ts';
import { nodeRuntime } from '../../../src/runtime/node-runtime.ts';

let broker: Broker;
let cluster: ClusterView;
let producer: Producer;
const open: Consumer[] = [];
let topics = 0;

beforeAll(async () => {
  broker = await startBroker({
    properties: {
      'num.partitions': '4',
      'group.initial.rebalance.delay.ms': '0',
      'group.min.session.timeout.ms': '100',
    },
  });
  cluster = new ClusterView({
    runtime: nodeRuntime,
    openLink: ClientLink.open,
    settings: { bootstrapServers: broker.bootstrapServers, metadataMaxAgeMs: 300 },
  });
  producer = new Producer(cluster, { lingerMs: 0 });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((consumer) => consumer.close({ leaveGroup: true })));
});

afterAll(async () => {
  await producer.close();
  cluster.close();
  await broker.stop();
});

async function newTopic(records = 0): Promise<string> {
  const topic = `t${topics++}`;
  await producer.partitionsOf(topic);
  for (let i = 0; i < records; i++) await producer.send({ topic, partition: i % 4, value: `${i}` });
  return topic;
}

function member(group: string, settings: Partial<ConsumerSettings> = {}): Consumer {
  const consumer = new Consumer(cluster, {
    groupId: group,
    offsetReset: 'earliest',
    heartbeatIntervalMs: 40,
    sessionTimeoutMs: 6_000,
    ...settings,
  });
  open.push(consumer);
  return consumer;
}

/** Everybody polls until it is so. */
async function pollUntil(consumers: readonly Consumer[], done: () => boolean): Promise<string[]> {
  const values: string[] = [];
  while (!done()) {
    const polled = await Promise.all(consumers.map((consumer) => consumer.poll(50)));
    values.push(...polled.flat().map(({ value }) => `${value}`));
  }
  return values;
}

const names = (partitions: readonly TopicPartition[]) => partitions.map(({ partition }) => partition).sort();

describe('a group', () => {
  it.each(['range', 'roundrobin', 'sticky', 'cooperative-sticky'])(
    'shares by %s and shares anew when members come and go',
    async (assignor) => {
      const topic = await newTopic();
      const [a, b] = [member(topic, { assignors: [assignor] }), member(topic, { assignors: [assignor] })];
      a.subscribe([topic]);
      await pollUntil([a], () => a.assignment.length === 4);
      b.subscribe([topic]);
      await pollUntil([a, b], () => a.assignment.length === 2 && b.assignment.length === 2);
      expect([...names(a.assignment), ...names(b.assignment)].sort()).toEqual([0, 1, 2, 3]);
      await b.close();
      await pollUntil([a], () => a.assignment.length === 4);
    },
  );

  it('keeps reading what stays, when it rebalances cooperatively', async () => {
    const topic = await newTopic();
    const heard: string[] = [];
    const listener = (name: string) => ({
      onAssigned: (list: readonly TopicPartition[]) => void heard.push(`${name}+${list.length}`),
      onRevoked: (list: readonly TopicPartition[]) => void heard.push(`${name}-${list.length}`),
    });
    const settings = { assignors: ['cooperative-sticky'] };
    const [a, b] = [member(topic, settings), member(topic, settings)];
    a.subscribe([topic], listener('a'));
    await pollUntil([a], () => a.assignment.length === 4);
    b.subscribe([topic], listener('b'));
    let least = 4;
    await pollUntil([a, b], () => {
      least = Math.min(least, a.assignment.length);
      return b.assignment.length === 2;
    });
    expect(least).toBe(2);
    expect(heard.filter((line) => line.startsWith('a'))).toEqual(['a+4', 'a-2', 'a+0', 'a+0']);
    expect(heard.filter((line) => line === 'b+2')).toHaveLength(1);
  });

  it('gives everything up before it gives anything out, when it does not', async () => {
    const topic = await newTopic();
    const heard: string[] = [];
    const a = member(topic, { assignors: ['range'] });
    a.subscribe([topic], {
      onAssigned: async (list) => void heard.push(`+${list.length}`),
      onRevoked: async (list) => void heard.push(`-${list.length}`),
    });
    await pollUntil([a], () => a.assignment.length === 4);
    const b = member(topic, { assignors: ['range'] });
    b.subscribe([topic]);
    await pollUntil([a, b], () => b.assignment.length === 2);
    expect(heard).toEqual(['+4', '-4', '+2']);
    await a.close();
    expect(heard.at(-1)).toBe('-2');
  });

  it('goes on where it was, across members and rounds, without a gap', async () => {
    const topic = await newTopic(40);
    const first = member(topic, { maxPollRecords: 3 });
    first.subscribe([topic]);
    const seen: string[] = [];
    while (seen.length < 10) seen.push(...(await first.poll(500)).map(({ value }) => `${value}`));
    await first.close();
    const second = member(topic);
    second.subscribe([topic]);
    while (seen.length < 40) seen.push(...(await second.poll(500)).map(({ value }) => `${value}`));
    expect(seen.map(Number).sort((x, y) => x - y)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });

  it('commits what the listener of a revocation has finished', async () => {
    for (const assignor of ['range', 'cooperative-sticky']) {
      const topic = await newTopic(8);
      const settings = { assignors: [assignor], autoCommitIntervalMs: 3_600_000 };
      const a = member(topic, settings);
      const waiting: FetchedPartition[] = [];
      a.subscribe([topic], {
        onRevoked: () => {
          for (const p of waiting.splice(0)) a.markConsumed(p, p.nextOffset);
        },
      });
      let count = 0;
      while (count < 8) {
        const piece = await a.nextPiece(50);
        if (piece === undefined) continue;
        visitRecords(piece, true, () => {
          count++;
          return true;
        });
        waiting.push(piece);
      }
      const b = member(topic, settings);
      b.subscribe([topic]);
      const again: string[] = [];
      while (b.assignment.length !== 2) {
        await a.nextPiece(50);
        again.push(...(await b.poll(50)).map(({ value }) => `${value}`));
      }
      for (let i = 0; i < 4; i++) {
        await a.nextPiece(20);
        again.push(...(await b.poll(50)).map(({ value }) => `${value}`));
      }
      expect.soft(again, assignor).toEqual([]);
    }
  });

  it('commits nothing that the application was only just given', async () => {
    const topic = await newTopic(4);
    const first = member(topic, { autoCommitIntervalMs: 0, maxPollRecords: 4 });
    first.subscribe([topic]);
    let records = 0;
    while (records < 4) records += (await first.poll(500)).length;
    const partitions = [0, 1, 2, 3].map((partition) => ({ topic, partition }));
    const total = async () =>
      [...(await first.committed(partitions)).values()].reduce((sum, { offset }) => sum + offset, 0);
    const before = await total();
    expect(before).toBeLessThan(4);
    await first.poll(0);
    await first.commit();
    expect(await total()).toBe(4);
  });

  it('keeps the place of a member that reads nothing, so that what comes later is not missed', async () => {
    const topic = await newTopic(8);
    const first = member(topic, { offsetReset: 'latest' });
    first.subscribe([topic]);
    await pollUntil([first], () => first.assignment.length === 4);
    await Promise.all([0, 1, 2, 3].map((partition) => first.position(topic, partition)));
    await first.close();
    await producer.send({ topic, partition: 2, value: 'meanwhile' });
    const second = member(topic, { offsetReset: 'latest' });
    second.subscribe([topic]);
    const values: string[] = [];
    while (values.length === 0) values.push(...(await second.poll(500)).map(({ value }) => `${value}`));
    expect(values).toEqual(['meanwhile']);
  });

  it('follows a pattern as topics come', async () => {
    const prefix = `p${topics++}`;
    const a = member(prefix);
    a.subscribe(new RegExp(`^${prefix}-`));
    await producer.send({ topic: `${prefix}-one`, value: 'x' });
    await pollUntil([a], () => a.assignment.length === 4);
    await producer.send({ topic: `${prefix}-two`, value: 'x' });
    await pollUntil([a], () => a.assignment.length === 8);
  });

  it('changes what it reads when it subscribes anew', async () => {
    const [one, two] = [await newTopic(), await newTopic()];
    const a = member(one);
    a.subscribe([one]);
    await pollUntil([a], () => a.assignment.some(({ topic }) => topic === one));
    a.subscribe([two]);
    await pollUntil([a], () => a.assignment.every(({ topic }) => topic === two) && a.assignment.length === 4);
    await a.unsubscribe();
    expect(a.assignment).toEqual([]);
  });

  it('takes a static member back with its partitions, without a round', async () => {
    const topic = await newTopic();
    const settings = { groupInstanceId: 'one', assignors: ['range'] };
    const first = member(topic, settings);
    const other = member(topic, { assignors: ['range'] });
    first.subscribe([topic]);
    let rounds = 0;
    other.subscribe([topic], { onAssigned: () => void rounds++ });
    await pollUntil([first, other], () => first.assignment.length === 2 && other.assignment.length === 2);
    const [had, before] = [names(first.assignment), rounds];
    await first.close();
    const again = member(topic, settings);
    again.subscribe([topic]);
    await pollUntil([again, other], () => again.assignment.length === 2);
    expect(names(again.assignment)).toEqual(had);
    expect(rounds).toBe(before);
  });

  it('fences a static member that was replaced', async () => {
    const topic = await newTopic();
    const settings = { groupInstanceId: 'one' };
    const [first, twin] = [member(topic, settings), member(topic, settings)];
    first.subscribe([topic]);
    await pollUntil([first], () => first.assignment.length === 4);
    twin.subscribe([topic]);
    await pollUntil([twin], () => twin.assignment.length === 4);
    await expect(pollUntil([first], () => false)).rejects.toMatchObject({ code: ErrorCode.FENCED_INSTANCE_ID });
  });

  it('does without a member that does not poll, who hears of it', async () => {
    const topic = await newTopic();
    const heard: string[] = [];
    const slow = member(topic, { maxPollIntervalMs: 200, rebalanceTimeoutMs: 5_000 });
    slow.subscribe([topic], {
      onRevoked: () => void heard.push('revoked'),
      onLost: (list) => void heard.push(`lost ${list.length}`),
    });
    await pollUntil([slow], () => slow.assignment.length === 4);
    const other = member(topic);
    other.subscribe([topic]);
    await pollUntil([other], () => other.assignment.length === 4);
    await expect(slow.commit([{ topic, partition: 0, offset: 0 }])).rejects.toMatchObject({
      code: ErrorCode.UNKNOWN_MEMBER_ID,
    });
    await pollUntil([slow, other], () => slow.assignment.length === 2);
    expect(heard[0]).toBe('lost 4');
  });

  it('tells what its listeners throw, and goes on', async () => {
    const topic = await newTopic(1);
    const a = member(topic);
    a.subscribe([topic], {
      onAssigned: () => {
        throw new Error('not today');
      },
    });
    await expect(pollUntil([a], () => a.assignment.length === 4)).rejects.toThrow('not today');
    const values = await pollUntil([a], () => a.currentLag(topic, 0) === 0);
    expect(values).toEqual(['0']);
  });
});

describe('alone in a group', () => {
  const alone = { isAlone: true, autoCommit: false } as const;

  it('reads before it has joined, and reads nothing twice when it has', async () => {
    const topic = await newTopic(8);
    const a = member(topic, alone);
    const given: number[] = [];
    a.subscribe([topic], { onAssigned: (partitions) => void given.push(partitions.length) });
    const values = await pollUntil([a], () => given.length > 0);
    await producer.send({ topic, partition: 0, value: 'last' });
    while (!values.includes('last')) values.push(...(await a.poll(50)).map(({ value }) => `${value}`));
    expect(values.sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', 'last']);
    // The group gives what is read already.
    expect(given).toEqual([0]);
    expect(a.assignment).toHaveLength(4);
  });

  it('gives up what the group gives to somebody else after all', async () => {
    const topic = await newTopic(8);
    const a = member(topic, alone);
    const b = member(topic);
    a.subscribe([topic]);
    b.subscribe([topic]);
    await pollUntil([a, b], () => a.assignment.length === 2 && b.assignment.length === 2);
    expect([...names(a.assignment), ...names(b.assignment)].sort()).toEqual([0, 1, 2, 3]);
  });

  it('follows a pattern', async () => {
    const topic = await newTopic(4);
    const a = member(topic, alone);
    a.subscribe(new RegExp(`^${topic}(b|)$`));
    const values = await pollUntil([a], () => a.assignment.length === 4 && a.currentLag(topic, 3) === 0);
    await producer.partitionsOf(`${topic}b`);
    await producer.send({ topic: `${topic}b`, partition: 1, value: 'b' });
    while (!values.includes('b')) values.push(...(await a.poll(50)).map(({ value }) => `${value}`));
    expect(values.sort()).toEqual(['0', '1', '2', '3', 'b']);
  });
});

describe('partitions by hand, with a group', () => {
  it('begin at its offsets and commit to them', async () => {
    const topic = await newTopic(8);
    const partitions = [{ topic, partition: 0 }];
    const first = member(topic, { autoCommit: false });
    first.assign(partitions);
    expect((await first.poll(2_000)).map(({ offset }) => offset)).toEqual([0, 1]);
    await first.commit([{ topic, partition: 0, offset: 1, metadata: 'half way' }]);
    const committed = await first.committed(partitions);
    expect(committed.get(partitionKey(topic, 0))).toMatchObject({ offset: 1, metadata: 'half way' });
    const second = member(topic);
    second.assign(partitions);
    expect((await second.poll(2_000)).map(({ offset }) => offset)).toEqual([1]);
  });
});

describe('pieces', () => {
  it('whose memory is given back are read like others, and hold their own bytes until then', async () => {
    const topic = await newTopic();
    const size = 40_000;
    const sent = Array.from({ length: 60 }, (_, i) => `${i} `.padEnd(size, String.fromCharCode(97 + (i % 26))));
    await producer.sendAll(
      topic,
      sent.map((value) => ({ partition: 0, value })),
    );
    const reader = member(topic, { partitionMaxBytes: 100_000, autoCommit: false });
    reader.assign([{ topic, partition: 0 }]);
    const read: string[] = [];
    let held: { readonly piece: FetchedPartition; readonly copy: Buffer } | undefined;
    while (read.length < sent.length) {
      const piece = await reader.nextPiece(1_000);
      if (piece === undefined) continue;
      visitRecords(piece, true, ({ value }) => {
        read.push(`${value}`);
        return true;
      });
      reader.markConsumed(piece, piece.nextOffset);
      // What was not given back is not written over by what came meanwhile.
      if (held !== undefined) expect(held.piece.records.equals(held.copy)).toBe(true);
      if (held !== undefined) reader.recycle(held.piece);
      held = { piece, copy: Buffer.from(piece.records) };
    }
    expect(read).toEqual(sent);
  });
});
