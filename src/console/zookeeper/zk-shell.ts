/**
 * The commands of ZooKeeper's shell over the tree of the cluster and the nodes that people keep for themselves. Each
 * gives the lines that it prints; what cannot be done is a ShellError in ZooKeeper's words, or with the command to use.
 */
import type { Admin } from '../../client/admin.ts';
import type { EnsembleView } from '../../network/ensemble-view.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { Clock } from '../../runtime/runtime.ts';
import { clusterTree, isOfCluster } from './cluster-tree.ts';
import { readOwnNodes, writeOwnNodes } from './own-nodes.ts';
import {
  childPath,
  childrenOf,
  parentOf,
  pathFault,
  plant,
  ROOT,
  type Tree,
  withDescendants,
  type Znode,
} from './znode.ts';

/** A command that was refused; its message is for the person who typed it. */
export class ShellError extends Error {
  override readonly name = 'ShellError';
}

export interface ShellOptions {
  readonly clock: Clock;
  /** The cluster as it is now; `admin` is null while no broker runs. */
  readonly look: () => Promise<{ readonly view: EnsembleView; readonly admin: Admin | null }>;
}

type Run = (words: readonly string[], flags: ReadonlySet<string>) => Promise<string[]>;

interface ShellCommand {
  readonly usage: string;
  readonly run: Run;
}

const DELETE_TOPIC = /^\/brokers\/topics\/([^/]+)$/;

