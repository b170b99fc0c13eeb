import { beforeEach, describe, expect, it } from 'vitest';
import { createTopics } from '../../src/controller/topics/create-topics.ts';
import { type MetadataRecord, metadataRecord } from '../../src/metadata/records.ts';
import { plain } from '../metadata/support.ts';
import { codeOf, type Harness, recordText, settle } from './harness.ts';
import { Quorum } from './quorum.ts';

const SESSION_MS = 9_000;

let quorum: Quorum;

beforeEach(async () => {
  quorum = new Quorum(3);
  quorum.elect(1);
  await settle();
});

const config = (name: string, value = '1') =>
  metadataRecord('config', 0, { resourceType: 4, resourceName: '', name, value });
const write = (member: Harness, ...records: MetadataRecord[]) =>
  member.controller.submit('write', () => ({ records, response: 'done' }));
const configsIn = (image: Harness['controller']['image']) =>
  [...(image.configs.get('4:')?.keys() ?? [])].filter((name) => name !== 'min.insync.replicas').sort();
const lastRecords = () => (quorum.records().at(-1) ?? []).map(recordText);

/** Brokers that every controller knows by their epochs. */
async function join(member: Harness, ...ids: number[]): Promise<void> {
  await member.join(...ids);
  for (const other of quorum.members) for (const [id, epoch] of member.epochs) other.epochs.set(id, epoch);
}

async function createTopic(member: Harness, name: string, replicas: readonly (readonly number[])[]): Promise<void> {
  const topic = {
    name,
    numPartitions: -1,
    replicationFactor: -1,
    assignments: replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
    configs: [],
  };
  const request = { topics: [topic], timeoutMs: 1, validateOnly: false };
  await member.controller.submit('createTopics', (context) => createTopics(context, request));
}

function expectAllAlike(): void {
  const [first, ...others] = quorum.members.map(({ controller }) => plain(controller.committedImage));
  for (const other of others) expect(other).toEqual(first);
}

describe('a standby controller', () => {
  it('follows the log, and answers that another one is active', async () => {
    await write(quorum.member(1), config('a'));
    expect(configsIn(quorum.member(2).controller.image)).toEqual(['a']);
    expect(await codeOf(write(quorum.member(2), config('b')))).toBe(
      'NOT_CONTROLLER: The active controller appears to be node 1.',
    );
    expectAllAlike();
  });

  it('that takes over goes on where the log ends, and writes nothing that is not needed', async () => {
    await join(quorum.member(1), 1, 2);
    await createTopic(quorum.member(1), 't', [[1, 2]]);
    const before = quorum.records().length;
    quorum.elect(2);
    await settle();
    expect(quorum.records().length).toBe(before);
    expect(quorum.members.map(({ controller }) => controller.isActive)).toEqual([false, true, false]);
    await write(quorum.member(2), config('b'));
    expect(configsIn(quorum.member(1).controller.image)).toEqual(['b']);
    expectAllAlike();
  });

  it('begins with a snapshot when it was away for long', async () => {
    await join(quorum.member(1), 1, 2);
    quorum.cut(3);
    await createTopic(quorum.member(1), 't', [[1, 2]]);
    await write(quorum.member(1), config('a'));
    quorum.snapshot(quorum.member(1).controller.committedImage);
    await write(quorum.member(1), config('b'));
    quorum.heal(3);
    expectAllAlike();
    quorum.elect(3);
    await write(quorum.member(3), config('c'));
    expect(configsIn(quorum.member(1).controller.image)).toEqual(['a', 'b', 'c']);
    // Registered before the snapshot: caught up is who has applied what the snapshot holds.
    expect(await quorum.member(3).heartbeat(1, { currentMetadataOffset: 3 })).toMatchObject({ isCaughtUp: false });
    expect(await quorum.member(3).heartbeat(1)).toMatchObject({ isCaughtUp: true });
  });
});

