/**
 * Records golden frames: what real clients (Kafka's Java tools, kcat, kafkajs) and a real Kafka node say to each other,
 * seen by a small TCP proxy. The fixtures in test/fixtures/frames are its output; run it again for another Kafka:
 *
 *   node scripts/record-frames.ts KAFKA [ONLY]
 *
 * KAFKA is a command that runs a tool of Apache Kafka by its short name (`KAFKA topics --list …`). ONLY records just
 * one client (java, kcat, kafkajs). Up to three frames of different length are kept for each API, version and direction.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { APIS } from '../src/protocol/apis.ts';

const KEPT_PER_KIND = 3;
const LARGEST_BYTES = 1500;
const OUTPUT = new URL('../test/fixtures/frames/', import.meta.url);

const [kafkaCommand, only] = process.argv.slice(2);
if (kafkaCommand === undefined) throw new Error('which command runs the tools of Kafka?');
const directory = mkdtempSync(join(tmpdir(), 'record-frames-'));

// ------------------------------------------------------------------------------------------------------------ frames

/** `client API version direction` -> frames, in order of arrival. */
const kept = new Map<string, Buffer[]>();
let client = 'node';

function keep(label: string, apiKey: number, version: number, direction: 'req' | 'rsp', frame: Buffer): void {
  const name = APIS.find((api) => api.key === apiKey)?.name ?? `Api${apiKey}`;
  const key = `${label}\t${name} v${version} ${direction}`;
  const frames = kept.get(key) ?? [];
  const isOnlyLarge = frame.length > LARGEST_BYTES && frames.length > 0;
  if (isOnlyLarge || frames.length >= KEPT_PER_KIND || frames.some((other) => other.length === frame.length)) return;
  kept.set(key, [...frames, Buffer.from(frame)]);
}

/** Cuts a stream into frames of four size bytes and their content. */
function frameCutter(take: (frame: Buffer) => void): (chunk: Buffer) => void {
  let pending = Buffer.alloc(0);
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0)) {
      const end = 4 + pending.readInt32BE(0);
      take(pending.subarray(0, end));
      pending = pending.subarray(end);
    }
  };
}

