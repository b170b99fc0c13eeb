/** `kts configs`: kafka-configs.sh. */
import { AddressError } from '../base/address-error.ts';
import { EXIT } from '../base/kts-error.ts';
import { UnreachableError } from '../client/cluster-view.ts';
import { ConfigError } from '../config/config-error.ts';
import { openAdmin } from '../console/admin-client.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { CommandError, withException } from '../console/command-error.ts';
import { alter } from '../console/configs/alter.ts';
import { type ConfigChanges, changesOf } from '../console/configs/changes.ts';
import { type ConfigsTask, checkConfigsOptions } from '../console/configs/check-options.ts';
import { type DescribeConfigsResult, describe, describeText } from '../console/configs/describe.ts';
import { type EntityType, singular } from '../console/configs/entities.ts';
import { startKeys, unknownKey } from '../console/configs/known-keys.ts';
import { shownValue, shownWords } from '../console/configs/secrets.ts';
import { javaText } from '../console/java-text.ts';
import { configsTable } from '../console/options/configs.ts';
import { OptionError } from '../console/parser/option-error.ts';
import type { Shown } from '../console/show/shown.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

interface ConfigsResult {
  readonly described?: DescribeConfigsResult;
  /** What was changed, or would be. */
  readonly changed?: { readonly task: ConfigsTask; readonly changes: ConfigChanges; readonly dryRun: boolean };
}

const PACKAGE = 'org.apache.kafka.common.';
const FAILED = 'java.util.concurrent.ExecutionException: ';

/** The head of the stack trace that Kafka's tool prints; undefined where the message is all. */
function traceOf(error: CommandError): string | undefined {
  const { cause } = error;
  if (cause instanceof KafkaError) return `${FAILED}${javaText(cause)}`;
  if (cause instanceof UnreachableError) {
    if (cause.doing === 'findAllBrokers')
      return `${FAILED}${PACKAGE}KafkaException: Failed to find brokers to send ListGroups`;
    return `${FAILED}${PACKAGE}errors.TimeoutException: Timed out waiting for a node assignment. Call: ${cause.doing}`;
  }
  if (cause instanceof AddressError || cause instanceof ConfigError) {
    return `${PACKAGE}KafkaException: Failed to create new KafkaAdminClient`;
  }
  if (error.stage === 'usage' || cause instanceof OptionError || error.exception === undefined) return undefined;
  return withException(error);
}

/** Of what was to be changed, what nobody could. */
async function refusalHint(
  error: KafkaError,
  [type]: ConfigsTask['types'],
  changes: ConfigChanges | undefined,
): Promise<string | undefined> {
  if (type === undefined || changes === undefined) return undefined;
  if (error.code === ErrorCode.DUPLICATE_RESOURCE) return 'controllers take one credential at a time: call it for each';
  const keys = [...changes.set.keys(), ...changes.removed];
  const [startKey] = type === 'brokers' ? await startKeys(keys) : [];
  if (startKey !== undefined) return `${startKey} is read when a node starts: change it in the node's file`;
  const unknown = await unknownKey(type, keys);
  if (unknown === undefined) return undefined;
  return unknown.near === undefined
    ? `kts configs --describe --entity-type ${type} --all lists what there is`
    : `did you mean ${unknown.near}?`;
}

/** `user alice, all clients`: Kafka's tool names the first of them only. */
function whoseText(types: ConfigsTask['types'], names: ConfigsTask['names']): string {
  return types.map((type, at) => (names[at] ? `${singular(type)} ${names[at]}` : `all ${type}`)).join(', ');
}

export default class Configs extends Command<ConfigsResult> {
  static readonly table = configsTable;

  static strictAnswer(error: CommandError, argv: readonly string[]): StrictAnswer {
    const trace = traceOf(error);
    const head = `Error while executing config command with args '${shownWords(argv).join(' ')}'`;
    return { err: trace === undefined ? `${error.strictText}\n` : `${head}\n${trace}\n`, exitCode: 1 };
  }

