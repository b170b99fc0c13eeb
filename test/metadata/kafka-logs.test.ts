/** What Kafka 4.3.1 wrote: two nodes with topics, configs, restarts clean and unclean, and a snapshot. */
import { describe, expect, it } from 'vitest';
import { ConfigResourceType, configsOf, topicConfigs } from '../../src/metadata/image.ts';
import { ImageBuilder } from '../../src/metadata/image-builder.ts';
import { deltaBetween } from '../../src/metadata/loader.ts';
import { decodeRecord, encodeRecord } from '../../src/metadata/records.ts';
import { metadataRecordsOf } from '../../src/metadata/snapshot-records.ts';
import { readControlBatch } from '../../src/raft/control-records.ts';
import { parseSnapshotFileName, SnapshotContent } from '../../src/raft/snapshot-files.ts';
import { committedBatches, fixture, imageOf, imageOfLog, plain } from './support.ts';

const LOGS = ['static.log', 'dynamic.log', 'with-snapshot.log'];
const SNAPSHOT = '00000000000000000200-0000000004.checkpoint';

function snapshotContent(): SnapshotContent {
  return new SnapshotContent({ endOffset: 200, epoch: 4 }, fixture(SNAPSHOT), SNAPSHOT);
}

describe.each(LOGS)('%s of Kafka 4.3.1', (name) => {
  it('is re-encoded byte for byte', () => {
    for (const batch of committedBatches(fixture(name))) {
      for (const value of batch.values) {
        const { frame: _frame, ...record } = decodeRecord(value);
        expect(Buffer.from(encodeRecord(record as never))).toEqual(Buffer.from(value));
      }
    }
  });

  it('gives the same image again from the records of its image', () => {
    const image = imageOfLog(fixture(name));
    expect(plain(imageOf(metadataRecordsOf(image)))).toEqual(plain(image));
  });
});

describe('the log of a static node', () => {
  const image = imageOfLog(fixture('static.log'));

  it('ends as its broker left it: fenced, and its partitions without a leader', () => {
    const broker = image.brokers.get(1);
    expect(broker).toMatchObject({ epoch: 109, fenced: true, inControlledShutdown: true, cordonedLogDirs: [] });
    expect(image.topics.byName('a')).toBeUndefined();
    expect(image.topics.partition('b', 1)).toMatchObject({
      isr: [],
      leader: -1,
      elr: [1],
      lastKnownElr: [1],
      leaderEpoch: 5,
      partitionEpoch: 6,
      leaderRecoveryState: 1,
    });
  });

  it('has its configs and features', () => {
    expect([...topicConfigs(image, 'b')].sort()).toEqual([
      ['min.insync.replicas', '1'],
      ['retention.ms', '7000'],
    ]);
    expect(topicConfigs(image, 'a').size).toBe(0);
    expect(configsOf(image, ConfigResourceType.BROKER, '').get('min.insync.replicas')).toBe('1');
    expect(image.features.get('transaction.version')).toBe(1);
    expect(image.features.get('metadata.version')).toBe(30);
  });

  it('shows nothing of the bootstrap transaction before it ends', () => {
    const builder = new ImageBuilder();
    const [control, bootstrap] = committedBatches(fixture('static.log'));
    builder.applyBatch(control as never);
    const { values, ...rest } = bootstrap as NonNullable<typeof bootstrap>;
    builder.applyBatch({ ...rest, lastOffset: rest.lastOffset - 1, values: values.slice(0, -1) });
    expect(builder.inTransaction).toBe(true);
    expect(builder.image.features.size).toBe(0);
  });
});

describe('the control batches of a dynamic node', () => {
  it('name leader, version and voters', () => {
    const control = readControlBatch(fixture('dynamic.log'), 0);
    expect(control).toMatchObject({ leaderId: 1, kraftVersion: 1 });
    expect(control.voters?.[0]).toMatchObject({
      id: 1,
      endpoints: [{ name: 'CONTROLLER', host: '127.0.0.1', port: 29193 }],
    });
    const snapshot = new SnapshotContent({ endOffset: 0, epoch: 0 }, fixture('voters.checkpoint'), 'voters');
    expect(snapshot.control.voters).toEqual(control.voters);
  });
});

describe('a snapshot of Kafka 4.3.1', () => {
  it('is the image of the log up to it, but for configs that Kafka keeps of a topic deleted before', () => {
    const fromSnapshot = new ImageBuilder().applySnapshot(snapshotContent()).image;
    const fromLog = imageOfLog(fixture('with-snapshot.log'), 200);
    const staleConfigs = fromSnapshot.configs.withOne('2:a', undefined);
    expect(fromSnapshot.configs.has('2:a')).toBe(true);
    expect(plain({ ...fromSnapshot, configs: staleConfigs })).toEqual(plain(fromLog));
    expect(fromSnapshot).toMatchObject({ offset: 199, epoch: 4 });
  });

  it('over an image that lags behind is told as the difference between the two', () => {
    const before = imageOfLog(fixture('with-snapshot.log'), 60);
    const after = new ImageBuilder().applySnapshot(snapshotContent()).image;
    expect(before.topics.byName('a')).toBeDefined();
    const delta = deltaBetween(before, after);
    expect([...delta.deletedTopics.values()].map((topic) => topic.name)).toEqual(['a']);
    expect(plain(delta.apply({ offset: 199, epoch: 4, timestampMs: 0 }))).toEqual(plain(after));
  });
});

describe('names of snapshots', () => {
  it.each([
    [SNAPSHOT, { endOffset: 200, epoch: 4 }],
    ['00000000000000000200-0000000004.checkpoint.part', null],
    ['200-4.checkpoint', null],
  ])('%s', (name, id) => {
    expect(parseSnapshotFileName(name)).toEqual(id);
  });
});