describe('leadership that is lost', () => {
  it('takes back what was never committed, and says so to who waits', async () => {
    const [first, second] = quorum.members as [Harness, Harness];
    await write(first, config('kept'));
    quorum.autoCommit = false;
    const lost = [codeOf(write(first, config('lost'))), codeOf(write(first, config('lost too')))];
    const read = codeOf(first.controller.submit('read', () => ({ records: [], response: 0 })));
    expect(configsIn(first.controller.image)).toEqual(['kept', 'lost', 'lost too']);
    quorum.lose();
    quorum.autoCommit = true;
    quorum.elect(2);
    for (const answer of [...lost, read]) expect(await answer).toMatch(/^NOT_CONTROLLER/);
    expect(configsIn(first.controller.image)).toEqual(['kept']);
    await write(second, config('new'));
    expect(configsIn(first.controller.image)).toEqual(['kept', 'new']);
    expectAllAlike();
  });

  it('keeps what the next leader commits, though who asked could not be told', async () => {
    const [first] = quorum.members as [Harness];
    quorum.autoCommit = false;
    const answer = codeOf(write(first, config('survives')));
    quorum.resign();
    expect(await answer).toMatch(/^NOT_CONTROLLER: No controller/);
    expect(configsIn(first.controller.image)).toEqual([]);
    quorum.elect(2);
    expect(configsIn(first.controller.image)).toEqual(['survives']);
    expectAllAlike();
  });

  it('and found again in a later epoch begins from what is committed', async () => {
    const [first] = quorum.members as [Harness];
    quorum.autoCommit = false;
    const answer = codeOf(write(first, config('lost')));
    quorum.lose();
    quorum.autoCommit = true;
    quorum.elect(1);
    expect(await answer).toMatch(/^NOT_CONTROLLER/);
    await write(first, config('new'));
    expect(configsIn(first.controller.committedImage)).toEqual(['new']);
    expectAllAlike();
  });

  it('amid an operation of several batches keeps the part that is committed, and only that', async () => {
    const [first, second] = quorum.members as [Harness, Harness];
    quorum.autoCommit = false;
    quorum.maxBatchRecords = 2;
    const answer = codeOf(write(first, config('a'), config('b'), config('c'), config('d'), config('e')));
    quorum.commit(1);
    expect(configsIn(first.controller.committedImage)).toEqual([]);
    expect(configsIn(second.controller.committedImage)).toEqual(['a', 'b']);
    quorum.commit(1);
    quorum.lose();
    quorum.elect(2);
    expect(await answer).toMatch(/^NOT_CONTROLLER/);
    expect(configsIn(first.controller.committedImage)).toEqual(['a', 'b', 'c', 'd']);
    expectAllAlike();
  });

  it('with a large operation behind small ones leaves nobody with less than the log', async () => {
    const [first] = quorum.members as [Harness];
    quorum.autoCommit = false;
    quorum.maxBatchRecords = 2;
    const small = write(first, config('small'));
    const large = write(first, config('a'), config('b'), config('c'));
    quorum.commit(2);
    expect(await small).toBe('done');
    quorum.commit(1);
    expect(await large).toBe('done');
    expectAllAlike();
  });
});

it('a broker with more partitions than a batch takes is fenced in several', async () => {
  const [first] = quorum.members as [Harness];
  await join(first, 1, 2);
  for (const name of ['a', 'b', 'c'])
    await createTopic(
      first,
      name,
      Array.from({ length: 4_000 }, () => [1, 2]),
    );
  const before = quorum.records().length;
  await first.heartbeat(1, { wantFence: true });
  const batches = quorum.records().slice(before);
  expect(batches.map((batch) => batch.length)).toEqual([10_000, 2_001]);
  expect(batches.at(-1)?.at(-1)?.type).toBe('brokerRegistrationChange');
  expectAllAlike();
});

