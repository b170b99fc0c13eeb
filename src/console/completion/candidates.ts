/**
 * What may stand at the cursor: commands, options, the values of options, topics and groups. Names are asked from the
 * brokers that the words (or the defaults) mean, with little patience: a completion that waits is worse than none.
 */
import { listGroups } from '../../client/admin-groups.ts';
import { listTopics } from '../../client/admin-topics.ts';
import { ClusterView } from '../../client/cluster-view.ts';
import { ClientLink } from '../../network/client-link.ts';
import type { CommandContext } from '../command.ts';
import { ENTITY_TYPES, type EntityType } from '../configs/entities.ts';
import { defaultBootstrap, readProfiles } from '../defaults.ts';
import { ALL_TABLES, tableOf } from '../options/all.ts';
import type { OptionRow, ToolTable } from '../options/table.ts';
import { plainName } from '../parser/parsed-options.ts';

const PATIENCE_MS = 800;

export interface Candidate {
  readonly word: string;
  readonly what: string;
}

/** Files are completed by the shell. */
export const FILES: Candidate = { word: ':file', what: '' };

const VALUES: Readonly<Record<string, readonly string[]>> = {
  'compression-codec': ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
  'isolation-level': ['read_committed', 'read_uncommitted'],
  'request-required-acks': ['all', '1', '0'],
  offset: ['earliest', 'latest'],
  from: ['earliest', '10m', '1h', '1d'],
  to: ['latest'],
  state: ['Stable', 'Empty', 'PreparingRebalance', 'CompletingRebalance', 'Assigning', 'Reconciling', 'Dead'],
  type: ['classic', 'consumer'],
  'election-type': ['preferred', 'unclean'],
  'process-role': ['broker', 'controller'],
  'entity-type': [...ENTITY_TYPES],
  operation: [
    ...['All', 'Read', 'Write', 'Create', 'Delete', 'Alter', 'Describe', 'ClusterAction', 'DescribeConfigs'],
    ...['AlterConfigs', 'IdempotentWrite', 'CreateTokens', 'DescribeTokens', 'TwoPhaseCommit'],
  ],
  'resource-pattern-type': ['literal', 'prefixed', 'any', 'match'],
  output: ['table', 'json', 'yaml', 'csv', 'text'],
};

const WORDS: Readonly<Record<string, readonly Candidate[]>> = {
  profile: [
    { word: 'list', what: 'the profiles' },
    { word: 'use', what: 'work with a profile' },
    { word: 'set', what: 'make or change a profile' },
    { word: 'remove', what: 'take a profile away' },
  ],
  completion: ['bash', 'zsh', 'fish'].map((word) => ({ word, what: `the script for ${word}` })),
};

interface Situation {
  readonly context: CommandContext;
  readonly table: ToolTable;
  /** Behind the command's name, without the one at the cursor. */
  readonly before: readonly string[];
  readonly current: string;
}

function optionOf(rows: readonly OptionRow[], word: string): OptionRow | undefined {
  return rows.find((row) => row.names.includes(word));
}

function rowsOf({ table, before }: Situation): readonly OptionRow[] {
  const sub = table.subcommands.find((command) => command.name === before[0]);
  return sub?.options ?? table.options;
}

function optionCandidates(situation: Situation): Candidate[] {
  const given = new Set(situation.before.flatMap((word) => (word.startsWith('-') ? [word.replace(/=.*$/, '')] : [])));
  const open = rowsOf(situation).filter(
    (row) =>
      row.replacedBy === undefined && !row.deprecated && (row.many || !row.names.some((name) => given.has(name))),
  );
  return open.map((row) => ({ word: row.names[0] as string, what: row.help }));
}

function bootstrapIn({ context, before }: Situation): string {
  const at = before.lastIndexOf('--bootstrap-server');
  return (at >= 0 ? before[at + 1] : undefined) ?? defaultBootstrap(context) ?? 'localhost:9092';
}

async function ask(situation: Situation, question: (cluster: ClusterView) => Promise<string[]>): Promise<Candidate[]> {
  const cluster = new ClusterView({
    runtime: situation.context.runtime,
    openLink: ClientLink.open,
    settings: {
      clientId: 'completion',
      bootstrapServers: bootstrapIn(situation),
      bootstrapPatienceMs: PATIENCE_MS,
      apiTimeoutMs: PATIENCE_MS,
      requestTimeoutMs: PATIENCE_MS,
      connectTimeoutMs: PATIENCE_MS,
    },
  });
  try {
    return (await question(cluster)).sort().map((word) => ({ word, what: '' }));
  } catch {
    // No broker: nothing to choose from, and nothing to say while somebody types.
    return [];
  } finally {
    cluster.close();
  }
}

function topicNames(situation: Situation): Promise<Candidate[]> {
  const internal = situation.current.startsWith('_');
  return ask(situation, async (cluster) => {
    const topics = await listTopics(cluster);
    return topics.filter((topic) => internal || !topic.isInternal).map((topic) => topic.name);
  });
}

