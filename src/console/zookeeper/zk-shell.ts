/**
 * The commands of ZooKeeper's shell over the tree of the cluster and the nodes that people keep for themselves. Each
 * gives the lines that it prints; what cannot be done is a ShellError in ZooKeeper's words, or with the command to use.
 */
import type { Admin } from '../../client/admin.ts';
import type { EnsembleView } from '../../network/ensemble-view.ts';
import { KafkaError } from '../../protocol/kafka-error.ts';
import type { Clock } from '../../runtime/runtime.ts';
import { clusterTree, isOfBrokers, isOfCluster } from './cluster-tree.ts';
import { readOwnNodes, writeOwnNodes } from './own-nodes.ts';
import { missingNode, refuseCluster, ShellError, unknownCommand } from './refusals.ts';
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

export interface ShellOptions {
  readonly clock: Clock;
  /** The cluster as it is now; `admin` is null while no broker runs. */
  readonly look: () => Promise<{ readonly view: EnsembleView; readonly admin: Admin | null }>;
}

interface Typed {
  readonly path: string;
  /** Behind the path. */
  readonly words: readonly string[];
  readonly flags: ReadonlySet<string>;
  /** -v; undefined where none is asked for. */
  readonly version: number | undefined;
}

interface ShellCommand {
  readonly usage: string;
  readonly run: (typed: Typed) => Promise<string[]>;
}

const NO_BROKER = () => new ShellError('no broker runs that could tell: start one with kafka-server-start.sh');
const DELETE_TOPIC = /^\/brokers\/topics\/([^/]+)$/;
const ACL = /^\w+:.*:[cdrwa]+$/;
/** Flags with a value; the time to live of a node is not kept. */
const WITH_VALUE: ReadonlySet<string> = new Set(['-v', '-t']);
const CREATE = 'create [-s] [-e] path [data]';
const DELETE = 'delete [-v version] path';
const SET = 'set [-s] [-v version] path data';

/** Commands of ZooKeeper's shell before 3.5, and what they are called since. */
export const DEPRECATED: ReadonlyMap<string, readonly string[]> = new Map([
  ['rmr', ['deleteall']],
  ['ls2', ['ls', '-s']],
]);

