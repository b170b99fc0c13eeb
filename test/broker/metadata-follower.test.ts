import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UNASSIGNED_DIR } from '../../src/base/uuid.ts';
import type { IsrProposal } from '../../src/broker/isr-proposal.ts';
import { RECOVERED, RECOVERING } from '../../src/metadata/image.ts';
import { metadataRecord } from '../../src/metadata/records.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { FaultyFiles } from '../storage/faulty-files.ts';
import {
  BrokerHarness,
  brokerRecord,
  configRecord,
  DIRECTORY_IDS,
  partitionChange,
  partitionRecord,
  records,
  removeTopic,
  topicId,
  topicRecords,
  unfence,
} from './harness.ts';

const [TOPIC, BROKER] = [2, 4];

let broker: BrokerHarness;
const names = (directory = 0) =>
  fs
    .readdirSync(broker.directories[directory] as string)
    .filter((name) => name.includes('-') && !name.includes('checkpoint'))
    .sort();
const state = {
  replicas: [1],
  isr: [1],
  leader: 1,
  leaderEpoch: 0,
  partitionEpoch: 0,
  directories: [DIRECTORY_IDS[0]],
};

beforeEach(async () => {
  broker = await BrokerHarness.start({ directories: 2 });
});

afterEach(() => broker.remove());

