import { describe, expect, it } from 'vitest';
import { ktsNodes, ktsProcesses } from '../../../src/console/nodes/kts-processes.ts';

const process = (line: string, pid = 1) => ({ pid, words: line.split(' ') });

describe('processes of kts', () => {
  it.each([
    ['java /opt/kts/bin/kts.js kafka.Kafka a.properties', 'server-start', ['a.properties']],
    ['/opt/kafka/bin/.kts/java /opt/kts/bin/kts.js kafka.Kafka a b', 'server-start', ['a', 'b']],
    ['/usr/bin/node /usr/local/bin/kts server-start', 'server-start', []],
    ['node --max-old-space-size=100 -r ./x.js bin/kts.js server-start a', 'server-start', ['a']],
    ['node bin/kts.js kafka.tools.ConsoleConsumer --topic t', 'console-consumer', ['--topic', 't']],
  ])('%s', (line, tool, words) => {
    expect(ktsProcesses([process(line, 7)])).toEqual([{ pid: 7, tool, words }]);
  });

  it.each([
    "a real broker's JVM: java -cp /opt/kafka/libs/* kafka.Kafka a.properties",
    'a shell that starts one: sh -c node /opt/kts/bin/kts.js server-start',
    'somebody who looks for one: grep kts.js kafka.Kafka',
    'another script with such words: node lint.js kts.js server-start',
    'what only starts a node in the background: node kts.js server-start -daemon a.properties',
    'kts itself, listing: node kts.js jps --',
    'kts without words: node kts.js',
    'the name alone: kts',
  ])('not %s', (text) => {
    expect(ktsProcesses([process(text.slice(text.indexOf(': ') + 2))])).toEqual([]);
  });

  it('are nodes or clients', () => {
    const all = [process('node kts.js console-producer', 1), process('java kts.js kafka.Kafka a', 2)];
    expect(ktsNodes(all).map(({ pid }) => pid)).toEqual([2]);
  });
});