export class ZkShell {
  readonly #options: ShellOptions;
  readonly #commands: ReadonlyMap<string, ShellCommand>;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.#commands = new Map<string, ShellCommand>([
      ['create', { usage: CREATE, run: (typed) => this.#create(typed) }],
      ['delete', { usage: DELETE, run: (typed) => this.#delete(typed) }],
      ['deleteall', { usage: 'deleteall path', run: (typed) => this.#deleteAll(typed) }],
      ['get', { usage: 'get [-s] path', run: (typed) => this.#get(typed) }],
      ['ls', { usage: 'ls [-s] [-R] path', run: (typed) => this.#ls(typed) }],
      ['set', { usage: SET, run: (typed) => this.#set(typed) }],
      ['stat', { usage: 'stat path', run: (typed) => this.#stat(typed) }],
    ]);
  }

  get commandNames(): string[] {
    return [...this.#commands.keys(), ...DEPRECATED.keys(), 'help', 'history', 'quit'].sort();
  }

  help(server: string): string[] {
    const usages = [...this.#commands.values()].map(({ usage }) => `\t${usage}`);
    return [`ZooKeeper -server ${server} cmd args`, ...usages, '\thelp', '\thistory', '\tquit'];
  }

  /** The names below a path, for completion. */
  async names(path: string): Promise<string[]> {
    return childrenOf(await this.#tree(path), path);
  }

  /** The lines that one command prints. */
  async run(line: readonly string[]): Promise<string[]> {
    const [first = '', ...rest] = line;
    const [name = first, ...given] = DEPRECATED.get(first) ?? [];
    const command = this.#commands.get(name);
    if (command === undefined) throw unknownCommand(name);
    return command.run(typedWords([...given, ...rest], command.usage));
  }

  async #tree(path: string, deep = false): Promise<Tree> {
    const { view, admin } = await this.#options.look();
    if (admin === null && isOfBrokers({ path, deep })) throw NO_BROKER();
    const tree = await clusterTree(view, admin, { path, deep });
    if (admin === null || isOfCluster(path)) return tree;
    for (const [own, node] of await readOwnNodes(admin)) plant(tree, own, node);
    return tree;
  }

  async #node(path: string, deep = false): Promise<{ readonly tree: Tree; readonly node: Znode }> {
    const tree = await this.#tree(path, deep);
    const node = tree.get(path);
    if (node === undefined) throw missingNode(path);
    return { tree, node };
  }

  async #admin(): Promise<Admin> {
    const { admin } = await this.#options.look();
    if (admin === null) throw NO_BROKER();
    return admin;
  }

  async #ls({ path, flags }: Typed): Promise<string[]> {
    const { tree, node } = await this.#node(path, flags.has('R'));
    if (flags.has('R')) return withDescendants(tree, path);
    const names = `[${childrenOf(tree, path).join(', ')}]`;
    return flags.has('s') ? [names, ...statLines(tree, path, node)] : [names];
  }

  async #get({ path, flags }: Typed): Promise<string[]> {
    const { tree, node } = await this.#node(path);
    const data = node.data ?? 'null';
    return flags.has('s') ? [data, ...statLines(tree, path, node)] : [data];
  }

  async #stat({ path }: Typed): Promise<string[]> {
    const { tree, node } = await this.#node(path);
    return statLines(tree, path, node);
  }

  async #create({ path, words: [data, acl], flags }: Typed): Promise<string[]> {
    if (flags.has('e')) throw new ShellError('there are no ephemeral nodes: nobody keeps a session here');
    if (acl !== undefined && !ACL.test(acl)) {
      throw new ShellError(`${acl} does not have the form scheme:id:perm; data that holds blanks needs quotes`);
    }
    refuseCluster(path);
    const tree = await this.#tree(path);
    const whole = flags.has('s') ? numbered(tree, path) : path;
    if (tree.has(whole)) throw new ShellError(`Node already exists: ${whole}`);
    if (!tree.has(parentOf(whole))) throw new ShellError(`Node does not exist: ${whole}`);
    const now = this.#options.clock.nowMs();
    const node = { data: data ?? null, version: 0, createdMs: now, modifiedMs: now };
    await writeOwnNodes(await this.#admin(), [[whole, node]]);
    return [`Created ${whole}`];
  }

  async #set({ path, words: [data, old], flags, version }: Typed): Promise<string[]> {
    if (data === undefined) throw new ShellError(SET);
    refuseCluster(path);
    const asked = version ?? oldVersion(old, SET);
    const { tree, node } = await this.#node(path);
    checkVersion(node, path, asked);
    const changed = { ...node, data, version: node.version + 1, modifiedMs: this.#options.clock.nowMs() };
    await writeOwnNodes(await this.#admin(), [[path, changed]]);
    return flags.has('s') ? statLines(tree, path, changed) : [];
  }

  async #delete({ path, words: [old], version }: Typed): Promise<string[]> {
    refuseCluster(path);
    const asked = version ?? oldVersion(old, DELETE);
    const { tree, node } = await this.#node(path);
    checkVersion(node, path, asked);
    if (path === ROOT || childrenOf(tree, path).length > 0) throw new ShellError(`Node not empty: ${path}`);
    await writeOwnNodes(await this.#admin(), [[path, null]]);
    return [];
  }

  async #deleteAll({ path }: Typed): Promise<string[]> {
    // Everything below it would go, the cluster's part too.
    if (path === ROOT) throw new ShellError(`Node not empty: ${path}`);
    const topic = DELETE_TOPIC.exec(path)?.[1];
    if (topic === undefined) refuseCluster(path);
    const { tree } = await this.#node(path, true);
    const admin = await this.#admin();
    if (topic !== undefined) {
      const refused = (await admin.deleteTopics([topic])).get(topic);
      if (refused instanceof KafkaError) throw new ShellError(refused.message);
      return [];
    }
    await writeOwnNodes(
      admin,
      withDescendants(tree, path).map((one) => [one, null] as const),
    );
    return [];
  }
}

function typedWords(typed: readonly string[], usage: string): Typed {
  const words: string[] = [];
  const flags = new Set<string>();
  let version: number | undefined;
  for (let at = 0; at < typed.length; at++) {
    const word = typed[at] as string;
    if (!/^-[a-zA-Z]$/.test(word)) {
      words.push(word);
      continue;
    }
    flags.add(word.slice(1));
    const value = WITH_VALUE.has(word) ? typed[++at] : undefined;
    if (word === '-v') version = oldVersion(value ?? '', usage);
  }
  const [path, ...rest] = words;
  if (path === undefined) throw new ShellError(usage);
  const fault = pathFault(path);
  if (fault !== null) throw new ShellError(`Invalid path string "${path}" caused by ${fault}`);
  return { path, words: rest, flags, version };
}

/** `set path data version`: before 3.5 the version stood last. A word that is none is data that was not quoted. */
function oldVersion(word: string | undefined, usage: string): number | undefined {
  if (word === undefined) return undefined;
  if (/^-?\d+$/.test(word)) return Number(word);
  throw new ShellError(`'${word}' is no version: ${usage}, with quotes around data that holds blanks`);
}

function checkVersion(node: Znode, path: string, asked = -1): void {
  if (asked >= 0 && asked !== node.version) throw new ShellError(`version No is not valid : ${path}`);
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

/**
 * What may follow what was typed so far: names of commands, and paths. A path ends without a slash, which no command
 * takes; one that is whole already goes on below itself.
 */
export async function completions(shell: ZkShell, line: string): Promise<string[]> {
  const words = line.trimStart().split(/\s+/);
  const typed = words.at(-1) as string;
  if (words.length === 1) return shell.commandNames.filter((name) => name.startsWith(typed)).map((name) => `${name} `);
  if (!typed.startsWith('/')) return [];
  const parent = parentOf(typed);
  const beginning = typed.slice(typed.lastIndexOf('/') + 1);
  const names = await shell.names(parent).catch(() => []);
  const found = names.filter((name) => name.startsWith(beginning)).map((name) => childPath(parent, name));
  if (found.length !== 1 || found[0] !== typed) return found;
  return (await shell.names(typed).catch(() => [])).length > 0 ? [`${typed}/`] : found;
}
