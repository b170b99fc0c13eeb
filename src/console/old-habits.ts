/**
 * Options that Kafka's tools had once. Loaded only when the parser met an option that it does not know: the words are
 * written anew where today's option means the same, with one hint, and refused with the command to type where it does not.
 */
import { EXIT } from '../base/kts-error.ts';
import type { HostAndPort } from '../config/quorum-voters.ts';
import { addressWords, parseZookeeperConnect } from '../config/zookeeper-config.ts';
import { ensembleView } from '../network/ensemble-view.ts';
import type { CommandContext } from './command.ts';
import { CommandError, usageError } from './command-error.ts';
import { shownWords } from './configs/secrets.ts';
import type { ToolTable } from './options/table.ts';
import { plainName } from './parser/parsed-options.ts';
import type { OldConfigs } from './topics/old-configs.ts';

interface Habit {
  readonly arg: boolean;
  /** Today's option; undefined: it is the only way now, and nothing need be said. */
  readonly now?: string;
  /** Another value for it. */
  readonly value?: (old: string) => string;
  /** The strict manner takes it too; or does where the brokers are named, without which it would help nobody. */
  readonly strict?: boolean | 'with brokers';
  readonly hint: string;
}

const HABITS: Readonly<Record<string, Habit>> = {
  'broker-list': {
    arg: true,
    now: 'bootstrap-server',
    strict: true,
    hint: '--broker-list is the old name of --bootstrap-server',
  },
  'new-consumer': { arg: false, strict: true, hint: '--new-consumer is not needed any more: there is no other' },
  'new-producer': { arg: false, hint: '--new-producer is not needed any more: there is no other' },
  whitelist: { arg: true, now: 'include', hint: '--whitelist is the old name of --include' },
  blacklist: {
    arg: true,
    now: 'include',
    value: (pattern) => `(?!(?:${pattern})$).*`,
    hint: '--blacklist is gone; all other topics are meant, as --include says with (?!…)',
  },
  force: { arg: false, hint: '--force is not needed any more' },
  authorizer: {
    arg: true,
    strict: 'with brokers',
    hint: '--authorizer is not needed any more: the brokers know theirs',
  },
  'authorizer-properties': {
    arg: true,
    strict: 'with brokers',
    hint: '--authorizer-properties are not needed any more: the brokers have them',
  },
  'disable-rack-aware': { arg: false, hint: '--disable-rack-aware is not needed any more' },
};

const ZOOKEEPER = 'zookeeper';
/** Options of kafka-acls that went with ZooKeeper, and the property that named it. */
const AUTHORIZER_OPTIONS = ['authorizer', 'authorizer-properties'];
const ZOOKEEPER_PROPERTY = /^zookeeper\.connect=(.*)$/s;
const BROKER_PORT = 9092;

interface Token {
  readonly name: string;
  readonly attached: string | undefined;
}

function tokenOf(word: string): Token | undefined {
  if (!word.startsWith('-') || word === '-' || word === '--') return undefined;
  const equals = word.indexOf('=');
  return equals < 0
    ? { name: plainName(word), attached: undefined }
    : { name: plainName(word.slice(0, equals)), attached: word.slice(equals + 1) };
}

export interface ModernWords {
  readonly argv: readonly string[];
  readonly hints: readonly string[];
  /** What the tool does no more with these words, and is done beside it. */
  readonly configs?: OldConfigs;
}

function knows(table: ToolTable, name: string): boolean {
  return table.options.some((row) => row.names.some((known) => plainName(known) === name));
}

/** Undefined when none of the words is an old habit. */
export function modernWords(table: ToolTable, argv: readonly string[], strict: boolean): ModernWords | undefined {
  const words: string[] = [];
  const hints: string[] = [];
  const hasBrokers = argv.some((word) => tokenOf(word)?.name === 'bootstrap-server');
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] as string;
    const token = tokenOf(word);
    const habit = token !== undefined && Object.hasOwn(HABITS, token.name) ? HABITS[token.name] : undefined;
    const usable =
      habit !== undefined &&
      (!strict || habit.strict === true || (hasBrokers && habit.strict)) &&
      (habit.now === undefined || knows(table, habit.now));
    if (token === undefined || habit === undefined || !usable || knows(table, token.name)) {
      words.push(word);
      continue;
    }
    hints.push(habit.hint);
    if (!habit.arg) continue;
    const value = token.attached ?? argv[++at];
    if (value !== undefined && habit.now !== undefined) words.push(`--${habit.now}`, habit.value?.(value) ?? value);
  }
  return hints.length === 0 ? undefined : { argv: words, hints };
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** `zk1:2181,zk2:2181/kafka`: the brokers may well run on the same machines. */
function brokersOf(zookeeper: string): string {
  const hosts = zookeeper.replace(/\/.*$/, '').split(',');
  return hosts.map((host) => `${host.trim().replace(/:\d+$/, '')}:${BROKER_PORT}`).join(',');
}

/** The same command as it is typed today, without the passwords in it: it is printed. */
export function withoutZookeeper(command: string, argv: readonly string[]): string {
  const { words, zookeeper } = cutZookeeper(argv);
  const given = words.some((word) => tokenOf(word)?.name === 'bootstrap-server');
  const line = [...words, ...(given ? [] : ['--bootstrap-server', brokersOf(zookeeper)])];
  return `${command} ${shownWords(line).map(quoted).join(' ')}`;
}

