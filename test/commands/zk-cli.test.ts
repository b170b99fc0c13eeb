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
let server: string;
let broker: string;

beforeAll(async () => {
  const { node } = await home.start();
  const portOf = (listener: string) => node.listeners.find(({ name }) => name === listener)?.port;
  server = `127.0.0.1:${portOf('ZOOKEEPER')}`;
  broker = `127.0.0.1:${portOf('PLAINTEXT')}`;
  await runTool(['topics', '--bootstrap-server', broker, '--create', '--topic', 't', '--partitions', '2']);
});

afterAll(() => home.remove());

/** One command, as its words. */
async function zk(...words: readonly string[]) {
  const { stdout, stderr, exitCode } = await runTool(['zk-cli', '--', '-server', server, ...words], {
    manner: 'strict',
  });
  return { lines: stdout.trimEnd().split('\n'), said: stderr.trimEnd().split('\n').slice(2), exitCode };
}

/** Several lines, as they are typed. */
async function typed(...lines: readonly string[]) {
  const stdin = `${lines.join('\n')}\n`;
  const { stdout, stderr, exitCode } = await runTool(['zk-cli', '--', '-server', server], { manner: 'strict', stdin });
  return { lines: stdout.trimEnd().split('\n'), said: stderr.trimEnd().split('\n').slice(2), exitCode };
}

describe("ZooKeeper's shell", () => {
  it('shows the cluster as the tree that it was', async () => {
    const { lines } = await zk('ls', '-R', '/');
    expect(lines).toEqual(expect.arrayContaining(['/brokers/topics/t/partitions/1/state', '/config/topics/t']));
    expect(lines.slice(0, 4)).toEqual(['/', '/admin', '/admin/delete_topics', '/brokers']);
    expect((await zk('ls', '/brokers/topics')).lines).toEqual(['[t]']);
    expect((await zk('ls2', '/brokers/topics/t')).lines.at(-1)).toBe('numChildren = 1');
    const [state = ''] = (await zk('get', '/brokers/topics/t/partitions/1/state')).lines;
    expect(JSON.parse(state)).toMatchObject({ leader: 1, isr: [1], controller_epoch: expect.any(Number) });
    expect((await zk('get', '/brokers/ids/1')).lines[0]).toContain(`"endpoints":["PLAINTEXT://${broker}"]`);
  });

  it('says what it is in one line, wherever its output goes', async () => {
    const { stderr } = await runTool(['zk-cli', '--', '-server', server, 'ls', '/'], { manner: 'strict' });
    expect(stderr.match(/there is no ZooKeeper any more/g)).toHaveLength(1);
  });

  it("keeps people's own nodes, and their versions", async () => {
    const { lines, said } = await typed(
      'create /own "two words"',
      'create /own again',
      'create /own/below',
      'get /own',
      'set /own other 7',
      'set /own other 0',
      'delete -v 0 /own',
      'delete /own',
      'rmr /own',
      'get /own',
    );
    expect(lines).toEqual(['Created /own', 'Created /own/below', 'two words']);
    expect(said).toEqual([
      'Node already exists: /own',
      'version No is not valid : /own',
      'version No is not valid : /own',
      'Node not empty: /own',
      "The command 'rmr' has been deprecated. Please use 'deleteall' instead.",
      'Node does not exist: /own',
    ]);
  });

  it('takes what another program wrote into its topic for data', async () => {
    const topic = '__zookeeper_nodes';
    await zk('create', '/first', '1');
    const theirs = ['--topic', topic, '--property', 'parse.key=true', '--property', 'key.separator= '];
    await runTool(['console-producer', '--bootstrap-server', broker, ...theirs], { stdin: '/theirs some data\n' });
    expect((await zk('get', '/theirs')).lines).toEqual(['some data']);
    expect((await zk('get', '/first')).lines).toEqual(['1']);
  });

  it.each([
    [['deleteall', '/'], 'Node not empty: /'],
    [['create', '/a', 'two', 'words'], /^words does not have the form scheme:id:perm; .*quotes/],
    [['set', '/a', 'two', 'words'], /^'words' is no version: .*quotes/],
    [['set', '/controller', 'x'], /quorum elects its leader itself; zkServer.sh restart/],
    [['create', '/brokers/topics/new', '{}'], /kafka-topics.sh --create.*--topic new/],
    [['delete', '/brokers/ids/1'], /kafka-server-stop.sh/],
    [['create', '/admin/delete_topics/t', ''], /kafka-topics.sh --delete --topic t$/],
    [['set', '/config/users/me', '{}'], /kafka-configs.sh --alter --entity-type users --entity-name me/],
    [['rmr', '/consumers/g'], /kafka-consumer-groups.sh --delete --group g$/],
    [['getAcl', '/'], /kafka-acls.sh/],
    [['frob', '/'], 'Command not found: Command not found frob'],
    [['ls', 'brokers'], 'Invalid path string "brokers" caused by Path must start with / character'],
    [
      ['ls', '/kafka/brokers'],
      'Node does not exist: /kafka/brokers (a quorum holds one cluster, without a chroot: /brokers)',
    ],
  ])('refuses %j with what to do instead', async (words, message) => {
    const { said, exitCode } = await zk(...words);
    expect(said.at(-1)).toMatch(message);
    expect(exitCode).toBe(1);
  });

  it('deletes a topic', async () => {
    await runTool(['topics', '--bootstrap-server', broker, '--create', '--topic', 'gone']);
    expect(await zk('deleteall', '/brokers/topics/gone')).toMatchObject({ said: [], exitCode: 0 });
    expect((await zk('ls', '/brokers/topics')).lines).toEqual(['[t]']);
  });

  it('goes on behind a line that failed, up to quit', async () => {
    const { lines, said, exitCode } = await typed('ls /nowhere', '', 'ls /brokers/ids', 'history', 'quit', 'ls /');
    expect(lines).toEqual(['[1]', '0 - ls /nowhere', '1 - ls /brokers/ids', '2 - history']);
    expect(said).toEqual(['Node does not exist: /nowhere']);
    expect(exitCode).toBe(0);
  });

  it('says how to get an answer where nobody gives one', async () => {
    const nobody = await runTool(['zk-cli', '--', '-server', '127.0.0.1:1', 'ls', '/'], { manner: 'strict' });
    expect(nobody.stderr).toContain('no controller answers at 127.0.0.1:1\nzkServer.sh start runs one');
    expect(nobody.exitCode).toBe(1);
  });
});
