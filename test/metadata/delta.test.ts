import { describe, expect, it } from 'vitest';
import { MetadataDelta } from '../../src/metadata/delta.ts';
import { EMPTY_IMAGE, type MetadataImage, replicaDirectory } from '../../src/metadata/image.ts';
import { deltaBetween } from '../../src/metadata/loader.ts';
import { decodeRecord, encodeRecord, type MetadataRecord, metadataRecord } from '../../src/metadata/records.ts';
import { imageOf, plain } from './support.ts';

const T1 = 'JEXY6aqzQY-32P5TStzaFg';
const T2 = 'KEXY6aqzQY-32P5TStzaFg';
const DIR = 'WN_1_fjcQeSI4E6pU_CnFQ';

const topic = (name: string, topicId: string) => metadataRecord('topic', 0, { name, topicId });
const partition = (topicId: string, partitionId: number, more: object = {}) =>
  metadataRecord('partition', 2, {
    partitionId,
    topicId,
    replicas: [1, 2],
    isr: [1, 2],
    removingReplicas: [],
    addingReplicas: [],
    leader: 1,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: [DIR, T2],
    ...more,
  });
const change = (topicId: string, partitionId: number, more: object) =>
  metadataRecord('partitionChange', 2, { topicId, partitionId, ...more });
const config = (name: string, value: string | null, resource = 't') =>
  metadataRecord('config', 0, { resourceType: 2, resourceName: resource, name, value });

function withTopic(...more: MetadataRecord[]): MetadataImage {
  return imageOf([topic('t', T1), partition(T1, 0), partition(T1, 1), ...more]);
}

describe('epochs of a partition', () => {
  it('count every change, and for leaders every naming, also of the same one', () => {
    const image = withTopic(
      change(T1, 0, { isr: [1] }),
      change(T1, 0, { leader: 1 }),
      change(T1, 0, { leader: 2 }),
      change(T1, 0, { isr: [] }),
    );
    expect(image.topics.partition('t', 0)).toMatchObject({ leader: 2, leaderEpoch: 2, partitionEpoch: 4, isr: [] });
    expect(image.topics.partition('t', 1)).toMatchObject({ leaderEpoch: 0, partitionEpoch: 0 });
  });

  it('keep what a change does not name', () => {
    const image = withTopic(change(T1, 0, { eligibleLeaderReplicas: [2], lastKnownElr: [1], isr: [1] }));
    const after = imageOf([change(T1, 0, { isr: [1, 2] })], image).topics.partition('t', 0);
    expect(after).toMatchObject({ elr: [2], lastKnownElr: [1], isr: [1, 2], replicas: [1, 2] });
  });
});

describe('directories', () => {
  it('go with their replicas', () => {
    const image = withTopic(change(T1, 0, { directories: [T2, DIR] }));
    const first = image.topics.partition('t', 0);
    expect(first && replicaDirectory(first, 2)).toBe(DIR);
    expect(first && replicaDirectory(first, 9)).toBeUndefined();
  });

  it('are MIGRATING in records that have none', () => {
    const image = imageOf([
      topic('t', T1),
      metadataRecord('partition', 0, {
        partitionId: 0,
        topicId: T1,
        replicas: [1, 2],
        isr: [1],
        removingReplicas: [],
        addingReplicas: [],
        leader: 1,
        leaderEpoch: 0,
        partitionEpoch: 0,
      }),
    ]);
    expect(image.topics.partition('t', 0)?.directories).toEqual(['AAAAAAAAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAAAAAAAA']);
  });
});

