import { afterEach, describe, expect, it } from 'vitest';
import { isolation } from '../support/own-user.ts';
import { Tutorial } from './tutorial.ts';

const isolated = isolation();
let tutorial: Tutorial | undefined;

describe.skipIf(isolated === undefined)('the environments of containers', () => {
  afterEach(() => tutorial?.remove());

  it('configure a node', { timeout: 120_000 }, async () => {
    if (isolated === undefined) return expect.unreachable();
    const made = new Tutorial(isolated);
    tutorial = made;
    await made.replacePorts([2181, 9092, 9093]);
    made.replaceText('172.17.0.1', '127.0.0.1');
    made.replacePath('/opt/kafka', 'kafka');
    made.install('kafka');
    const shown = Object.fromEntries(await made.run('e.sh', 110_000));
    const port = made.port(9092);
    expect(shown).toMatchObject({
      wurstmeister: [
        `data directory: ${made.root}/data`,
        "configured by the environment, as wurstmeister's image is:",
        `  advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
        '  broker.id=0',
        `  listeners=PLAINTEXT://0.0.0.0:${port}`,
        '  num.partition=2',
        "kts: KAFKA_CREATE_TOPICS: 'broken:x' is no NAME:PARTITIONS:REPLICAS[:POLICY], and left out",
        expect.stringMatching(/^kts: KAFKA_ZOOKEEPER_CONNECT=.*: there is no ZooKeeper any more; the controller runs/),
        'kts: unknown configuration num.partition is ignored; did you mean num.partitions?',
        'kept',
        'made',
      ],
      use: ['Created topic my_log.', '2', 'hello', 'exit 0'],
      bitnami: ['container.out:0', 'container.err:0', '  sasl.jaas.config=******', 'cluster.id=MkU3OEVBNTcwNTJENDM2Qg'],
      apache: ['cluster.id=5L6g3nShT-eMCtK--X86sw', 'Created topic three.', '3'],
    });
  });
});
