/** `kts acls`: kafka-acls.sh. */
import { AddressError } from '../base/address-error.ts';
import { EXIT } from '../base/kts-error.ts';
import { UnreachableError } from '../client/cluster-view.ts';
import { ConfigError } from '../config/config-error.ts';
import { byResource, entryText, type Rules, resourceText, rulesOf, rulesToAdd } from '../console/acls/acl-words.ts';
import {
  type AddResult,
  addedText,
  addRules,
  type BegunRules,
  type RemoveResult,
  removedText,
  removeRules,
} from '../console/acls/change.ts';
import { checkAclsOptions } from '../console/acls/check-options.ts';
import { type ListedRules, listRules, listText } from '../console/acls/list.ts';
import { openAdmin } from '../console/admin-client.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { CommandError } from '../console/command-error.ts';
import { javaText } from '../console/java-text.ts';
import { aclsTable } from '../console/options/acls.ts';
import type { Shown } from '../console/show/shown.ts';
import { ErrorCode } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

interface AclsResult {
  readonly listed?: readonly ListedRules[];
  readonly added?: AddResult;
  readonly removed?: RemoveResult;
}

function reasonOf(error: CommandError): string {
  const { cause } = error;
  if (cause instanceof KafkaError) return javaText(cause);
  if (cause instanceof AddressError || cause instanceof ConfigError) return 'Failed to create new KafkaAdminClient';
  if (cause instanceof UnreachableError) {
    return `org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment. Call: ${cause.doing}`;
  }
  return error.strictText;
}

export default class Acls extends Command<AclsResult> {
  static readonly table = aclsTable;

  static strictAnswer(error: CommandError): StrictAnswer {
    if (error.stage === 'usage') return { err: `${error.strictText}\n`, exitCode: 1 };
    return { out: `Error while executing ACL command: ${reasonOf(error)}\n`, exitCode: 1 };
  }

  async run(): Promise<AclsResult> {
    const { context, options } = this;
    const { action, word } = checkAclsOptions(context, options);
    const client = await openAdmin(context, options, '');
    try {
      if (action === 'list') return { listed: await listRules(client, options, word) };
      if (action === 'add') {
        return { added: this.#checked(await addRules(client, rulesToAdd(options, word), { dryRun: this.#dryRun })) };
      }
      const rules = rulesOf(options, word);
      const how = { dryRun: this.#dryRun, force: options.has('force') };
      const removed = await removeRules(context, client, rules, how);
      if (!this.strict && removed.removed.length === 0 && removed.failure === undefined) this.#tellOfNothing(rules);
      return { removed: this.#checked(removed) };
    } catch (error) {
      throw this.strict || !(error instanceof KafkaError) ? error : this.#explained(error);
    } finally {
      client.cluster.close();
    }
  }

  get #dryRun(): boolean {
    return !this.strict && this.options.has('dry-run');
  }

  #checked<Result extends { readonly failure?: unknown }>(result: Result): Result {
    const { failure } = result;
    return this.strict || !(failure instanceof KafkaError) ? result : { ...result, failure: this.#explained(failure) };
  }

  /** A rule is named whole, with its operation; that is easily overlooked. */
  #tellOfNothing(rules: readonly Rules[]): void {
    const { options } = this;
    const byDefault = rules.some(({ entries }) => entries.length > 0) && !options.has('operation');
    const isRole = options.has('producer') || options.has('consumer');
    const why = byDefault && !isRole ? '; without --operation only rules of the operation All are meant' : '';
    this.context.output.err(`kts: nothing was removed${why}\n`);
  }

  #explained(error: KafkaError): CommandError {
    const disabled = error.code === ErrorCode.SECURITY_DISABLED;
    return new CommandError(error.message, {
      stage: 'run',
      exitCode: EXIT.refused,
      cause: error,
      ...(disabled ? { hint: 'without one everybody may do everything, and there are no rules to keep' } : {}),
    });
  }

  render({ listed, added, removed }: AclsResult): void {
    if (listed !== undefined) this.context.output.out(listText(listed));
    if (added !== undefined) {
      if (this.#dryRun) for (const step of added.steps) this.#would('add', 'to', step);
      else this.context.output.out(addedText(added.steps));
      if (added.begun !== undefined) this.context.output.out(this.#begunText(added.begun));
      if (added.failure !== undefined) throw added.failure;
    }
    if (removed !== undefined) {
      if (this.#dryRun) for (const rules of byResource(removed.removed)) this.#would('remove', 'from', rules);
      if (removed.failure === undefined) return;
      if (!this.strict) this.context.output.out(removedText(byResource(removed.removed)));
      throw removed.failure;
    }
  }

  /** Kafka's tool says what it is about to do before it fails; what was done of that is of more use. */
  #begunText({ created, ...begun }: BegunRules): string {
    if (this.strict) return addedText([begun]);
    return this.#dryRun || created.length === 0 ? '' : addedText([{ ...begun, entries: created, existing: [] }]);
  }

  #would(verb: string, where: string, { resource, entries }: Rules): void {
    for (const entry of entries) this.print(`Would ${verb} ${entryText(entry)} ${where} ${resourceText(resource)}.`);
  }

  override async show({ listed, added, removed }: AclsResult): Promise<Shown> {
    const show = await import('../console/acls/show.ts');
    if (listed !== undefined) return show.showList(listed);
    if (added !== undefined) return show.showAdded(added, this.#dryRun);
    return show.showRemoved(removed ?? { removed: [] }, this.#dryRun);
  }
}