function proxy(upstream: number, fixedLabel?: string): Promise<net.Server> {
  const server = net.createServer((near) => {
    const far = net.connect(upstream, '127.0.0.1');
    const label = fixedLabel ?? client;
    const waiting = new Map<number, { apiKey: number; version: number }>();
    const onRequest = frameCutter((frame) => {
      const [apiKey, version] = [frame.readInt16BE(4), frame.readInt16BE(6)];
      waiting.set(frame.readInt32BE(8), { apiKey, version });
      keep(label, apiKey, version, 'req', frame);
    });
    const onResponse = frameCutter((frame) => {
      const request = waiting.get(frame.readInt32BE(4));
      if (request !== undefined) keep(label, request.apiKey, request.version, 'rsp', frame);
    });
    near.on('data', (chunk: Buffer) => {
      onRequest(chunk);
      far.write(chunk);
    });
    far.on('data', (chunk: Buffer) => {
      onResponse(chunk);
      near.write(chunk);
    });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function portOf(server: net.Server): number {
  return (server.address() as net.AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// ---------------------------------------------------------------------------------------------------------- processes

interface Run {
  readonly input?: string;
  readonly timeoutMs?: number;
}

async function run(
  command: string,
  args: readonly string[],
  { input = '', timeoutMs = 60_000 }: Run = {},
): Promise<void> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  child.stdin.end(input);
  const timer = setTimeout(() => child.kill('SIGTERM'), timeoutMs);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  const last = output.trim().split('\n').at(-1) ?? '';
  process.stderr.write(
    `${code === 0 ? 'ok ' : `${code}: `}${command.split('/').at(-1)} ${args.join(' ').slice(0, 100)}  ${code === 0 ? '' : last.slice(0, 150)}\n`,
  );
}

const kafka = (args: string, options?: Run) => run('bash', [kafkaCommand, ...args.split(' ')], options);
const kcat = (args: string, options?: Run) => run('kcat', args.split(' '), { timeoutMs: 15_000, ...options });

function startNode(properties: string): ChildProcess {
  return spawn('bash', [kafkaCommand as string, 'server-start', properties], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, KAFKA_HEAP_OPTS: '-Xmx512M' },
  });
}

async function waitForPort(port: number): Promise<void> {
  for (let tries = 0; tries < 240; tries++) {
    const open = await new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error('the node does not listen');
}

// -------------------------------------------------------------------------------------------------------- the clients

const lines = (count: number) => Array.from({ length: count }, (_, i) => `key-${i}:value ${i}\n`).join('');

async function javaTools(broker: string, controller: string): Promise<void> {
  const b = `--bootstrap-server ${broker}`;
  const property = join(directory, 'client.properties');
  const file = (name: string, content: string) => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  writeFileSync(property, 'client.id=recorder\n');
  await kafka(`broker-api-versions ${b}`);
  await kafka(`topics ${b} --create --topic one --partitions 3 --config retention.ms=3600000`);
  await kafka(`topics ${b} --create --topic compacted --config cleanup.policy=compact`);
  await kafka(`topics ${b} --create --topic bad/name`);
  await kafka(`topics ${b} --describe`);
  await kafka(`topics ${b} --alter --topic one --partitions 4`);
  await kafka(`configs ${b} --alter --entity-type topics --entity-name one --add-config max.message.bytes=100000`);
  await kafka(`configs ${b} --describe --entity-type topics --entity-name one --all`);
  await kafka(`configs ${b} --describe --entity-type brokers --entity-name 1`);
  await kafka(`configs ${b} --alter --entity-type clients --entity-name c --add-config request_percentage=12.5`);
  await kafka(`configs ${b} --describe --entity-type clients`);
  await kafka(
    `configs ${b} --alter --entity-type users --entity-name alice --add-config SCRAM-SHA-256=[iterations=4096,password=secret]`,
  );
  await kafka(`configs ${b} --describe --entity-type users --entity-name alice`);
  await kafka(`configs ${b} --describe --entity-type groups`);
  await kafka(
    `producer-perf-test --topic one --num-records 300 --record-size 30 --throughput -1 --producer-props bootstrap.servers=${broker} batch.size=600`,
  );
  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
    await kafka(
      `console-producer ${b} --topic one --property parse.key=true --property key.separator=: --compression-codec ${codec}`,
      { input: lines(5) },
    );
  }
  await kafka(
    `producer-perf-test --topic one --num-records 50 --record-size 30 --throughput 50 --transaction-duration-ms 300 --transactional-id tx --producer-props bootstrap.servers=${broker}`,
  );
  await kafka(`console-consumer ${b} --topic one --group classic --from-beginning --max-messages 200`);
  await kafka(
    `console-consumer ${b} --topic one --group next --from-beginning --max-messages 200 --consumer-property group.protocol=consumer`,
  );
  await kafka(
    `console-consumer ${b} --topic one --isolation-level read_committed --group committed --from-beginning --max-messages 300 --timeout-ms 8000`,
  );
  await kafka(`console-consumer ${b} --topic one --partition 0 --offset 2 --max-messages 2`);
  await kafka(`console-share-consumer ${b} --topic one --group shared --max-messages 5`, {
    input: lines(5),
    timeoutMs: 12_000,
  });
  await kafka(`groups ${b} --list`);
  await kafka(`consumer-groups ${b} --list --state`);
  await kafka(`consumer-groups ${b} --describe --all-groups`);
  await kafka(`consumer-groups ${b} --describe --group classic --members --verbose`);
  await kafka(`consumer-groups ${b} --group classic --topic one --reset-offsets --to-earliest --execute`);
  await kafka(
    `consumer-groups ${b} --group classic --topic one --reset-offsets --to-datetime 2020-01-01T00:00:00.000 --dry-run`,
  );
  await kafka(`consumer-groups ${b} --delete-offsets --group classic --topic one`);
  await kafka(`consumer-groups ${b} --delete --group next`);
  await kafka(`share-groups ${b} --describe --group shared`);
  await kafka(`share-groups ${b} --reset-offsets --group shared --topic one --to-earliest --execute`);
  await kafka(`share-groups ${b} --delete-offsets --group shared --topic one`);
  await kafka(`share-groups ${b} --delete --group shared`);
  await kafka(`streams-groups ${b} --list`);
  await kafka(`streams-groups ${b} --describe --group none`);
  for (const time of ['-1', '-2', '-3', '-4', '-5', '0']) await kafka(`get-offsets ${b} --topic one --time ${time}`);
  await kafka(
    `delete-records ${b} --offset-json-file ${file('delete.json', '{"partitions":[{"topic":"one","partition":0,"offset":1}],"version":1}')}`,
  );
  await kafka(`log-dirs ${b} --describe`);
  await kafka(`metadata-quorum ${b} describe --status`);
  await kafka(`metadata-quorum --bootstrap-controller ${controller} describe --replication`);
  await kafka(
    `metadata-quorum ${b} remove-controller --controller-id 9 --controller-directory-id AAAAAAAAAAAAAAAAAAAAAQ`,
  );
  await kafka(`features ${b} describe`);
  await kafka(`features ${b} downgrade --feature share.version=0 --dry-run`);
  await kafka(`cluster cluster-id ${b}`);
  await kafka(`cluster list-endpoints ${b} --include-fenced-brokers`);
  await kafka(`cluster unregister ${b} --id 77`);
  await kafka(`leader-election ${b} --election-type preferred --all-topic-partitions`);
  await kafka(`reassign-partitions ${b} --list`);
  await kafka(
    `reassign-partitions ${b} --execute --reassignment-json-file ${file('reassign.json', `{"version":1,"partitions":[{"topic":"one","partition":0,"replicas":[1],"log_dirs":["${directory}/data"]}]}`)}`,
  );
  await kafka(`transactions ${b} list`);
  await kafka(`transactions ${b} describe --transactional-id tx`);
  await kafka(`transactions ${b} describe-producers --topic one --partition 0`);
  await kafka(`client-metrics ${b} --alter --name metrics --interval 1000 --metrics org.apache.kafka.consumer.`);
  await kafka(`client-metrics ${b} --describe`);
  await kafka(`console-consumer ${b} --topic one --from-beginning --timeout-ms 5000`);
  await kafka(`acls ${b} --add --allow-principal User:bob --operation read --topic one`);
  await kafka(`acls ${b} --list`);
  await kafka(`acls ${b} --remove --force --allow-principal User:bob --operation read --topic one`);
  await kafka(`delegation-tokens ${b} --describe --command-config ${property}`);
  await kafka(`verifiable-producer ${b} --topic one --max-messages 20 --throughput 50`);
  await kafka(
    `verifiable-consumer ${b} --topic one --group-id verifiable --max-messages 20 --reset-policy earliest --group-instance-id static`,
    { timeoutMs: 15_000 },
  );
  await kafka(`topics ${b} --delete --topic compacted`);
  await kafka(`configs --bootstrap-controller ${controller} --describe --entity-type brokers --entity-name 1`);
}

async function kcatRuns(broker: string): Promise<void> {
  await kcat(`-L -b ${broker}`);
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    await kcat(`-P -b ${broker} -t kcat -z ${codec} -K :`, { input: lines(20) });
  }
  await kcat(`-P -b ${broker} -t kcat -X enable.idempotence=true -X acks=all`, { input: lines(3) });
  await kcat(`-P -b ${broker} -t kcat -X acks=0`, { input: lines(3) });
  await kcat(`-C -b ${broker} -t kcat -o beginning -e`);
  await kcat(`-Q -b ${broker} -t kcat:0:-1`);
  await kcat(`-b ${broker} -X auto.offset.reset=earliest -G kcat-group kcat`, { timeoutMs: 9000 });
  await kcat(`-b ${broker} -X auto.offset.reset=earliest -X group.instance.id=i1 -G kcat-static kcat`, {
    timeoutMs: 9000,
  });
}

async function kafkajsRuns(broker: string): Promise<void> {
  const { Kafka, logLevel } = await import('kafkajs');
  const kafkajs = new Kafka({ clientId: 'recorder', brokers: [broker], logLevel: logLevel.NOTHING });
  const quietly = async (what: Promise<unknown>) => what.catch((error) => process.stderr.write(`kafkajs: ${error}\n`));
  const admin = kafkajs.admin();
  await admin.connect();
  await quietly(admin.createTopics({ topics: [{ topic: 'js', numPartitions: 2 }], waitForLeaders: true }));
  await quietly(admin.fetchTopicMetadata({ topics: ['js'] }));
  await quietly(admin.createPartitions({ topicPartitions: [{ topic: 'js', count: 3 }] }));
  await quietly(admin.describeConfigs({ includeSynonyms: true, resources: [{ type: 2, name: 'js' }] }));
  await quietly(
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: 'js', configEntries: [{ name: 'retention.ms', value: '100000' }] }],
    }),
  );
  await quietly(admin.describeCluster());
  const producer = kafkajs.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await quietly(
    producer.send({ topic: 'js', messages: [{ key: 'k', value: 'v', headers: { h: 'x' } }, { value: null }] }),
  );
  await quietly(producer.send({ topic: 'js', compression: 1, messages: [{ value: 'zipped'.repeat(20) }] }));
  const consumer = kafkajs.consumer({ groupId: 'js-group' });
  await consumer.connect();
  await consumer.subscribe({ topic: 'js', fromBeginning: true });
  let seen = 0;
  await new Promise<void>((resolve) => {
    setTimeout(resolve, 15_000);
    void consumer.run({ eachMessage: async () => (++seen === 3 ? setTimeout(resolve, 4000) : undefined) as never });
  });
  await quietly(admin.describeGroups(['js-group']));
  await consumer.disconnect();
  await quietly(admin.listGroups());
  await quietly(admin.fetchOffsets({ groupId: 'js-group', topics: ['js'] }));
  await quietly(admin.fetchTopicOffsets('js'));
  await quietly(admin.setOffsets({ groupId: 'js-group', topic: 'js', partitions: [{ partition: 0, offset: '0' }] }));
  const transactional = kafkajs.producer({ transactionalId: 'js-tx', maxInFlightRequests: 1, idempotent: true });
  await transactional.connect();
  const transaction = await transactional.transaction();
  await quietly(transaction.send({ topic: 'js', messages: [{ value: 'in a transaction' }] }));
  await quietly(
    transaction.sendOffsets({
      consumerGroupId: 'js-group',
      topics: [{ topic: 'js', partitions: [{ partition: 0, offset: '1' }] }],
    }),
  );
  await quietly(transaction.commit());
  await quietly(admin.deleteTopicRecords({ topic: 'js', partitions: [{ partition: 0, offset: '1' }] }));
  await quietly(admin.describeAcls({ resourceType: 1, resourcePatternType: 1, operation: 1, permissionType: 1 }));
  await quietly(admin.deleteGroups(['js-group']));
  await quietly(admin.deleteTopics({ topics: ['js'] }));
  await Promise.all([producer.disconnect(), transactional.disconnect(), admin.disconnect()]);
}