export class ZkShell {
  readonly #options: ShellOptions;
  readonly #commands: ReadonlyMap<string, ShellCommand>;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.#commands = new Map<string, ShellCommand>([
      ['create', { usage: 'create [-s] [-e] path [data]', run: (words, flags) => this.#create(words, flags) }],
      ['delete', { usage: 'delete [-v version] path', run: (words) => this.#delete(words) }],
      ['deleteall', { usage: 'deleteall path', run: (words) => this.#deleteAll(words) }],
      ['get', { usage: 'get [-s] path', run: (words, flags) => this.#get(words, flags) }],
      ['ls', { usage: 'ls [-s] [-R] path', run: (words, flags) => this.#ls(words, flags) }],
      ['rmr', { usage: 'rmr path', run: (words) => this.#deleteAll(words) }],
      ['set', { usage: 'set [-s] [-v version] path data', run: (words, flags) => this.#set(words, flags) }],
      ['stat', { usage: 'stat path', run: (words) => this.#stat(words) }],
    ]);
  }

  get commandNames(): string[] {
    return [...this.#commands.keys(), 'help', 'history', 'quit'].sort();
  }

  help(server: string): string[] {
    const usages = [...this.#commands.values()].map(({ usage }) => `\t${usage}`);
    return [`ZooKeeper -server ${server} cmd args`, ...usages, '\thelp', '\thistory', '\tquit'];
  }

  /** The names below a path, for completion. */
  async names(path: string): Promise<string[]> {
    return childrenOf(await this.#tree(), path);
  }

  /** The lines that one command prints. */
  async run(line: readonly string[]): Promise<string[]> {
    const [name = '', ...rest] = line;
    const command = this.#commands.get(name);
    if (command === undefined) throw new ShellError(`Command not found: Command not found ${name}`);
    const words: string[] = [];
    const flags = new Set<string>();
    for (let at = 0; at < rest.length; at++) {
      const word = rest[at] as string;
      if (!/^-[a-zA-Z]$/.test(word)) words.push(word);
      else flags.add(word === '-v' ? `v${rest[++at] ?? ''}` : word.slice(1));
    }
    const [path] = words;
    if (path === undefined) throw new ShellError(command.usage);
    const fault = pathFault(path);
    if (fault !== null) throw new ShellError(`Invalid path string "${path}" caused by ${fault}`);
    return command.run(words, flags);
  }

  async #tree(): Promise<Tree> {
    const { view, admin } = await this.#options.look();
    const tree = await clusterTree(view, admin);
    if (admin !== null) for (const [path, node] of await readOwnNodes(admin)) plant(tree, path, node);
    return tree;
  }

  async #node(path: string): Promise<{ readonly tree: Tree; readonly node: Znode }> {
    const tree = await this.#tree();
    const node = tree.get(path);
    if (node === undefined) throw new ShellError(`Node does not exist: ${path}`);
    return { tree, node };
  }

  async #admin(): Promise<Admin> {
    const { admin } = await this.#options.look();
    if (admin === null) throw new ShellError('no broker runs that could do it: start one first');
    return admin;
  }

  async #ls([path = ROOT]: readonly string[], flags: ReadonlySet<string>): Promise<string[]> {
    const { tree, node } = await this.#node(path);
    if (flags.has('R')) return withDescendants(tree, path);
    const names = `[${childrenOf(tree, path).join(', ')}]`;
    return flags.has('s') ? [names, ...statLines(tree, path, node)] : [names];
  }

  async #get([path = ROOT]: readonly string[], flags: ReadonlySet<string>): Promise<string[]> {
    const { tree, node } = await this.#node(path);
    const data = node.data ?? 'null';
    return flags.has('s') ? [data, ...statLines(tree, path, node)] : [data];
  }

  async #stat([path = ROOT]: readonly string[]): Promise<string[]> {
    const { tree, node } = await this.#node(path);
    return statLines(tree, path, node);
  }

  async #create([path = ROOT, data]: readonly string[], flags: ReadonlySet<string>): Promise<string[]> {
    if (flags.has('e')) throw new ShellError('there are no ephemeral nodes: nobody keeps a session here');
    refuseCluster(path);
    const tree = await this.#tree();
    const whole = flags.has('s') ? numbered(tree, path) : path;
    if (tree.has(whole)) throw new ShellError(`Node already exists: ${whole}`);
    if (!tree.has(parentOf(whole))) throw new ShellError(`Node does not exist: ${whole}`);
    const now = this.#options.clock.nowMs();
    const node = { data: data ?? null, version: 0, createdMs: now, modifiedMs: now };
    await writeOwnNodes(await this.#admin(), [[whole, node]]);
    return [`Created ${whole}`];
  }

  async #set([path = ROOT, data]: readonly string[], flags: ReadonlySet<string>): Promise<string[]> {
    if (data === undefined) throw new ShellError('set [-s] [-v version] path data');
    refuseCluster(path);
    const { tree, node } = await this.#node(path);
    const asked = [...flags].find((flag) => flag.startsWith('v'))?.slice(1);
    if (asked !== undefined && Number(asked) >= 0 && Number(asked) !== node.version) {
      throw new ShellError(`version No is not valid : ${path}`);
    }
    const changed = { ...node, data, version: node.version + 1, modifiedMs: this.#options.clock.nowMs() };
    await writeOwnNodes(await this.#admin(), [[path, changed]]);
    return flags.has('s') ? statLines(tree, path, changed) : [];
  }

  async #delete([path = ROOT]: readonly string[]): Promise<string[]> {
    const { tree } = await this.#node(path);
    if (childrenOf(tree, path).length > 0) throw new ShellError(`Node not empty: ${path}`);
    refuseCluster(path);
    await writeOwnNodes(await this.#admin(), [[path, null]]);
    return [];
  }

  async #deleteAll([path = ROOT]: readonly string[]): Promise<string[]> {
    const { tree } = await this.#node(path);
    const topic = DELETE_TOPIC.exec(path)?.[1];
    const admin = await this.#admin();
    if (topic !== undefined) {
      const refused = (await admin.deleteTopics([topic])).get(topic);
      if (refused instanceof KafkaError) throw new ShellError(refused.message);
      return [];
    }
    refuseCluster(path);
    await writeOwnNodes(
      admin,
      withDescendants(tree, path).map((one) => [one, null] as const),
    );
    return [];
  }
}

/** What the cluster keeps is changed by its own commands. */
function refuseCluster(path: string): void {
  if (path === ROOT || !isOfCluster(path)) return;
  throw new ShellError(`${path} is kept by the cluster itself: ${commandFor(path)}`);
}

function commandFor(path: string): string {
  const [, root, kind, name = 'NAME'] = path.split('/');
  if (root === 'brokers' && kind === 'topics') {
    return `use kafka-topics.sh --create|--alter|--delete --topic ${name}, or deleteall /brokers/topics/${name}`;
  }
  if (root === 'config') {
    const type = kind ?? 'topics';
    return `use kafka-configs.sh --alter --entity-type ${type} --entity-name ${name} --add-config KEY=VALUE`;
  }
  if (root === 'admin' && kind === 'reassign_partitions') return 'use kafka-reassign-partitions.sh --execute';
  if (root === 'admin' && kind === 'preferred_replica_election') return 'use kafka-leader-election.sh';
  if (root === 'admin') return 'use kafka-topics.sh --delete';
  if (root === 'controller') return 'the quorum elects its leader itself; stop the node that leads to have another';
  return 'it cannot be written';
}

/** `create -s` numbers the nodes of one parent. */
function numbered(tree: Tree, path: string): string {
  const used = childrenOf(tree, parentOf(path)).map((name) => Number(/(\d{10})$/.exec(name)?.[1] ?? -1));
  return `${path}${String(Math.max(-1, ...used) + 1).padStart(10, '0')}`;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** As Java prints a Date, in UTC. */
function dateText(ms: number): string {
  const date = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const day = `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${two(date.getUTCDate())}`;
  return `${day} ${time} UTC ${date.getUTCFullYear()}`;
}

/** Transaction numbers are ZooKeeper's own and have no meaning here. */
function statLines(tree: Tree, path: string, node: Znode): string[] {
  const children = childrenOf(tree, path).length;
  return [
    'cZxid = 0x0',
    `ctime = ${dateText(node.createdMs)}`,
    'mZxid = 0x0',
    `mtime = ${dateText(node.modifiedMs)}`,
    'pZxid = 0x0',
    `cversion = ${children}`,
    `dataVersion = ${node.version}`,
    'aclVersion = 0',
    'ephemeralOwner = 0x0',
    `dataLength = ${Buffer.byteLength(node.data ?? '')}`,
    `numChildren = ${children}`,
  ];
}

/** The words of one line, as the shell takes them apart: blanks divide, quotes hold together. */
export function wordsOf(line: string): string[] {
  const words = line.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return words.map((word) => word.replace(/^(["'])(.*)\1$/s, '$2'));
}

/** What may follow what was typed so far: names of commands, and paths. */
export async function completions(shell: ZkShell, line: string): Promise<string[]> {
  const words = line.split(' ');
  if (words.length === 1) return shell.commandNames.filter((name) => name.startsWith(line));
  const typed = words.at(-1) as string;
  if (!typed.startsWith('/')) return [];
  const parent = parentOf(typed);
  const beginning = typed.slice(typed.lastIndexOf('/') + 1);
  const names = await shell.names(parent).catch(() => []);
  return names.filter((name) => name.startsWith(beginning)).map((name) => childPath(parent, name));
}
