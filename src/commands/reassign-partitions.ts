/** `kts reassign-partitions`: kafka-reassign-partitions.sh. */
import { AddressError } from '../base/address-error.ts';
import { EXIT } from '../base/kts-error.ts';
import type { OngoingReassignment } from '../client/admin-partitions.ts';
import { UnreachableError } from '../client/cluster-view.ts';
import { openAdmin } from '../console/admin-client.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { type CommandError, withException } from '../console/command-error.ts';
import { javaText } from '../console/java-text.ts';
import { reassignPartitionsTable } from '../console/options/reassign-partitions.ts';
import { inOrder, partitionText } from '../console/partition-list.ts';
import { startProgress } from '../console/progress.ts';
import type { Cancellation } from '../console/reassign/cancel.ts';
import { checkReassignOptions, type ReassignAction } from '../console/reassign/check-options.ts';
import type { Execution } from '../console/reassign/execute.ts';
import type { Proposal } from '../console/reassign/generate.ts';
import { ongoing, type Session, TERSE } from '../console/reassign/session.ts';
import type { Verification } from '../console/reassign/verify.ts';
import type { Shown } from '../console/show/shown.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

interface ReassignResult {
  /** What Kafka's tool prints, as far as it comes. */
  text: string;
  /** What ended the work in the middle. */
  failure?: unknown;
  listed?: readonly OngoingReassignment[];
  proposal?: Proposal;
  execution?: Execution;
  verification?: Verification;
  cancellation?: Cancellation;
}

const PROGRESS: Readonly<Record<ReassignAction, string>> = {
  generate: 'looking at topics and brokers',
  execute: 'starting the moves',
  verify: 'looking at the moves',
  cancel: 'calling the moves off',
  list: 'asking for reassignments',
};

export default class ReassignPartitions extends Command<ReassignResult> {
  static readonly table = reassignPartitionsTable;

  /** Every failure of the work leaves on stdout. */
  static strictAnswer(error: CommandError): StrictAnswer {
    const { cause } = error;
    if (error.stage === 'usage') {
      const text = error.exception ? `Exception in thread "main" ${withException(error)}` : error.strictText;
      return { err: `${text}\n`, exitCode: 1 };
    }
    if (error.exception === TERSE) return { out: `${error.strictText}\n`, exitCode: 1 };
    let text = error.strictText;
    if (cause instanceof AddressError) text = 'Failed to create new KafkaAdminClient';
    else if (cause instanceof UnreachableError) {
      text = `org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment. Call: ${cause.doing}`;
    } else if (cause instanceof KafkaError && text === cause.message) text = javaText(cause);
    return { out: `Error: ${text}\n`, exitCode: 1 };
  }

  async run(): Promise<ReassignResult> {
    const { context, options } = this;
    const action = checkReassignOptions(context, options);
    const client = await openAdmin(
      context,
      options,
      'Please specify either --bootstrap-server or --bootstrap-controller',
    );
    const result: ReassignResult = { text: '' };
    const say = (text: string) => {
      result.text += text;
    };
    let doing = PROGRESS[action];
    const progress = startProgress(context, () => doing);
    const session: Session = {
      ...{ context, options, client, say },
      doing: (text) => {
        doing = text;
      },
    };
    try {
      await this.#act(action, session, result);
    } catch (error) {
      if (result.text === '') throw error;
      result.failure = error;
    } finally {
      progress.stop();
      client.cluster.close();
    }
    return result;
  }

  async #act(action: ReassignAction, session: Session, result: ReassignResult): Promise<void> {
    if (action === 'list') {
      result.listed = inOrder(await ongoing(session));
      session.say(listText(result.listed));
    } else if (action === 'generate') {
      const { generate } = await import('../console/reassign/generate.ts');
      result.proposal = await generate(session);
    } else if (action === 'execute') {
      const { execute } = await import('../console/reassign/execute.ts');
      await execute(session, (execution) => {
        result.execution = execution;
      });
    } else if (action === 'verify') {
      const { verify } = await import('../console/reassign/verify.ts');
      await verify(session, (verification) => {
        result.verification = verification;
        if (!this.strict) this.exitCode = exitCodeOf(verification);
        this.isSettled = !verification.anyUnderWay;
      });
    } else {
      const { cancel } = await import('../console/reassign/cancel.ts');
      await cancel(session, (cancellation) => {
        result.cancellation = cancellation;
      });
    }
  }

  render({ text, failure }: ReassignResult): void {
    this.context.output.out(text);
    if (failure !== undefined) throw failure;
  }

  override async show(result: ReassignResult): Promise<Shown> {
    const shown = await this.#shown(result);
    if (result.failure === undefined) return shown;
    if (!(result.failure instanceof Error)) throw result.failure;
    return { ...shown, failure: result.failure };
  }

  async #shown({ listed, proposal, execution, verification, cancellation, failure }: ReassignResult): Promise<Shown> {
    const show = await import('../console/reassign/show.ts');
    const isCsv = this.options.value('output') === 'csv';
    if (listed !== undefined) return show.showOngoing(listed);
    if (proposal !== undefined) return show.showProposal(proposal, isCsv);
    if (execution !== undefined) return show.showExecution(execution, isCsv);
    if (verification !== undefined) return show.showVerification(verification);
    if (cancellation !== undefined) return show.showCancellation(cancellation);
    throw failure;
  }
}

function replicasText(name: string, ids: readonly number[]): string {
  return ids.length === 0 ? '' : ` ${name}: ${ids.join(',')}.`;
}

function listText(listed: readonly OngoingReassignment[]): string {
  if (listed.length === 0) return 'No partition reassignments found.\n';
  const lines = listed.map(({ replicas, adding, removing, ...one }) => {
    const changes = `${replicasText('adding', adding)}${replicasText('removing', removing)}`;
    return `${partitionText(one)}: replicas: ${replicas.join(',')}.${changes}\n`;
  });
  return `Current partition reassignments:\n${lines.join('')}`;
}

/** What is neither where it shall be nor on its way there was not done. */
function exitCodeOf({ partitions, moves }: Verification): number {
  const states = [...partitions, ...moves].map(({ state }) => state);
  const isFine = (state: string) => state === 'complete' || state === 'in progress';
  if (states.every(isFine)) return EXIT.ok;
  return states.some(isFine) ? EXIT.partial : EXIT.failed;
}