  async run(): Promise<ConfigsResult> {
    const { context, options } = this;
    const task = await checkConfigsOptions(context, options);
    const client = await openAdmin(context, options, '');
    let changes: ConfigChanges | undefined;
    try {
      if (task.action === 'describe') {
        const described = await describe(client, task, options.has('all'));
        return { described: this.#checked(described) };
      }
      changes = await changesOf(context, options);
      const dryRun = !this.strict && options.has('dry-run');
      await alter(client, task, changes, { dryRun });
      if (!this.strict) await this.#warnOfUnknown(task, changes);
      return { changed: { task, changes, dryRun } };
    } catch (error) {
      throw this.strict || !(error instanceof KafkaError) ? error : await this.#explained(error, task, changes);
    } finally {
      client.cluster.close();
    }
  }

  /** What is not there is no success in the own manner. */
  #checked(described: DescribeConfigsResult): DescribeConfigsResult {
    const { missing, failure, quotas } = described;
    if (this.strict) return described;
    if (failure !== undefined && quotas.length === 0) throw failure;
    if (missing === undefined) return described;
    const { type, name, near } = missing;
    const what = type === 'topics' ? 'kts topics --list' : `kts configs --describe --entity-type ${type}`;
    throw new CommandError(`there is no ${singular(type)} '${name}'`, {
      stage: 'run',
      exitCode: EXIT.notFound,
      hint: near === undefined ? `${what} shows what there is` : `did you mean ${near}?`,
    });
  }

  /** Brokers take names that they do not know, for their plugins; and they remove what is not there. */
  async #warnOfUnknown({ types }: ConfigsTask, { set, removed }: ConfigChanges): Promise<void> {
    const type = types[0] as EntityType;
    const unknown = await unknownKey(type, [...set.keys(), ...removed]);
    if (unknown === undefined) return;
    const meant = unknown.near === undefined ? '' : `; did you mean ${unknown.near}?`;
    this.context.output.err(`kts: no ${singular(type)} has a config ${unknown.name}${meant}\n`);
  }

  /** A refusal of a broker, with a way out where one is known. */
  async #explained(error: KafkaError, { types }: ConfigsTask, changes?: ConfigChanges): Promise<Error> {
    const isMissing = error.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    const hint = isMissing ? 'kts topics --list shows what there is' : await refusalHint(error, types, changes);
    return new CommandError(error.message, {
      stage: 'run',
      exitCode: isMissing ? EXIT.notFound : EXIT.refused,
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  render({ described, changed }: ConfigsResult): void {
    if (described !== undefined) {
      const { failure } = described;
      this.context.output.out(describeText(described));
      if (failure !== undefined) throw failure;
    }
    if (changed !== undefined) this.#renderChanged(changed);
  }

  #renderChanged({ task, changes, dryRun }: NonNullable<ConfigsResult['changed']>): void {
    const { types, names } = this.strict ? { types: task.types.slice(0, 1), names: task.names } : task;
    const whose = whoseText(types, names);
    if (!dryRun) {
      const isDefault = types.length === 1 && names[0] === '';
      const done = isDefault ? `default config for ${types[0]} in the cluster` : `config for ${whose}`;
      this.print(`Completed updating ${done}.`);
      return;
    }
    for (const [key, value] of changes.set) this.print(`Would set ${key}=${shownValue(key, value)} for ${whose}.`);
    for (const key of changes.removed) this.print(`Would remove ${key} from ${whose}.`);
  }

  override async show({ described, changed }: ConfigsResult): Promise<Shown> {
    if (described !== undefined) {
      const { showDescribed } = await import('../console/configs/show.ts');
      return showDescribed(described);
    }
    if (changed === undefined) return { data: null, sheets: [] };
    const { task, changes, dryRun } = changed;
    const entities = task.types.map((type, at) => ({ type: singular(type), name: task.names[at] || null }));
    const set = Object.fromEntries([...changes.set].map(([key, value]) => [key, shownValue(key, value)]));
    return { data: { entities, set, removed: changes.removed, dryRun }, sheets: [] };
  }
}