describe('topics', () => {
  it('come into being with logs before anybody is told of them', () => {
    let hostedWhenPublished = -1;
    const { replicas, services } = broker;
    broker.apply(brokerRecord(), unfence());
    const image = services.image;
    broker.apply(...topicRecords('t', { partitions: 3 }));
    hostedWhenPublished = replicas.partitionCount;
    expect(image().topics.byName('t')?.partitions).toHaveLength(3);
    expect(hostedWhenPublished).toBe(3);
    expect(names()).toEqual(['t-0', 't-1', 't-2']);
    expect(broker.partition('t', 2).log.topicId).toBe(topicId(0));
  });

  it('grow', () => {
    broker.withTopics({ t: {} });
    broker.apply(partitionRecord(topicId(0), { ...state, partitionId: 1 }));
    expect(names()).toEqual(['t-0', 't-1']);
  });

  it('of others are not hosted', () => {
    broker.withTopics({ t: { replicas: [2], leader: 2 } });
    expect(broker.replicas.partitionCount).toBe(0);
    expect(names()).toEqual([]);
  });

  it('that are deleted go from memory at once and from the disk after file.delete.delay.ms', async () => {
    broker.withTopics({ t: { configs: { 'file.delete.delay.ms': '1000' } }, u: {} });
    broker.apply(removeTopic(topicId(0)));
    expect(broker.replicas.get('t', 0)).toBeUndefined();
    expect(broker.services.absentPartitionError('t', 0)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(names()).toEqual([expect.stringMatching(/^t-0\.[0-9a-f]{32}-delete$/), 'u-0']);
    broker.time.advance(1000);
    await vi.waitFor(() => expect(names()).toEqual(['u-0']));
    expect(broker.offsetsEvents).toEqual(['deleted t']);
  });

  it('that are deleted and made again in one batch are new', () => {
    broker.withTopics({ t: {} });
    broker.append('t', 'a');
    broker.apply(removeTopic(topicId(0)), ...topicRecords('t', { id: topicId(7) }));
    expect(broker.partition('t').log).toMatchObject({ topicId: topicId(7), logEndOffset: 0 });
    expect(names()).toEqual(['t-0', expect.stringMatching(/^t-0\..*-delete$/)]);
  });

  it('find their logs again after a restart, also when one of that name is of another topic', async () => {
    broker.withTopics({ t: {}, u: {} });
    broker.append('t', 'a', 'b');
    broker.append('u', 'a');
    broker.apply(removeTopic(topicId(1)));
    // The directory of a former topic comes back: as if its deletion had not been seen before the crash.
    fs.cpSync(join(broker.directories[0] as string, 't-0'), join(broker.directories[0] as string, 'v-0'), {
      recursive: true,
    });
    broker = await broker.restart('clean');
    broker.apply(...topicRecords('v', { id: topicId(8) }));
    expect(broker.partition('t').log.logEndOffset).toBe(2);
    expect(broker.partition('v').log).toMatchObject({ topicId: topicId(8), logEndOffset: 0 });
    expect(names().filter((name) => name.startsWith('v-'))).toEqual(['v-0', expect.stringMatching(/-stray$/)]);
  });

  it('that the cluster does not know become stray, and their records stay', async () => {
    broker.withTopics({ t: {} });
    broker.append('t', 'a');
    broker = await broker.restart('clean');
    const strays = broker.logs.renameStrays(() => false);
    expect(strays).toBe(1);
    const [stray] = names();
    expect(stray).toMatch(/^t-0\..*-stray$/);
    const log = join(broker.directories[0] as string, stray as string, '00000000000000000000.log');
    expect(fs.statSync(log).size).toBeGreaterThan(0);
  });
});

describe('replicas', () => {
  it('that move elsewhere are deleted here', () => {
    broker.withTopics({ t: { replicas: [1, 2], isr: [1, 2] } });
    broker.apply(partitionChange(topicId(0), 0, { replicas: [2], isr: [2], leader: 2 }));
    expect(broker.replicas.partitionCount).toBe(0);
    expect(names()).toEqual([expect.stringMatching(/-delete$/)]);
  });

  it('lead when the metadata says so, and each leadership begins an epoch in the log', () => {
    broker.withTopics({ t: { replicas: [1, 2], isr: [1, 2], leader: 2 } });
    const partition = broker.partition('t');
    expect(partition.isLeader).toBe(false);
    expect(() => partition.append(records({}, 'a'), false)).toThrow(
      expect.objectContaining({ code: ErrorCode.NOT_LEADER_OR_FOLLOWER }),
    );
    broker.apply(partitionChange(topicId(0), 0, { leader: 1 }));
    broker.append('t', 'a');
    broker.apply(partitionChange(topicId(0), 0, { leader: 2 }), partitionChange(topicId(0), 0, { leader: 1 }));
    expect(partition.leaderEpoch).toBe(3);
    broker.append('t', 'b');
    expect(partition.log.leaderEpochCache.entries).toEqual([
      { epoch: 1, startOffset: 0 },
      { epoch: 3, startOffset: 1 },
    ]);
  });

  it('commit what they hold when the ISR shrinks to them, and not below min.insync.replicas', () => {
    const two = { replicas: [1, 2], isr: [1, 2] };
    broker.withTopics({ t: two, strict: { ...two, configs: { 'min.insync.replicas': '2' } } });
    for (const topic of ['t', 'strict']) broker.append(topic, 'a');
    for (const n of [0, 1]) broker.apply(partitionChange(topicId(n), 0, { isr: [1] }));
    expect(broker.partition('t').log.highWatermark).toBe(1);
    expect(broker.partition('strict').log.highWatermark).toBe(0);
  });

  it('commit at once what min.insync.replicas held back, when it is lowered, for a topic or for all', () => {
    const two = { replicas: [1, 2], isr: [1, 2] };
    broker.apply(configRecord(BROKER, '', 'min.insync.replicas', '2'));
    broker.withTopics({ t: two, strict: { ...two, configs: { 'min.insync.replicas': '2' } } });
    for (const topic of ['t', 'strict']) broker.append(topic, 'a');
    for (const n of [0, 1]) broker.apply(partitionChange(topicId(n), 0, { isr: [1] }));
    const ends = () => ['t', 'strict'].map((topic) => broker.partition(topic).log.highWatermark);
    expect(ends()).toEqual([0, 0]);
    broker.apply(configRecord(BROKER, '', 'min.insync.replicas', '1'));
    expect(ends()).toEqual([1, 0]);
    broker.apply(configRecord(TOPIC, 'strict', 'min.insync.replicas', '1'));
    expect(ends()).toEqual([1, 1]);
  });

  it('wait no longer for one that was about to join them, when its broker is fenced', () => {
    broker.apply(brokerRecord(2), unfence(2));
    broker.withTopics({ t: { replicas: [1, 2], isr: [1] } });
    broker.append('t', 'a');
    const partition = broker.partition('t');
    const at = { replicaId: 2, brokerEpoch: 5, logStartOffset: 0, nowMs: broker.time.monotonicMs() };
    partition.remoteFetched({ ...at, fetchOffset: 1 });
    const proposal = broker.proposals.at(-1) as IsrProposal;
    const refused = { leaderId: -1, leaderEpoch: -1, isr: [], leaderRecoveryState: 0, partitionEpoch: -1 };
    proposal.answered({ ...refused, errorCode: ErrorCode.INELIGIBLE_REPLICA });
    broker.append('t', 'b');
    expect(partition.log.highWatermark).toBe(1);
    broker.apply(metadataRecord('brokerRegistrationChange', 2, { brokerId: 2, brokerEpoch: 5, fenced: 1 }));
    expect(partition.log.highWatermark).toBe(2);
  });

  it('that were elected uncleanly are reported as recovered', () => {
    broker.withTopics({ t: {} });
    broker.apply(partitionChange(topicId(0), 0, { leader: 1, leaderRecoveryState: RECOVERING }));
    expect(broker.proposals).toMatchObject([{ topicId: topicId(0), partition: 0, leaderRecoveryState: RECOVERED }]);
    expect(broker.proposals[0]?.isr).toEqual([{ brokerId: 1, brokerEpoch: 7 }]);
  });

  it('keep what was committed across a restart', async () => {
    broker.withTopics({ t: { replicas: [1, 2], isr: [1, 2] } });
    broker.append('t', 'a', 'b');
    broker.apply(partitionChange(topicId(0), 0, { isr: [1] }));
    broker.apply(partitionChange(topicId(0), 0, { isr: [1, 2] }));
    broker.append('t', 'c');
    broker = await broker.restart('clean');
    expect(broker.partition('t').log).toMatchObject({ highWatermark: 2, logEndOffset: 3 });
  });
});

describe('the offsets topic', () => {
  it('tells its coordinator of every leadership', () => {
    broker.withTopics({ __consumer_offsets: { partitions: 2, replicas: [1, 2], isr: [1, 2] } });
    expect(broker.offsetsEvents).toEqual(['elected 0 in 0', 'elected 1 in 0']);
    broker.apply(partitionChange(topicId(0), 1, { leader: 2 }));
    broker.apply(partitionChange(topicId(0), 1, { leader: 1 }));
    broker.apply(partitionChange(topicId(0), 0, { isr: [1] }));
    expect(broker.offsetsEvents.slice(2)).toEqual(['resigned 1', 'elected 1 in 2']);
  });

  it('is let go when it is deleted, and when its disk fails', () => {
    broker.withTopics({ __consumer_offsets: { partitions: 1 }, other: {} });
    broker.logs.failDirectory(broker.directories[0] as string, 'gone', new Error('EIO'));
    expect(broker.offsetsEvents).toEqual(['elected 0 in 0', 'resigned 0']);
    broker.apply(removeTopic(topicId(0)));
    expect(broker.offsetsEvents).toEqual(['elected 0 in 0', 'resigned 0', 'deleted __consumer_offsets']);
  });
});

describe('configs', () => {
  beforeEach(() => broker.withTopics({ t: { configs: { 'retention.ms': '5000' } }, u: {} }));

  it('of a topic apply while it is in use, and go back to the default', () => {
    expect(broker.partition('t').log.config.retentionMs).toBe(5000);
    broker.apply(
      configRecord(TOPIC, 't', 'retention.ms', '9000'),
      configRecord(TOPIC, 't', 'min.insync.replicas', '3'),
    );
    expect(broker.partition('t').log.config.retentionMs).toBe(9000);
    expect(broker.partition('t').settings().minInsyncReplicas).toBe(3);
    broker.apply(configRecord(TOPIC, 't', 'retention.ms', null));
    expect(broker.partition('t').log.config.retentionMs).toBe(604_800_000);
  });

  it('of all brokers and of this one apply to every topic that has none of its own', () => {
    broker.apply(configRecord(BROKER, '', 'log.retention.ms', '7000'));
    expect(broker.partition('u').log.config.retentionMs).toBe(7000);
    expect(broker.partition('t').log.config.retentionMs).toBe(5000);
    broker.apply(configRecord(BROKER, '1', 'log.retention.ms', '8000'));
    expect(broker.partition('u').log.config.retentionMs).toBe(8000);
    broker.apply(configRecord(BROKER, '2', 'log.retention.ms', '1'));
    expect(broker.partition('u').log.config.retentionMs).toBe(8000);
  });

  it('come with a topic that is made in the same batch', () => {
    broker.apply(...topicRecords('v', { id: topicId(5), configs: { 'segment.bytes': '1048576' } }));
    expect(broker.partition('v').log.config.segmentBytes).toBe(1_048_576);
  });

  it('do not outlive their topic', () => {
    broker.apply(removeTopic(topicId(0)), configRecord(TOPIC, 't', 'retention.ms', null));
    broker.apply(...topicRecords('t', { id: topicId(6) }));
    expect(broker.partition('t').log.config.retentionMs).toBe(604_800_000);
  });
});

describe('several directories', () => {
  it('take a replica where the metadata wants it', () => {
    broker.withTopics({ t: { directories: [DIRECTORY_IDS[1]] } });
    expect([names(0), names(1)]).toEqual([[], ['t-0']]);
    expect(broker.assigned).toEqual([]);
  });

  it('share those without a place, and the controller is told', () => {
    broker.withTopics({ t: { partitions: 4, directories: [UNASSIGNED_DIR] } });
    expect([names(0).length, names(1).length]).toEqual([2, 2]);
    const told = broker.assigned.map(([id, partition, directory]) => [
      id,
      partition,
      DIRECTORY_IDS.indexOf(directory as never),
    ]);
    expect(told.map(([id, partition]) => `${id}-${partition}`).sort()).toEqual(
      [0, 1, 2, 3].map((n) => `${topicId(0)}-${n}`),
    );
    expect(told.filter(([, , directory]) => directory === 1)).toHaveLength(2);
  });

  it('find a replica where it lies, whatever the metadata says', async () => {
    broker.withTopics({ t: { directories: [DIRECTORY_IDS[1]] } });
    broker.append('t', 'a');
    broker.apply(partitionChange(topicId(0), 0, { directories: [DIRECTORY_IDS[0]] }));
    broker = await broker.restart('clean');
    expect(broker.partition('t').log).toMatchObject({ logEndOffset: 1, directoryId: DIRECTORY_IDS[1] });
    expect(broker.assigned).toEqual([[topicId(0), 0, DIRECTORY_IDS[1]]]);
  });

  it('serve on when one of them fails', () => {
    broker.withTopics({ t: {}, u: { directories: [DIRECTORY_IDS[1]] } });
    broker.logs.failDirectory(broker.directories[0] as string, 'gone', new Error('EIO'));
    expect(broker.partition('t').checkLeader(-1)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    broker.append('u', 'a');
    expect(broker.partition('u').log.highWatermark).toBe(1);
    broker.apply(partitionChange(topicId(0), 0, { leader: -1 }));
    expect(broker.partition('t').checkLeader(-1)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    broker.apply(...topicRecords('v', { id: topicId(9), directories: [UNASSIGNED_DIR] }));
    expect(broker.partition('v').log.directoryId).toBe(DIRECTORY_IDS[1]);
  });
});

describe('a log that cannot be opened', () => {
  it('is said, answered as a storage error, and harms no other', async () => {
    const files = new FaultyFiles();
    broker = await broker.restart('clean', { files });
    files.failWith({ operation: 'open', path: /t-0/, code: 'EACCES' });
    broker.withTopics({ t: {}, u: {} });
    expect(broker.logger.matching(/The log of t-0 could not be opened/)).toHaveLength(1);
    expect(broker.services.absentPartitionError('t', 0)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    broker.append('u', 'a');
    expect(broker.partition('u').log.logEndOffset).toBe(1);
  });
});