/**
 * The same command with the brokers that the controllers in ZooKeeper's place name; undefined where none answers. What
 * was typed for a ZooKeeper may hold other options of that time too.
 */
export async function throughEnsemble(
  table: ToolTable,
  argv: readonly string[],
  { runtime, env }: Pick<CommandContext, 'runtime' | 'env'>,
): Promise<ModernWords | undefined> {
  const { words, zookeeper } = cutZookeeper(argv);
  const hints: string[] = [];
  // Where a tool knows --broker-list, these are brokers to choose from, not their addresses.
  const addresses = ['bootstrap-server', ...(knows(table, 'broker-list') ? [] : ['broker-list'])];
  if (words.some((word) => addresses.includes(tokenOf(word)?.name ?? ''))) {
    hints.push('--zookeeper is not needed any more: the brokers are named');
  } else {
    const { servers } = parseZookeeperConnect(zookeeper);
    const view = await ensembleView([...servers, ...ownContainer(servers, env)], runtime);
    if (view === null) return undefined;
    if (view.brokers.length === 0) {
      throw new CommandError(`the controller at ${addressWords(servers)} knows no broker that runs`, {
        stage: 'run',
        exitCode: EXIT.unreachable,
        hint: 'start one: kafka-server-start.sh server.properties',
      });
    }
    const brokers = addressWords(view.brokers);
    words.push('--bootstrap-server', brokers);
    hints.push(`--zookeeper: the controller at ${addressWords(servers)} names the brokers ${brokers}`);
  }
  const modern = modernWords(table, words, false) ?? { argv: words, hints: [] };
  const isAltered = table.name === 'topics' && words.some((word) => tokenOf(word)?.name === 'alter');
  const { configs, argv: rest } = isAltered ? cutConfigs(modern.argv) : { configs: undefined, argv: modern.argv };
  if (configs !== undefined)
    hints.push('topics --alter --config is kafka-configs.sh --alter --entity-type topics today');
  return { argv: rest, hints: [...hints, ...modern.hints], ...(configs === undefined ? {} : { configs }) };
}

/** Only who typed --zookeeper gets here: with --bootstrap-server Kafka's tool always refused it. */
function cutConfigs(argv: readonly string[]): { readonly argv: readonly string[]; readonly configs?: OldConfigs } {
  const found = new Map<string, string[]>([
    ['config', []],
    ['delete-config', []],
  ]);
  const words: string[] = [];
  const behind = (name: string) => words[words.indexOf(`--${name}`) + 1];
  for (let at = 0; at < argv.length; at++) {
    const token = tokenOf(argv[at] as string);
    const values = found.get(token?.name ?? '');
    if (values === undefined && token?.attached === undefined) words.push(argv[at] as string);
    else if (values === undefined) words.push(`--${token?.name}`, token?.attached as string);
    else values.push(token?.attached ?? argv[++at] ?? '');
  }
  const [set = [], remove = []] = found.values();
  if (set.length + remove.length === 0) return { argv };
  const topic = words.includes('--topic') ? behind('topic') : undefined;
  return { argv: words, configs: { bootstrap: behind('bootstrap-server') as string, topic, set, remove } };
}

/**
 * In a container that was told of a ZooKeeper, the controller that stands for it runs in the same container, and answers
 * there even where the ZooKeeper's address leads nowhere.
 */
function ownContainer(servers: readonly HostAndPort[], env: CommandContext['env']): HostAndPort[] {
  const told = parseZookeeperConnect(env['KAFKA_ZOOKEEPER_CONNECT'] ?? env['KAFKA_CFG_ZOOKEEPER_CONNECT'] ?? '');
  const isTold = told.servers.some(({ host, port }) => servers.some((one) => one.host === host && one.port === port));
  const [first] = told.servers;
  return isTold && first !== undefined ? [{ host: '127.0.0.1', port: first.port }] : [];
}

function cutZookeeper(argv: readonly string[]): { readonly words: string[]; readonly zookeeper: string } {
  const words: string[] = [];
  let zookeeper = '';
  for (let at = 0; at < argv.length; at++) {
    const token = tokenOf(argv[at] as string);
    if (token?.name === ZOOKEEPER) zookeeper = token.attached ?? argv[++at] ?? 'localhost';
    else if (token !== undefined && AUTHORIZER_OPTIONS.includes(token.name)) {
      const value = token.attached ?? argv[++at] ?? '';
      zookeeper = ZOOKEEPER_PROPERTY.exec(value)?.[1] ?? zookeeper;
    } else words.push(argv[at] as string);
  }
  return { words, zookeeper };
}

/** As an option of its own, or as a property of an authorizer. */
export function hasZookeeper(argv: readonly string[]): boolean {
  return argv.some((word, at) => {
    const token = tokenOf(word);
    if (token?.name !== 'authorizer-properties') return token?.name === ZOOKEEPER;
    return ZOOKEEPER_PROPERTY.test(token.attached ?? argv[at + 1] ?? '');
  });
}

/** The own manner's answer where nobody stands in ZooKeeper's place; the strict one's is Kafka's line and a hint. */
export function zookeeperError(table: ToolTable, argv: readonly string[]): Error {
  return usageError(
    'there is no ZooKeeper any more, and no controller answers there: ask the brokers',
    withoutZookeeper(`kts ${table.name}`, argv),
  );
}

export function zookeeperHint(table: ToolTable, argv: readonly string[]): string {
  return `kts: today: ${withoutZookeeper(`kafka-${table.name}.sh`, argv)}\n`;
}
