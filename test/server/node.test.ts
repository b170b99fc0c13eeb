/** A node from start to stop, on real files and sockets. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KtsError } from '../../src/base/kts-error.ts';
import { ErrorCode } from '../../src/protocol/error-codes.ts';
import { fetchRequest, fetchResponse } from '../../src/protocol/messages/fetch.ts';
import { initProducerIdRequest, initProducerIdResponse } from '../../src/protocol/messages/init-producer-id.ts';
import { unregisterBrokerRequest, unregisterBrokerResponse } from '../../src/protocol/messages/unregister-broker.ts';
import { updateFeaturesRequest, updateFeaturesResponse } from '../../src/protocol/messages/update-features.ts';
import { FaultyFiles } from '../storage/faulty-files.ts';
import { Home, type HomeOptions } from './node-harness.ts';

const homes: Home[] = [];

function makeHome(options: HomeOptions = {}): Home {
  const home = new Home(options);
  homes.push(home);
  return home;
}

afterEach(async () => {
  for (const home of homes.splice(0)) await home.remove();
});

const marker = (home: Home, directory = 0) => path.join(home.directories[directory] as string, '.kafka_cleanshutdown');

describe('a stop', () => {
  it('leaves the marker with the broker epoch, and a start takes it away before anything is written', async () => {
    const home = makeHome();
    const node = await home.start();
    await node.createTopic('t');
    expect(fs.existsSync(marker(home))).toBe(false);
    await node.stop();
    expect(JSON.parse(fs.readFileSync(marker(home), 'utf8'))).toMatchObject({
      version: 0,
      brokerEpoch: expect.any(Number),
    });
    await home.start();
    expect(fs.existsSync(marker(home))).toBe(false);
  });

  it('says what scripts wait for, in order', async () => {
    const node = await makeHome().start();
    await node.stop();
    const said = [
      /The broker has caught up\. Transitioning from STARTING to RECOVERY/,
      /The broker has been unfenced\. Transitioning from RECOVERY to RUNNING/,
      /\[BrokerServer id=1\] Transition from STARTING to STARTED/,
      /\[KafkaRaftServer nodeId=1\] Kafka Server started \(kafka\.server\.KafkaRaftServer\)/,
      /\[KafkaRaftServer nodeId=1\] shutting down/,
      /\[KafkaRaftServer nodeId=1\] shut down completed/,
    ].map((line) => node.lines.findIndex((other) => line.test(other)));
    expect(said).not.toContain(-1);
    expect(said).toEqual([...said].sort((a, b) => a - b));
  });

  it('does not wait for a controller that knows this broker no more', async () => {
    const node = await makeHome().start();
    const answer = await node.call(unregisterBrokerRequest, unregisterBrokerResponse, 0, { brokerId: 1 });
    expect(answer.errorCode).toBe(ErrorCode.NONE);
    await node.stop();
  });

  it('may be asked for twice', async () => {
    const node = await makeHome().start();
    await Promise.all([node.stop(), node.stop()]);
    expect(node.lines.filter((line) => line.includes('[KafkaRaftServer nodeId=1] shutting down'))).toHaveLength(1);
  });

  it('does not wait for consumers that wait', async () => {
    const node = await makeHome().start();
    await node.createTopic('t');
    const consumer = await node.connect();
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
    const waiting = consumer.send(fetchRequest, fetchResponse, 12, {
      maxWaitMs: 60_000,
      minBytes: 1,
      maxBytes: 1000,
      sessionEpoch: -1,
      topics: [{ topic: 't', partitions }],
    });
    const ended = waiting.then(
      () => 'answered',
      () => 'closed',
    );
    // An answered request behind it on another connection: the fetch has reached its handler.
    await node.produce('t', []).catch(() => undefined);
    const started = performance.now();
    await node.stop();
    await ended;
    expect(performance.now() - started).toBeLessThan(8000);
  });
});

describe('a restart', () => {
  it('keeps topics and records, and begins a new epoch of their leaders', async () => {
    const home = makeHome();
    let epoch = -1;
    for (const round of [0, 1, 2]) {
      const node = await home.start();
      if (round === 0) await node.createTopic('t');
      const partition = await node.partition('t');
      expect(partition).toMatchObject({ errorCode: 0, leaderId: 1, isrNodes: [1] });
      expect(partition?.leaderEpoch).toBeGreaterThan(epoch);
      epoch = partition?.leaderEpoch ?? -1;
      expect(await node.produce('t', [`round ${round}`])).toBe(0);
      expect((await node.read('t')).values).toEqual(['round 0', 'round 1', 'round 2'].slice(0, round + 1));
      await node.stop();
    }
  });

  it.each([0, 1])('after a kill is the leader again, and holds what was acknowledged (ELR level %i)', async (level) => {
    const home = makeHome();
    const node = await home.start();
    await node.createTopic('t');
    await node.createTopic('strict', { 'min.insync.replicas': '1' });
    for (let i = 0; i < 5; i++) expect(await node.produce('t', [`${i}`])).toBe(0);
    const before = await node.partition('t');
    if (level === 0) {
      const down = { feature: 'eligible.leader.replicas.version', maxVersionLevel: 0, upgradeType: 2 };
      const request = { timeoutMs: 5000, featureUpdates: [down] };
      expect(await node.call(updateFeaturesRequest, updateFeaturesResponse, 1, request)).toMatchObject({
        errorCode: 0,
      });
    }
    const crashed = home.crashed();
    homes.push(crashed);
    const again = await crashed.start();
    const partition = await again.partition('t');
    expect(partition).toMatchObject({ errorCode: 0, leaderId: 1, isrNodes: [1] });
    expect(partition?.leaderEpoch).toBeGreaterThan(before?.leaderEpoch ?? 0);
    expect((await again.read('t')).values).toEqual(['0', '1', '2', '3', '4']);
    expect(await again.produce('t', ['5'])).toBe(0);
    expect(await again.produce('strict', ['0'])).toBe(0);
  });

  it('gives producer ids that were never given before', async () => {
    const home = makeHome();
    const ids = new Set<number>();
    const take = async (node: Awaited<ReturnType<Home['start']>>) => {
      const asked = { transactionalId: null, transactionTimeoutMs: 1000 };
      const { errorCode, producerId } = await node.call(initProducerIdRequest, initProducerIdResponse, 4, asked);
      expect(errorCode).toBe(0);
      expect(ids.has(producerId)).toBe(false);
      ids.add(producerId);
    };
    const node = await home.start();
    await take(node);
    await take(node);
    const crashed = home.crashed();
    homes.push(crashed);
    await take(await crashed.start());
    await node.stop();
    await take(await home.start()).catch(() => undefined);
  });
});

describe('a start that cannot be', () => {
  const refusal = (home: Home, more: Readonly<Record<string, string>> = {}) =>
    home.start(more).then(
      () => Promise.reject(new Error('it started')),
      (error: unknown) => {
        expect(error).toBeInstanceOf(KtsError);
        return (error as KtsError).message;
      },
    );

  it('on a taken port says which, and lets the directory go', async () => {
    const taken = net.createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as net.AddressInfo;
    const home = makeHome();
    const listeners = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:0`;
    expect(await refusal(home, { listeners, 'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}` })).toBe(
      `Socket server failed to bind to 127.0.0.1:${port}: Address already in use.`,
    );
    await new Promise((resolve) => taken.close(resolve));
    const node = await home.start();
    await node.createTopic('t');
  });

  it('on a directory in use says who has it, and harms nobody', async () => {
    const home = makeHome();
    const node = await home.start();
    await node.createTopic('t');
    expect(await refusal(home)).toMatch(/Failed to acquire lock on file \.lock in .*d0/);
    expect(await node.produce('t', ['a'])).toBe(0);
    await node.stop();
    await home.start();
  });

  it('without a formatted directory says how to format it', async () => {
    expect(await refusal(makeHome({ formatted: false }))).toBe('No readable meta.properties files found.');
  });

  it('with another node id, or with directories of two clusters, names the file', async () => {
    const home = makeHome({ directories: 2 });
    expect(await refusal(home, { 'node.id': '7', 'controller.quorum.voters': '7@127.0.0.1:0' })).toMatch(
      /Stored node id 1 doesn't match previous node id 7 in .*d0\/meta\.properties/,
    );
    const file = path.join(home.directories[1] as string, 'meta.properties');
    const text = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, text.replace(/cluster\.id=.*/, 'cluster.id=other'));
    expect(await refusal(home)).toMatch(/Invalid cluster\.id in: .*d1\/meta\.properties\. Expected .*, but read other/);
    fs.writeFileSync(file, text);
    await home.start();
  });

  it('with listeners that are not supported says so', async () => {
    const protocols = 'PLAINTEXT:SSL,CONTROLLER:PLAINTEXT';
    expect(await refusal(makeHome(), { 'listener.security.protocol.map': protocols })).toMatch(
      /listener PLAINTEXT asks for SSL/i,
    );
  });
});

