/** From the words of `acls` to resources and rules, as Kafka's tool reads them, and how Java prints these. */
import { EXIT } from '../../base/kts-error.ts';
import {
  ACL_OPERATIONS,
  type Acl,
  type AclEntry,
  type AclOperation,
  type AclPatternType,
  type AclPermission,
  type AclResource,
  type AclResourceType,
} from '../../client/admin-acls.ts';
import { nearestWord } from '../../config/nearest.ts';
import { CommandError, usageError } from '../command-error.ts';
import { OptionError } from '../parser/option-error.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';

/** A resource, or a filter of resources, with the rules that are meant for it. */
export interface Rules {
  readonly resource: AclResource;
  readonly entries: readonly AclEntry[];
}

const CLUSTER: AclResource = { type: 'CLUSTER', name: 'kafka-cluster', pattern: 'LITERAL' };
const PATTERNS: readonly AclPatternType[] = ['ANY', 'MATCH', 'LITERAL', 'PREFIXED'];

/** What can be done to a resource; everything can be `ALL`. */
const OPERATIONS: Readonly<Partial<Record<AclResourceType, readonly AclOperation[]>>> = {
  TOPIC: ['READ', 'WRITE', 'CREATE', 'DELETE', 'ALTER', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
  GROUP: ['READ', 'DELETE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
  CLUSTER: [
    ...(['CREATE', 'ALTER', 'DESCRIBE', 'CLUSTER_ACTION'] as const),
    ...(['DESCRIBE_CONFIGS', 'ALTER_CONFIGS', 'IDEMPOTENT_WRITE'] as const),
  ],
  TRANSACTIONAL_ID: ['WRITE', 'DESCRIBE', 'TWO_PHASE_COMMIT'],
  DELEGATION_TOKEN: ['DESCRIBE'],
  USER: ['CREATE_TOKENS', 'DESCRIBE_TOKENS'],
};

const NAMED: readonly (readonly [option: string, type: AclResourceType])[] = [
  ['topic', 'TOPIC'],
  ['group', 'GROUP'],
  ['transactional-id', 'TRANSACTIONAL_ID'],
  ['delegation-token', 'DELEGATION_TOKEN'],
  ['user-principal', 'USER'],
];

// ---- Java's words ----

export function resourceText({ type, name, pattern }: AclResource): string {
  return `ResourcePattern(resourceType=${type}, name=${name}, patternType=${pattern})`;
}

export function entryText({ principal, host, operation, permission }: AclEntry): string {
  return `(principal=${principal}, host=${host}, operation=${operation}, permissionType=${permission})`;
}

export function entriesText(entries: readonly AclEntry[]): string {
  return entries.map((entry) => `\t${entryText(entry)}`).join('\n');
}

// ---- what was typed ----

/** `AlterConfigs`, in any case. */
function pascalName(operation: AclOperation): string {
  return operation.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function operationOf(word: string): AclOperation {
  const upper = word.trim().toUpperCase();
  return ACL_OPERATIONS.find((operation) => pascalName(operation).toUpperCase() === upper) ?? 'UNKNOWN';
}

export function patternOf(options: ParsedOptions): AclPatternType {
  const word = options.valueOrDefault('resource-pattern-type') ?? 'LITERAL';
  const pattern = PATTERNS.find((name) => name === word.toUpperCase());
  if (pattern !== undefined) return pattern;
  const text = `Cannot parse argument '${word}' of option resource-pattern-type`;
  throw new CommandError(`there is no pattern type '${word}'`, {
    stage: 'run',
    exitCode: EXIT.usage,
    strictText: text,
    hint: 'one of literal, prefixed, any, match',
    cause: new OptionError('usage', 'resource-pattern-type', text),
  });
}

/** Each once. */
export function principalsOf(options: ParsedOptions, option: string): string[] {
  const principals = options.values(option).map((word) => {
    const principal = word.trim();
    if (principal.includes(':')) return principal;
    throw new CommandError(`'${principal}' is no principal`, {
      stage: 'run',
      exitCode: EXIT.usage,
      strictText: `expected a string in format principalType:principalName but got ${principal}`,
      hint: `TYPE:NAME, for example User:${principal === '' ? 'alice' : principal}`,
    });
  });
  return [...new Set(principals)];
}

function hostsOf(options: ParsedOptions, hosts: string, principals: string): string[] {
  if (options.has(hosts)) return [...new Set(options.values(hosts).map((host) => host.trim()))];
  return options.has(principals) ? ['*'] : [];
}

function entriesOf(options: ParsedOptions, operations: readonly AclOperation[]): AclEntry[] {
  const of = (permission: AclPermission, principals: string, hosts: string) =>
    principalsOf(options, principals).flatMap((principal) =>
      operations.flatMap((operation) =>
        hostsOf(options, hosts, principals).map((host) => ({ principal, host, operation, permission })),
      ),
    );
  return [...of('ALLOW', 'allow-principal', 'allow-host'), ...of('DENY', 'deny-principal', 'deny-host')];
}

/** What was named; a resource is a filter where it is listed or removed. `word`: the own manner's topic. */
export function resourcesOf(options: ParsedOptions, word: string | undefined): AclResource[] {
  const pattern = patternOf(options);
  const resources: AclResource[] = [];
  const add = (resource: AclResource) => {
    if (!resources.some((other) => resourceText(other) === resourceText(resource))) resources.push(resource);
  };
  if (word !== undefined && !options.has('topic')) add({ type: 'TOPIC', name: word, pattern });
  for (const [option, type] of NAMED) {
    for (const name of options.values(option)) {
      add({ type, name: type === 'TRANSACTIONAL_ID' ? name : name.trim(), pattern });
    }
  }
  if (pattern === 'LITERAL' && (options.has('cluster') || options.has('idempotent'))) add(CLUSTER);
  return resources;
}

const NO_RESOURCE =
  'You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token <Delegation Token ID>';

function someResources(options: ParsedOptions, word: string | undefined): AclResource[] {
  const resources = resourcesOf(options, word);
  if (resources.length > 0) return resources;
  throw usageError('on what?', '--topic NAME, --group GROUP, --cluster, --transactional-id ID …', NO_RESOURCE);
}

function operationsOf(options: ParsedOptions): AclOperation[] {
  const words = options.values('operation');
  return [...new Set((words.length === 0 ? ['All'] : words).map(operationOf))];
}

/** What --producer and --consumer stand for, on each kind of resource that they look at. */
function roleOperations(options: ParsedOptions, type: AclResourceType): AclOperation[] {
  const producer = options.has('producer');
  const consumer = options.has('consumer');
  const operations: AclOperation[] = [];
  if (type === 'TOPIC') operations.push('DESCRIBE');
  if (type === 'TOPIC' && consumer) operations.push('READ');
  if (type === 'TOPIC' && producer) operations.push('WRITE', 'CREATE');
  if (type === 'GROUP' && consumer) operations.push('READ');
  if (type === 'TRANSACTIONAL_ID' && producer) operations.push('WRITE', 'DESCRIBE');
  if (type === 'CLUSTER' && producer && options.has('idempotent')) operations.push('IDEMPOTENT_WRITE');
  return [...new Set(operations)];
}

function checkOperations(options: ParsedOptions, rules: readonly Rules[]): void {
  for (const { resource, entries } of rules) {
    const valid: AclOperation[] = [...(OPERATIONS[resource.type] ?? []), 'ALL'];
    const wrong = entries.find(({ operation }) => !valid.includes(operation));
    if (wrong?.operation === 'ANY') {
      throw new CommandError("'Any' is for filters only", {
        stage: 'run',
        exitCode: EXIT.usage,
        strictText: 'operation must not be ANY',
        hint: 'All means every operation',
      });
    }
    if (wrong === undefined) continue;
    const words = options.values('operation').filter((word) => !valid.includes(operationOf(word)));
    const names = valid.map(pascalName);
    const near = nearestWord(words[0] ?? '', names);
    throw usageError(
      `${words.join(', ')} cannot be done to a ${resource.type.toLowerCase().replaceAll('_', ' ')}`,
      near === undefined ? `one of ${names.join(', ')}` : `did you mean ${near}?`,
      `ResourceType ${resource.type} only supports operations [${valid.join(', ')}]`,
    );
  }
}

/** The rules that --add makes, and those that --remove looks for: without a principal all of the resource. */
export function rulesOf(options: ParsedOptions, word: string | undefined): Rules[] {
  const ofRole = options.has('producer') || options.has('consumer');
  const common = ofRole ? [] : entriesOf(options, operationsOf(options));
  const resources = someResources(options, word);
  // What a role needs of the cluster is no matter of patterns.
  const isIdempotent = options.has('producer') && options.has('idempotent') && !resources.includes(CLUSTER);
  const rules = [...resources, ...(isIdempotent ? [CLUSTER] : [])].flatMap((resource): Rules[] => {
    if (!ofRole) return [{ resource, entries: common }];
    const operations = roleOperations(options, resource.type);
    return operations.length === 0 ? [] : [{ resource, entries: entriesOf(options, operations) }];
  });
  checkOperations(options, rules);
  return rules;
}

export function rulesToAdd(options: ParsedOptions, word: string | undefined): Rules[] {
  const pattern = patternOf(options);
  if (pattern !== 'LITERAL' && pattern !== 'PREFIXED') {
    const text = `A '--resource-pattern-type' value of '${pattern}' is not valid when adding acls.`;
    throw usageError(`'${pattern.toLowerCase()}' is for --list and --remove`, 'literal or prefixed', text);
  }
  const rules = rulesOf(options, word);
  if (rules.some(({ entries }) => entries.length === 0)) {
    const text = 'You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.';
    throw usageError('for whom?', '--allow-principal User:NAME or --deny-principal User:NAME', text);
  }
  return rules;
}

export function isSameEntry(a: AclEntry, b: AclEntry): boolean {
  return entryText(a) === entryText(b);
}

/** By resource, in one order: brokers have none. */
export function byResource(acls: readonly Acl[]): Rules[] {
  const found = new Map<string, { resource: AclResource; entries: AclEntry[] }>();
  for (const { resource, entry } of acls) {
    const key = resourceText(resource);
    const rules = found.get(key) ?? { resource, entries: [] };
    if (!rules.entries.some((other) => isSameEntry(other, entry))) rules.entries.push(entry);
    found.set(key, rules);
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rules]) => rules);
  for (const { entries } of sorted) entries.sort((a, b) => (entryText(a) < entryText(b) ? -1 : 1));
  return sorted;
}
