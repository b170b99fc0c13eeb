import { afterEach, describe, expect, it } from 'vitest';
import { isolation } from '../support/own-user.ts';
import { Tutorial } from './tutorial.ts';

const HOSTS = ['kafka-broker1', 'kafka-broker2', 'kafka-broker3'];
const isolated = isolation();
let tutorial: Tutorial | undefined;

async function install(): Promise<Tutorial> {
  if (isolated === undefined) return expect.unreachable();
  const made = new Tutorial(isolated);
  tutorial = made;
  await made.replaceAddresses(HOSTS, [9092, 9093]);
  made.install(...HOSTS.map((host) => `${host}/kafka-kraft`));
  const voters = HOSTS.map((host, at) => `${at + 1}@${host}:9093`).join(',');
  for (const [at, host] of HOSTS.entries()) {
    const [broker, controller] = [9092, 9093].map((port) => made.address(host, port).port);
    made.write(
      `${host}/kafka-kraft/config/kraft/server.properties`,
      `process.roles=broker, controller\nnode.id=${at + 1}\ncontroller.quorum.voters=${voters}\n` +
        `listeners=PLAINTEXT://:${broker},CONTROLLER://:${controller}\ninter.broker.listener.name=PLAINTEXT\n` +
        `advertised.listeners=PLAINTEXT://${host}:9092\ncontroller.listener.names=CONTROLLER\n` +
        'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL\n' +
        `log.dirs=@ROOT@/${host}/kafka-kraft/datas\ngroup.initial.rebalance.delay.ms=0\n`,
    );
  }
  return made;
}

describe.skipIf(isolated === undefined)('the tutorial of three hosts without ZooKeeper', () => {
  afterEach(() => tutorial?.remove());

  it('runs as typed', { timeout: 150_000 }, async () => {
    const made = await install();
    const shown = Object.fromEntries(await made.run('b.sh', 140_000));
    expect(shown['uuid']).toEqual(['1']);
    expect(shown['format']?.filter((line) => line.startsWith('Formatting'))).toEqual(
      HOSTS.map(
        (host) => `Formatting metadata directory ${made.root}/${host}/kafka-kraft/datas with metadata.version 4.3-IV0.`,
      ),
    );
    expect(shown['start']).toEqual([]);
    expect(shown['use']).toEqual(['Created topic first.', 'Replicas:,,', 'hello']);
    expect(shown['stop']).toEqual(['none left']);
  });
});
