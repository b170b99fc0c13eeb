/** Options that Kafka's tools had once: rewritten, or answered with the command of today. */
import { describe, expect, it } from 'vitest';
import { hasZookeeper, modernWords, withoutZookeeper } from '../../src/console/old-habits.ts';
import { aclsTable } from '../../src/console/options/acls.ts';
import { consoleConsumerTable } from '../../src/console/options/console-consumer.ts';
import { consoleProducerTable } from '../../src/console/options/console-producer.ts';
import { topicsTable } from '../../src/console/options/topics.ts';

describe('old options', () => {
  it('are written anew, with a hint each', () => {
    const words = ['--broker-list=h:1', '--topic', 't', '--new-producer'];
    const modern = modernWords(consoleProducerTable, words, false);
    expect(modern?.argv).toEqual(['--bootstrap-server', 'h:1', '--topic', 't']);
    expect(modern?.hints).toHaveLength(2);
  });

  it('know what a list of topics meant', () => {
    expect(modernWords(consoleConsumerTable, ['--whitelist', 'a.*'], false)?.argv).toEqual(['--include', 'a.*']);
    const [, pattern = ''] = modernWords(consoleConsumerTable, ['--blacklist', 'a|b'], false)?.argv ?? [];
    const matches = (name: string) => new RegExp(`^(?:${pattern})$`).test(name);
    expect([matches('a'), matches('b'), matches('c'), matches('ab')]).toEqual([false, false, true, true]);
  });

  it('are two in the strict manner', () => {
    expect(modernWords(consoleConsumerTable, ['--whitelist', 'a'], true)).toBeUndefined();
    expect(modernWords(topicsTable, ['--list', '--broker-list', 'h:1'], true)?.argv).toEqual([
      '--list',
      '--bootstrap-server',
      'h:1',
    ]);
  });

  it('leave other unknown options alone', () => {
    expect(modernWords(topicsTable, ['--frob', 'x'], false)).toBeUndefined();
  });
});

describe('--zookeeper', () => {
  it.each([
    [['--zookeeper', 'zk1:2181,zk2:2181/kafka', '--list'], 'kts topics --list --bootstrap-server zk1:9092,zk2:9092'],
    [['--create', '--topic', 'a b', '--zookeeper=zk'], "kts topics --create --topic 'a b' --bootstrap-server zk:9092"],
    [['--zookeeper', 'zk', '--bootstrap-server', 'h:1', '--list'], 'kts topics --bootstrap-server h:1 --list'],
    [
      ['--zookeeper', 'zk', '--alter', '--add-config', 'a=1,SCRAM-SHA-256=[iterations=8192,password=hush]'],
      "kts topics --alter --add-config 'a=1,SCRAM-SHA-256=[hidden]' --bootstrap-server zk:9092",
    ],
  ])('%j', (argv, today) => {
    expect(withoutZookeeper('kts topics', argv)).toBe(today);
  });
});

describe('an authorizer of ZooKeeper’s years', () => {
  const old = ['--authorizer', 'kafka.security.auth.SimpleAclAuthorizer', '--list'];

  it('is left out where the brokers are named', () => {
    const words = [...old, '--bootstrap-server', 'h:1'];
    expect(modernWords(aclsTable, words, true)?.argv).toEqual(['--list', '--bootstrap-server', 'h:1']);
    expect(modernWords(aclsTable, old, true)).toBeUndefined();
    expect(modernWords(aclsTable, old, false)?.argv).toEqual(['--list']);
  });

  it('names a ZooKeeper by its properties', () => {
    const words = [...old, '--authorizer-properties', 'zookeeper.connect=zk:2181/kafka'];
    expect(hasZookeeper(words)).toBe(true);
    expect(hasZookeeper(['--authorizer-properties=zookeeper.connect=zk'])).toBe(true);
    expect(hasZookeeper([...old, '--authorizer-properties', 'a=b'])).toBe(false);
    expect(withoutZookeeper('kts acls', words)).toBe('kts acls --list --bootstrap-server zk:9092');
  });
});