describe("raft's own records", () => {
  it('between those of the controller disturb nobody', async () => {
    const [first] = quorum.members as [Harness];
    quorum.appendControl();
    expect(await write(first, config('a'))).toBe('done');
    quorum.autoCommit = false;
    const b = write(first, config('b'));
    quorum.appendControl();
    const c = write(first, config('c'));
    quorum.commit();
    expect([await b, await c]).toEqual(['done', 'done']);
    expect(first.controller.isActive).toBe(true);
    expectAllAlike();
  });
});

describe('a transaction that a former controller left open', () => {
  const begin = metadataRecord('beginTransaction', 0, { name: 'something large' });

  it('is ended by the next one, and leaves no trace', async () => {
    const [first, second, third] = quorum.members as [Harness, Harness, Harness];
    quorum.autoCommit = false;
    void write(first, begin, config('half')).catch(() => {});
    quorum.elect(2);
    expect(lastRecords()).toEqual(['AbortTransaction{reason:"Controller failover"}']);
    quorum.commit();
    quorum.autoCommit = true;
    await write(second, config('whole'));
    for (const member of [first, second, third]) expect(configsIn(member.controller.committedImage)).toEqual(['whole']);
  });

  it('is ended again when the first attempt was lost, also by the same controller', async () => {
    const [first, second] = quorum.members as [Harness, Harness];
    quorum.autoCommit = false;
    void write(first, begin, config('half')).catch(() => {});
    quorum.elect(2);
    quorum.lose();
    quorum.elect(2);
    expect(lastRecords()).toEqual(['AbortTransaction{reason:"Controller failover"}']);
    quorum.commit();
    quorum.autoCommit = true;
    await write(second, config('whole'));
    expectAllAlike();
  });
});

describe('brokers', () => {
  it('that were unfenced get a whole session to find the new controller', async () => {
    const [first, second] = quorum.members as [Harness, Harness];
    await join(first, 1, 2);
    await createTopic(first, 't', [[1, 2]]);
    second.time.sleep(10 * SESSION_MS);
    quorum.elect(2);
    second.time.advance(SESSION_MS - 1);
    await second.heartbeat(2);
    expect(second.controller.image.brokers.get(1)?.fenced).toBe(false);
    second.time.advance(SESSION_MS / 2);
    await settle();
    expect(second.controller.image.brokers.get(1)?.fenced).toBe(true);
    expect(second.controller.image.brokers.get(2)?.fenced).toBe(false);
    expect(second.controller.image.topics.partition('t', 0)?.leader).toBe(2);
    expectAllAlike();
  });

  it('are not blamed for the time in which the controller itself stood still', async () => {
    const [first] = quorum.members as [Harness];
    await join(first, 1, 2);
    first.time.advance(2_000);
    await first.heartbeat(1);
    await first.heartbeat(2);
    first.time.sleep(60_000);
    first.time.advance(SESSION_MS / 8);
    expect([...first.controller.image.brokers.values()].map(({ fenced }) => fenced)).toEqual([false, false]);
    await first.heartbeat(1);
    first.time.advance(SESSION_MS - SESSION_MS / 8);
    await first.heartbeat(1);
    first.time.advance(SESSION_MS / 4);
    await settle();
    expect([...first.controller.image.brokers.values()].map(({ fenced }) => fenced)).toEqual([false, true]);
  });

  it('that are all silent are fenced one after the other without waiting', async () => {
    const [first] = quorum.members as [Harness];
    await join(first, 1, 2, 3);
    first.time.advance(SESSION_MS + SESSION_MS / 8 + 30);
    await settle();
    expect([...first.controller.image.brokers.values()].map(({ fenced }) => fenced)).toEqual([true, true, true]);
  });

  it('may go on with a shutdown that the former controller had begun', async () => {
    const [first, second] = quorum.members as [Harness, Harness];
    await join(first, 1, 2);
    await createTopic(first, 't', [[1, 2]]);
    expect(await first.heartbeat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: false });
    quorum.elect(2);
    await second.heartbeat(2);
    expect(await second.heartbeat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: true });
    expect(second.controller.image.brokers.get(1)).toMatchObject({ fenced: true, inControlledShutdown: true });
    expectAllAlike();
  });
});
