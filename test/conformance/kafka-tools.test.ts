/** Apache Kafka's own tools against the node: what they print is what they print against Apache Kafka. */
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Home, makeHome, type RunningNode, startNode } from './support/node.ts';
import { KAFKA_JARS, kafka, kafkaOk } from './support/tools.ts';

describe.skipIf(KAFKA_JARS === undefined)("Kafka's own tools", () => {
  let home: Home;
  let node: RunningNode;
  const run = (tool: string, args: readonly string[], input?: string) =>
    kafkaOk(tool, ['--bootstrap-server', home.bootstrap, ...args], input);

  beforeAll(async () => {
    home = await makeHome();
    node = await startNode(home);
  });

  afterAll(async () => {
    await node?.stop();
    home?.remove();
  });

  it('topics: create, describe, alter, list, delete', async () => {
    expect(await run('topics', ['--create', '--topic', 'a', '--partitions', '2'])).toBe('Created topic a.\n');
    const twice = await kafka('topics', ['--bootstrap-server', home.bootstrap, '--create', '--topic', 'a']);
    expect([twice.code, twice.stdout]).toEqual([1, expect.stringContaining("Topic 'a' already exists.")]);
    await run('topics', ['--alter', '--topic', 'a', '--partitions', '3']);
    const described = await run('topics', ['--describe', '--topic', 'a']);
    expect(described).toMatch(/^Topic: a\tTopicId: \S{22}\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: \S*\n/);
    expect(described).toContain('\tTopic: a\tPartition: 2\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: \n');
    await run('topics', ['--create', '--topic', 'gone']);
    expect((await run('topics', ['--list'])).split('\n')).toEqual(expect.arrayContaining(['a', 'gone']));
    await run('topics', ['--delete', '--topic', 'gone']);
    expect((await run('topics', ['--list'])).split('\n')).not.toContain('gone');
  });

  it('configs: a topic, the broker', async () => {
    await run('topics', ['--create', '--topic', 'configured']);
    const entity = ['--entity-type', 'topics', '--entity-name', 'configured'];
    await run('configs', ['--alter', ...entity, '--add-config', 'retention.ms=1000']);
    expect(await run('configs', ['--describe', ...entity])).toContain('retention.ms=1000 sensitive=false synonyms=');
    await run('configs', ['--alter', ...entity, '--delete-config', 'retention.ms']);
    expect(await run('configs', ['--describe', ...entity])).not.toContain('retention.ms');
    const bad = await kafka('configs', [
      ...['--bootstrap-server', home.bootstrap, '--alter', ...entity],
      ...['--add-config', 'retention.ms=abc'],
    ]);
    expect(bad.code).toBe(1);
    expect(`${bad.stdout}${bad.stderr}`).toContain('retention.ms');
  });

  it('console tools with a group, and what consumer-groups tells of it', async () => {
    await run('topics', ['--create', '--topic', 'console']);
    await run(
      'console-producer',
      ['--topic', 'console', '--reader-property', 'parse.key=true'],
      'k1\tone\nk2\ttwo\nk3\tthree\n',
    );
    const read = await run('console-consumer', [
      ...['--topic', 'console', '--group', 'readers', '--from-beginning', '--max-messages', '3'],
      ...['--formatter-property', 'print.key=true', '--timeout-ms', '30000'],
    ]);
    expect(read).toBe('k1\tone\nk2\ttwo\nk3\tthree\n');
    expect(await run('consumer-groups', ['--list'])).toContain('readers');
    const described = await run('consumer-groups', ['--describe', '--group', 'readers']);
    expect(described).toMatch(/^readers +console +0 +3 +3 +0 +- +- +-/m);
    const reset = ['--reset-offsets', '--group', 'readers', '--topic', 'console', '--to-offset', '1', '--execute'];
    expect(await run('consumer-groups', reset)).toMatch(/^readers +console +0 +1/m);
    expect(await run('consumer-groups', ['--describe', '--group', 'readers', '--state'])).toMatch(/Empty +0/);
    const deleted = await run('consumer-groups', ['--delete', '--group', 'readers']);
    expect(deleted).toContain("Deletion of requested consumer groups ('readers') was successful.");
  });

  it('offsets, deleted records, log directories', async () => {
    await run('topics', ['--create', '--topic', 'trimmed']);
    await run('console-producer', ['--topic', 'trimmed'], '1\n2\n3\n4\n');
    expect(await run('get-offsets', ['--topic', 'trimmed'])).toBe('trimmed:0:4\n');
    const file = `${home.properties}.json`;
    fs.writeFileSync(file, '{"partitions":[{"topic":"trimmed","partition":0,"offset":2}],"version":1}');
    expect(await run('delete-records', ['--offset-json-file', file])).toContain(
      'partition: trimmed-0\tlow_watermark: 2',
    );
    expect(await run('get-offsets', ['--topic', 'trimmed', '--time', 'earliest'])).toBe('trimmed:0:2\n');
    const dirs = await run('log-dirs', ['--describe', '--topic-list', 'trimmed']);
    expect(dirs).toContain('"partition":"trimmed-0"');
  });

  it('the quorum, the features, the versions', async () => {
    expect(await run('metadata-quorum', ['describe', '--status'])).toMatch(/^LeaderId: +1$/m);
    const byController = await kafkaOk('metadata-quorum', [
      ...['--bootstrap-controller', home.controller, 'describe', '--replication'],
    ]);
    expect(byController).toMatch(/^1 +\t.*\tLeader/m);
    expect(await run('features', ['describe'])).toMatch(
      /Feature: metadata\.version\s.*FinalizedVersionLevel: 4\.3-IV0/,
    );
    const versions = await run('broker-api-versions', []);
    expect(versions).toMatch(/\tProduce\(0\): 0 to 13 \[usable: 13\]/);
    expect(versions).toMatch(/\tFetch\(1\): 4 to 18 \[usable: 18\]/);
  });

  it('an idempotent producer with acks=all, read back by the perf consumer', async () => {
    await run('topics', ['--create', '--topic', 'perf', '--partitions', '2']);
    const produced = await kafkaOk('producer-perf-test', [
      ...['--topic', 'perf', '--num-records', '20000', '--record-size', '100', '--throughput', '-1'],
      ...['--bootstrap-server', home.bootstrap, '--command-property', 'acks=all'],
    ]);
    expect(produced).toMatch(/^20000 records sent/m);
    const consumed = await run('consumer-perf-test', ['--topic', 'perf', '--num-records', '20000']);
    expect(consumed).toMatch(/, 20000, /);
  });
});