function groupNames(situation: Situation): Promise<Candidate[]> {
  return ask(situation, async (cluster) => (await listGroups(cluster)).map((group) => group.id));
}

/** Names that the cluster can tell without being asked for long. */
async function entityNames(situation: Situation): Promise<Candidate[]> {
  const type = entityTypeIn(situation);
  if (type === 'topics') return topicNames(situation);
  return type === 'groups' ? groupNames(situation) : [];
}

const TYPES_OF_OPTIONS: Readonly<Record<string, EntityType>> = {
  '--broker': 'brokers',
  '--broker-defaults': 'brokers',
  '--group': 'groups',
  '--user': 'users',
  '--user-defaults': 'users',
  '--client': 'clients',
  '--client-defaults': 'clients',
  '--ip': 'ips',
  '--ip-defaults': 'ips',
  '--client-metrics': 'client-metrics',
  '--broker-logger': 'broker-loggers',
};

/** What the words before have said is looked at. */
function entityTypeIn({ before }: Situation): EntityType {
  const named = before[before.indexOf('--entity-type') + 1];
  const type = ENTITY_TYPES.find((type) => before.includes('--entity-type') && type === named);
  const flag = before.find((word) => Object.hasOwn(TYPES_OF_OPTIONS, word));
  return type ?? (flag === undefined ? 'topics' : (TYPES_OF_OPTIONS[flag] as EntityType));
}

async function configKeys(situation: Situation, end: string): Promise<Candidate[]> {
  const { knownKeys } = await import('../configs/known-keys.ts');
  const keys = await knownKeys(entityTypeIn(situation));
  return (keys ?? []).map((key) => ({ word: `${key}${end}`, what: '' }));
}

async function valueCandidates(situation: Situation, row: OptionRow): Promise<Candidate[]> {
  const name = plainName(row.names[0] as string);
  // A new topic's name is not one of those that are there.
  if (name === 'topic' || name === 'include') return situation.before.includes('--create') ? [] : topicNames(situation);
  if (name === 'group') return groupNames(situation);
  if (name === 'add-config') return configKeys(situation, '=');
  if (name === 'delete-config' && situation.table.name === 'configs') return configKeys(situation, '');
  if (name === 'entity-name') return entityNames(situation);
  if (row.type === 'file' || name === 'data-dir') return [FILES];
  return (VALUES[name] ?? []).map((word) => ({ word, what: '' }));
}

async function wordCandidates(situation: Situation): Promise<Candidate[]> {
  const { table, before, context } = situation;
  const words = before.filter((word, i) => !word.startsWith('-') && !optionOf(rowsOf(situation), before[i - 1] ?? ''));
  if (table.subcommands.length > 0 && words.length === 0) {
    return table.subcommands.map((command) => ({ word: command.name, what: command.summary }));
  }
  if (table.name === 'profile' && words.length === 1) {
    return Object.keys(readProfiles(context)?.profiles ?? {}).map((word) => ({ word, what: '' }));
  }
  if (words.length > 0) return [];
  const fixed = WORDS[table.name];
  if (fixed !== undefined) return [...fixed];
  if (table.name === 'server-start' || table.name === 'shims') return [FILES];
  if (table.word?.name === 'GROUP') return groupNames(situation);
  if (table.name === 'configs') return entityNames(situation);
  return table.word?.name === 'TOPIC' && !before.includes('--create') ? topicNames(situation) : [];
}

/** `words`: those behind `kts`, the last of which is being typed. */
export async function candidates(context: CommandContext, words: readonly string[]): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  if (words.length <= 1) return starting(commandCandidates(), current);
  const table = tableOf(words[0] as string);
  if (table === undefined) return words[0] === 'help' ? starting(commandCandidates(), current) : [];
  const before = words.slice(1, -1);
  const situation: Situation = { context, table, before, current };
  const previous = optionOf(rowsOf(situation), before.at(-1) ?? '');
  if (previous?.arg === 'required') return starting(await valueCandidates(situation, previous), current);
  if (current.startsWith('-')) {
    const equals = current.indexOf('=');
    const row = equals < 0 ? undefined : optionOf(rowsOf(situation), current.slice(0, equals));
    if (row === undefined) return starting(optionCandidates(situation), current);
    const values = await valueCandidates(situation, row);
    return starting(
      values.filter((v) => v !== FILES).map((v) => ({ ...v, word: `${current.slice(0, equals + 1)}${v.word}` })),
      current,
    );
  }
  const values = previous?.arg === 'optional' ? await valueCandidates(situation, previous) : [];
  const found = starting([...values, ...(await wordCandidates(situation))], current);
  return found.length > 0 || current !== '' ? found : optionCandidates(situation);
}

function commandCandidates(): Candidate[] {
  return ALL_TABLES.map((table) => ({ word: table.name, what: table.summary }));
}

function starting(all: readonly Candidate[], beginning: string): Candidate[] {
  return all.filter((candidate) => candidate === FILES || candidate.word.startsWith(beginning));
}