describe('topics', () => {
  it('are found by name and by id until they are removed, configs included', () => {
    const before = withTopic(config('a', '1'));
    expect(before.topics.byId(T1)?.name).toBe('t');
    const after = imageOf([metadataRecord('removeTopic', 0, { topicId: T1 })], before);
    expect(after.topics.byId(T1)).toBeUndefined();
    expect(after.topics.byName('t')).toBeUndefined();
    expect(after.configs.size).toBe(0);
    expect(before.topics.byName('t')?.partitions.length).toBe(2);
  });

  it('may be removed and made anew under the same name in one delta', () => {
    const before = withTopic(config('a', '1'));
    const after = imageOf(
      [metadataRecord('removeTopic', 0, { topicId: T1 }), topic('t', T2), partition(T2, 0), config('b', '2')],
      before,
    );
    expect(after.topics.byName('t')).toMatchObject({ id: T2 });
    expect(after.topics.byId(T1)).toBeUndefined();
    expect([...(after.configs.get('2:t') ?? [])]).toEqual([['b', '2']]);
    expect(after.topics.size).toBe(1);
  });

  it('may be made and removed in one delta', () => {
    const after = imageOf([topic('x', T1), partition(T1, 0), metadataRecord('removeTopic', 0, { topicId: T1 })]);
    expect(after.topics.size).toBe(0);
  });

  it('tell what was created, changed and deleted', () => {
    const before = withTopic();
    const delta = new MetadataDelta(before);
    delta.replay(change(T1, 1, { isr: [1] }));
    delta.replay(topic('u', T2));
    delta.replay(partition(T2, 0));
    expect(
      [...delta.topics.values()].map((one) => [one.name, one.before?.name ?? null, [...one.partitions.keys()]]),
    ).toEqual([
      ['t', 't', [1]],
      ['u', null, [0]],
    ]);
  });

  it.each([
    ['an unknown partition', change(T1, 7, { isr: [] })],
    ['an unknown topic', change(T2, 0, { isr: [] })],
    ['a partition of no topic', partition(T2, 0)],
    ['a topic twice', topic('t', T2)],
    ['the removal of nothing', metadataRecord('removeTopic', 0, { topicId: T2 })],
    ['a broker that is not there', metadataRecord('fenceBroker', 0, { id: 9, epoch: 0 })],
  ])('refuse %s: the log is broken', (_what, record) => {
    expect(() => imageOf([record], withTopic())).toThrow(/metadata log is inconsistent/);
  });

  it('refuse a gap in their partitions', () => {
    expect(() => imageOf([partition(T1, 3)], withTopic())).toThrow(/lacks partition 2/);
  });
});

describe('ClearElr', () => {
  const elr = { eligibleLeaderReplicas: [2], lastKnownElr: [1] };

  it('clears one topic, a change of its partitions like any other', () => {
    const before = withTopic(change(T1, 1, elr));
    const after = imageOf([metadataRecord('clearElr', 0, { topicName: 't' })], before).topics.partition('t', 1);
    expect(after).toMatchObject({ elr: [], lastKnownElr: [], partitionEpoch: 2 });
  });

  it('clears all topics with an empty name, those of the same delta included', () => {
    const before = withTopic(change(T1, 1, elr));
    const after = imageOf(
      [topic('u', T2), partition(T2, 0, elr), metadataRecord('clearElr', 0, { topicName: '' })],
      before,
    );
    expect(after.topics.partition('t', 1)?.elr).toEqual([]);
    expect(after.topics.partition('u', 0)?.lastKnownElr).toEqual([]);
  });
});

describe('brokers', () => {
  const register = (more: object = {}) =>
    metadataRecord('registerBroker', 4, {
      brokerId: 1,
      incarnationId: T1,
      brokerEpoch: 10,
      endPoints: [],
      features: [],
      rack: null,
      logDirs: [DIR],
      ...more,
    });
  const brokerChange = (more: object) =>
    metadataRecord('brokerRegistrationChange', 3, { brokerId: 1, brokerEpoch: 10, ...more });

  it('change only what a record names', () => {
    const unfenced = imageOf([register(), brokerChange({ fenced: -1 })]);
    expect(unfenced.brokers.get(1)).toMatchObject({ fenced: false, logDirs: [DIR], cordonedLogDirs: null });
    const next = imageOf([brokerChange({ inControlledShutdown: 1, cordonedLogDirs: [] })], unfenced);
    expect(next.brokers.get(1)).toMatchObject({ fenced: false, inControlledShutdown: true, cordonedLogDirs: [] });
    expect(imageOf([brokerChange({ fenced: 1 })], next).brokers.get(1)?.fenced).toBe(true);
  });

  it('know the offset of their registration', () => {
    expect(imageOf([topic('t', T1), register()]).brokers.get(1)?.registrationOffset).toBe(1);
  });

  it('go when they are unregistered, and only in their epoch', () => {
    const image = imageOf([register()]);
    const unregister = (brokerEpoch: number) => metadataRecord('unregisterBroker', 0, { brokerId: 1, brokerEpoch });
    expect(() => imageOf([unregister(9)], image)).toThrow(/epoch 9 instead of 10/);
    expect(imageOf([unregister(10)], image).brokers.size).toBe(0);
  });
});