// ----------------------------------------------------------------------------------------------------------- the node

async function withNode(use: (broker: string, controller: string) => Promise<void>): Promise<void> {
  const [brokerPort, controllerPort] = [await freePort(), await freePort()];
  const [brokerProxy, controllerProxy] = [await proxy(brokerPort), await proxy(controllerPort, 'node')];
  const properties = join(directory, 'server.properties');
  writeFileSync(
    properties,
    [
      'process.roles=broker,controller',
      'node.id=1',
      `listeners=PLAINTEXT://127.0.0.1:${brokerPort},CONTROLLER://127.0.0.1:${controllerPort}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${portOf(brokerProxy)},CONTROLLER://127.0.0.1:${portOf(controllerProxy)}`,
      'controller.listener.names=CONTROLLER',
      `controller.quorum.bootstrap.servers=127.0.0.1:${portOf(controllerProxy)}`,
      `log.dirs=${directory}/data`,
      'offsets.topic.replication.factor=1',
      'transaction.state.log.replication.factor=1',
      'transaction.state.log.min.isr=1',
      'share.coordinator.state.topic.replication.factor=1',
      'share.coordinator.state.topic.min.isr=1',
      'offsets.topic.num.partitions=2',
      'transaction.state.log.num.partitions=2',
      'share.coordinator.state.topic.num.partitions=2',
      'group.initial.rebalance.delay.ms=0',
      'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users=User:ANONYMOUS',
    ].join('\n'),
  );
  await kafka(`storage format -t 4L6g3nShT-eMCtK--X86sw -c ${properties} --standalone`);
  const node = startNode(properties);
  try {
    await waitForPort(brokerPort);
    await use(`127.0.0.1:${portOf(brokerProxy)}`, `127.0.0.1:${portOf(controllerProxy)}`);
  } finally {
    node.kill('SIGTERM');
    await new Promise((resolve) => node.on('close', resolve));
    brokerProxy.close();
    controllerProxy.close();
  }
}

function write(label: string): void {
  const rows = [...kept]
    .filter(([key]) => key.startsWith(`${label}\t`))
    .flatMap(([key, frames]) => frames.map((frame) => `${key.slice(label.length + 1)} ${frame.toString('hex')}\n`));
  if (rows.length > 0) writeFileSync(new URL(`${label}.txt`, OUTPUT), rows.sort().join(''));
  process.stderr.write(`${label}: ${rows.length} frames\n`);
}

try {
  await withNode(async (broker, controller) => {
    for (const [label, record] of [
      ['kcat', kcatRuns],
      ['kafkajs', kafkajsRuns],
      ['java', javaTools],
    ] as const) {
      client = label;
      if (only === undefined || only === label) await record(broker, controller);
    }
  });
  for (const label of ['kcat', 'kafkajs', 'java', 'node']) if (only === undefined || only === label) write(label);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);
