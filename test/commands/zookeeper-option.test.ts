/** --zookeeper, against a controller that stands in a ZooKeeper's place. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Home } from '../server/node-harness.ts';
import { runTool } from '../support/run-tool.ts';

const home = new Home({
  properties: {
    listeners: 'PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0,ZOOKEEPER://127.0.0.1:0',
    'controller.listener.names': 'CONTROLLER,ZOOKEEPER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,ZOOKEEPER:PLAINTEXT',
  },
});
let port: number | undefined;

beforeAll(async () => {
  const { node } = await home.start();
  port = node.listeners.find(({ name }) => name === 'ZOOKEEPER')?.port;
  await strict(['--create', '--topic', 't', '--partitions', '1', '--replication-factor', '1']);
});

afterAll(() => home.remove());

/** The words of kafka-topics.sh, behind --zookeeper. */
function strict(words: readonly string[], env: Readonly<Record<string, string>> = {}, host = '127.0.0.1') {
  return runTool(['topics', '--zookeeper', `${host}:${port}/kafka`, ...words], { manner: 'strict', env });
}

const describeTopic = async () => (await strict(['--describe', '--topic', 't'])).stdout.split('\n')[0];

describe('--zookeeper', () => {
  it('asks the controller for the brokers, and says so', async () => {
    const { stdout, stderr, exitCode } = await strict(['--list']);
    expect([stdout, exitCode]).toEqual(['t\n', 0]);
    expect(stderr).toMatch(/^kts: --zookeeper: the controller at \S+ names the brokers \S+\n$/);
  });

  it("changes a topic's configs as topics --alter did, and its partitions with them", async () => {
    const set = await strict([
      '--alter',
      '--topic',
      't',
      '--config',
      'cleanup.policy=compact,delete',
      '--partitions=3',
    ]);
    expect([set.stdout, set.exitCode]).toEqual(['Updated config for topic t.\n', 0]);
    expect(await describeTopic()).toMatch(/PartitionCount: 3.*cleanup\.policy=compact,delete/);
    const removed = await strict(['--alter', '--topic=t', '--delete-config', 'cleanup.policy']);
    expect(removed.stdout).toBe('Updated config for topic t.\n');
    expect(await describeTopic()).not.toContain('cleanup.policy');
    const absent = await strict(['--alter', '--topic', 'nobody', '--config', 'retention.ms=1']);
    expect([absent.stdout.includes('Updated'), absent.exitCode]).toEqual([false, 1]);
  });

  it('finds the controller in its own container, where the name that it was told leads nowhere', async () => {
    const told = { KAFKA_ZOOKEEPER_CONNECT: `nowhere.invalid:${port}` };
    expect((await strict(['--list'], told, 'nowhere.invalid')).stdout).toBe('t\n');
    expect((await strict(['--list'], {}, 'nowhere.invalid')).exitCode).toBe(1);
  });
});
