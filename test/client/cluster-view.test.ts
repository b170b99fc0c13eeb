/** How a client finds its brokers, and what it says when it does not. */
import { describe, expect, it } from 'vitest';
import { UnreachableError } from '../../src/client/cluster-view.ts';
import { api } from '../../src/network/api.ts';
import { LinkError } from '../../src/network/link.ts';
import { metadataRequest, metadataResponse } from '../../src/protocol/messages/metadata.ts';
import { FakeCluster } from './support/fake-cluster.ts';

const METADATA = api(metadataRequest, metadataResponse);
const NO_TOPICS = { topics: [], allowAutoTopicCreation: false };

function outcome<T>(promise: Promise<T>): Promise<T | Error> {
  return promise.catch((error: Error) => error);
}

describe('finding brokers', () => {
  it('tries the bootstrap addresses in turn, and then whoever is known', async () => {
    const cluster = new FakeCluster({ brokers: 3 });
    const view = cluster.view({ bootstrapServers: 'b9:9092,b2:9092' });
    await cluster.until(view.refresh([]));
    expect(view.brokers.map(({ id }) => id)).toEqual([1, 2, 3]);
    cluster.kill(2);
    await cluster.until(view.refresh([]));
    expect(cluster.requests.at(-1)?.broker).not.toBe(2);
  });

  it('asks the bootstrap addresses again when nobody it knows is left, unless it may not', async () => {
    for (const [metadataRecovery, isFound] of [
      ['rebootstrap', true],
      ['none', false],
    ] as const) {
      const cluster = new FakeCluster({ brokers: 1 });
      const view = cluster.view({ bootstrapServers: 'b1:9092,b2:9092', metadataRecovery, apiTimeoutMs: 5_000 });
      await cluster.until(view.refresh([]));
      cluster.kill(1);
      cluster.brokers.add(2);
      const answer = await cluster.until(outcome(view.refresh([])));
      expect(answer instanceof Error).toBe(!isFound);
    }
  });

  it('gives up in time, and names the addresses and the cause', async () => {
    const cluster = new FakeCluster({ brokers: 0 });
    const view = cluster.view({ bootstrapPatienceMs: 2_000 });
    const begun = cluster.time.nowMs();
    const error = (await cluster.until(outcome(view.refresh([])))) as UnreachableError;
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toBe('no broker answers at b1:9092: connection refused');
    expect(cluster.time.nowMs() - begun).toBeLessThan(2_200);
  });

  it('names the broker that a call is for', async () => {
    const cluster = new FakeCluster({ brokers: 2 });
    const view = cluster.view({ bootstrapServers: 'b1:9092,b2:9092' });
    await cluster.until(view.refresh([]));
    cluster.kill(2);
    const call = view.call(METADATA, NO_TOPICS, { node: 2, deadline: view.deadline(3_000) });
    const error = (await cluster.until(outcome(call))) as UnreachableError;
    expect(error.message).toMatch(/^broker 2 (at b2:9092 does not answer|is not in the cluster)/);
    await expect(cluster.until(view.call(METADATA, NO_TOPICS, { node: 2, once: true }))).rejects.toBeInstanceOf(
      LinkError,
    );
  });

  it('repeats no more often than it may', async () => {
    const cluster = new FakeCluster();
    const view = cluster.view({ retries: 2 });
    cluster.fate = () => 'lose';
    await cluster.until(outcome(view.refresh([])));
    expect(cluster.requests).toHaveLength(3);
  });

  it('leaves an address alone for longer each time it fails', async () => {
    const cluster = new FakeCluster({ brokers: 0 });
    let attempts = 0;
    const view = cluster.view({
      reconnectBackoffMs: 100,
      reconnectBackoffMaxMs: 2_000,
      retryBackoffMs: 1,
      retryBackoffMaxMs: 1,
    });
    const open = cluster.openLink;
    cluster.openLink = (options) => {
      attempts++;
      return open(options);
    };
    void outcome(view.refresh([]));
    await cluster.run(10_000, 10);
    expect(attempts).toBeGreaterThan(4);
    expect(attempts).toBeLessThan(15);
  });

  it('keeps a connection that only one caller was in a hurry on', async () => {
    const cluster = new FakeCluster();
    const view = cluster.view();
    await cluster.until(view.refresh([]));
    const [link] = cluster.links;
    cluster.latencyMs = 500;
    const hurried = await cluster.until(
      outcome(view.call(METADATA, NO_TOPICS, { deadline: view.deadline(50), once: true })),
    );
    expect(hurried).toMatchObject({ reason: 'no answer within 50 ms' });
    await cluster.run(1_000);
    expect(link?.isOpen).toBe(true);
    await cluster.until(view.refresh([]));
    expect(cluster.links.size).toBe(1);
  });

  it('asks for the metadata of several topics at once', async () => {
    const cluster = new FakeCluster();
    for (const name of ['a', 'b', 'c']) cluster.topic(name);
    const view = cluster.view();
    await cluster.until(Promise.all(['a', 'b', 'c', 'a'].map((name) => view.update(name))));
    expect(cluster.count('Metadata')).toBe(1);
    expect(view.topic('c')?.partitions).toHaveLength(1);
  });

  it('believes no older leader of the same topic', async () => {
    const cluster = new FakeCluster({ brokers: 2 });
    const topic = cluster.topic('a');
    const view = cluster.view();
    await cluster.until(view.refresh(['a']));
    expect(view.learnLeader('a', 0, 2, 7)).toBe(true);
    await cluster.until(view.refresh(['a']));
    expect(view.partition('a', 0)).toMatchObject({ leader: 2, leaderEpoch: 7 });
    topic.partitions[0]!.epoch = 8;
    await cluster.until(view.refresh(['a']));
    expect(view.partition('a', 0)).toMatchObject({ leader: 1, leaderEpoch: 8 });
  });
});