describe('records that nothing uses yet', () => {
  const quota = (name: string | null, remove = false) =>
    metadataRecord('clientQuota', 0, {
      entity: [{ entityType: 'user', entityName: name }],
      key: 'consumer_byte_rate',
      value: 5,
      remove,
    });

  it('are kept by what they are about, and go by it', () => {
    const image = imageOf([quota('alice'), quota(null), quota('alice')]);
    expect(image.clientQuotas.size).toBe(2);
    expect(imageOf([quota('alice', true)], image).clientQuotas.size).toBe(1);
  });

  it('keep tags that this software does not know', () => {
    const plain = Buffer.from(encodeRecord(quota('alice')));
    // One unknown tag (9) of one byte instead of no tags at the end of the record.
    const tagged = Buffer.concat([plain.subarray(0, plain.length - 1), Buffer.from([1, 9, 1, 42])]);
    const image = imageOf([decodeRecord(tagged)]);
    const [record] = image.clientQuotas.values();
    expect(Buffer.from(encodeRecord(record as MetadataRecord))).toEqual(tagged);
  });
});

describe('frames', () => {
  it.each([
    ['an unknown frame version', '020c00'],
    ['an unknown type', '016300'],
    ['an unknown version', '010c05'],
    ['nothing', ''],
    ['trailing bytes', '0114000000'],
  ])('refuse %s', (_what, hex) => {
    expect(() => decodeRecord(Buffer.from(hex, 'hex'))).toThrow();
  });

  it('are as Kafka writes them', () => {
    const record = metadataRecord('featureLevel', 0, { name: 'metadata.version', featureLevel: 30 });
    expect(Buffer.from(encodeRecord(record)).toString('hex')).toBe(
      `010c0011${Buffer.from('metadata.version').toString('hex')}001e00`,
    );
  });
});

it('an empty delta gives an image that differs in its offset alone', () => {
  const image = new MetadataDelta(EMPTY_IMAGE).apply({ offset: 5, epoch: 1, timestampMs: 2 });
  expect(image).toEqual({ ...EMPTY_IMAGE, offset: 5, epoch: 1, timestampMs: 2 });
});

describe('what leads from one image to another, as for a node that was left behind', () => {
  const quota = (user: string, remove = false) =>
    metadataRecord('clientQuota', 0, {
      entity: [{ entityType: 'user', entityName: user }],
      key: 'producer_byte_rate',
      value: 1,
      remove,
    });

  it('names only what has changed, and what is gone', () => {
    const version = metadataRecord('featureLevel', 0, { name: 'metadata.version', featureLevel: 30 });
    const before = withTopic(
      version,
      topic('gone', T2),
      partition(T2, 0),
      config('a', '1'),
      config('b', '1'),
      quota('x'),
    );
    const after = imageOf(
      [
        change(T1, 1, { isr: [2], leader: 2 }),
        metadataRecord('removeTopic', 0, { topicId: T2 }),
        config('b', null),
        quota('x', true),
        quota('y'),
      ],
      before,
    );
    const delta = deltaBetween(before, after);
    expect([...(delta.topics.get(T1)?.partitions.keys() ?? [])]).toEqual([1]);
    expect([...delta.deletedTopics.keys()]).toEqual([T2]);
    expect(plain(delta.apply({ offset: 9, epoch: 1, timestampMs: 1 }))).toEqual(plain(after));
  });
});