describe('two directories', () => {
  it('take in one that is new and empty', async () => {
    const home = makeHome({ directories: 2 });
    fs.rmSync(home.directories[1] as string, { recursive: true });
    const node = await home.start();
    await node.createTopic('t', {}, 4);
    expect(fs.readFileSync(path.join(home.directories[1] as string, 'meta.properties'), 'utf8')).toMatch(
      /directory\.id=/,
    );
    const hosted = home.directories.map(
      (directory) => fs.readdirSync(directory).filter((name) => /^t-\d$/.test(name)).length,
    );
    expect(hosted).toEqual([2, 2]);
  });

  it('serve on when one fails while the node runs, and the controller knows', async () => {
    const files = new FaultyFiles();
    const home = makeHome({ directories: 2 });
    const node = await home.start({}, files);
    await node.createTopic('t', {}, 4);
    const directoryOf = (index: number) => home.directories.findIndex((d) => fs.existsSync(path.join(d, `t-${index}`)));
    const [kept, lost] = [
      [0, 1, 2, 3].find((i) => directoryOf(i) === 0),
      [0, 1, 2, 3].find((i) => directoryOf(i) === 1),
    ];
    for (const index of [kept, lost]) expect(await node.produce('t', ['before'], index)).toBe(0);
    files.failWith({ operation: 'write', path: /\/d1\/.*\.log$/, code: 'EIO' });
    expect(await node.produce('t', ['a'], lost)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect((await node.read('t', lost)).errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    await vi.waitFor(async () => expect(await node.partition('t', lost)).toMatchObject({ leaderId: -1 }), 5000);
    expect(await node.produce('t', ['after'], kept)).toBe(0);
    expect((await node.read('t', kept)).values).toEqual(['before', 'after']);
    expect(node.fatal).toEqual([]);
    await node.stop();
    files.heal();
    const again = await home.start();
    expect((await again.read('t', lost)).values).toEqual(['before']);
    expect(await again.produce('t', ['again'], lost)).toBe(0);
  });

  it('stop the node when the one with the metadata log fails', async () => {
    const files = new FaultyFiles();
    const home = makeHome({ directories: 2 });
    const node = await home.start({}, files);
    await node.createTopic('t', {}, 4);
    files.failWith({ operation: 'write', path: /\/d0\/t-.*\.log$/, code: 'EIO' });
    const index = [0, 1, 2, 3].find((i) => fs.existsSync(path.join(home.directories[0] as string, `t-${i}`)));
    expect(await node.produce('t', ['a'], index)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(node.fatal).toHaveLength(1);
  });
});
