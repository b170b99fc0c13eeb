/** Which options of `reassign-partitions` go together, in the order in which Kafka's tool finds fault. */
import type { CommandContext } from '../command.ts';
import { CommandError, usageError } from '../command-error.ts';
import type { ParsedOptions } from '../parser/parsed-options.ts';

const ACTIONS = ['generate', 'execute', 'verify', 'cancel', 'list'] as const;
export type ReassignAction = (typeof ACTIONS)[number];

const PLAN = 'reassignment-json-file';
const TOPICS = 'topics-to-move-json-file';

interface Rule {
  readonly required: readonly string[];
  readonly permitted: readonly string[];
  /** Of our own. */
  readonly own: readonly string[];
  /** Controllers can be asked instead of brokers. */
  readonly ofControllers?: boolean;
}

const RULES: Readonly<Record<ReassignAction, Rule>> = {
  generate: { required: [TOPICS, 'broker-list'], permitted: ['disable-rack-aware'], own: [] },
  execute: {
    required: [PLAN],
    permitted: [
      'additional',
      'throttle',
      'replica-alter-log-dirs-throttle',
      'timeout',
      'disallow-replication-factor-change',
    ],
    own: ['dry-run'],
  },
  verify: { required: [PLAN], permitted: ['preserve-throttles'], own: ['dry-run', 'watch'] },
  cancel: { required: [PLAN], permitted: ['preserve-throttles', 'timeout'], own: ['dry-run'], ofControllers: true },
  list: { required: [], permitted: [], own: ['watch'], ofControllers: true },
};

const SERVER = 'bootstrap-server';
const CONTROLLER = 'bootstrap-controller';

function checkAddresses(context: CommandContext, options: ParsedOptions): void {
  const both = options.has(SERVER) && options.has(CONTROLLER);
  if (both) {
    const text = "Please don't specify both --bootstrap-server and --bootstrap-controller";
    throw usageError('--bootstrap-server and --bootstrap-controller do not go together', 'give one of them', text);
  }
  if (context.manner === 'strict' && !options.has(SERVER) && !options.has(CONTROLLER)) {
    throw usageError('', undefined, 'Please specify either --bootstrap-server or --bootstrap-controller');
  }
}

/** Kafka's tool takes the option without a value, and falls over it. */
function checkValues(options: ParsedOptions): void {
  for (const name of [SERVER, CONTROLLER]) {
    if (!options.has(name) || options.value(name) !== undefined) continue;
    throw new CommandError(`--${name} needs a value`, { stage: 'run', exitCode: 2, strictText: 'null' });
  }
}

/** Less than nothing is no throttle for Kafka's tool. */
function checkThrottles(context: CommandContext, options: ParsedOptions): void {
  if (context.manner === 'strict') return;
  for (const name of ['throttle', 'replica-alter-log-dirs-throttle']) {
    if ((options.integer(name) ?? 0) >= 0) continue;
    throw usageError(`--${name} takes bytes a second, not ${options.value(name)}`, 'leave it out for no throttle');
  }
}

const HINTS: Readonly<Record<string, string>> = {
  [PLAN]: '--reassignment-json-file names the plan; kts reassign-partitions --generate makes one',
  [TOPICS]: 'kts reassign-partitions --generate TOPIC --broker-list 1,2,3',
};

function checkRequired(context: CommandContext, options: ParsedOptions, action: ReassignAction): void {
  for (const name of RULES[action].required) {
    if (options.has(name)) continue;
    if (context.manner === 'own') {
      // Without a list all brokers are meant, and topics may be words.
      if (name === 'broker-list' || (name === TOPICS && options.words.length > 0)) continue;
      throw usageError(action === 'generate' ? 'which topics?' : 'which plan?', HINTS[name]);
    }
    throw usageError('', undefined, `Missing required argument "[${name}]"`);
  }
  if (context.manner === 'own' && options.has(TOPICS) && options.words.length > 0) {
    throw usageError(`--${TOPICS} and topics as words do not go together`, 'give one of them');
  }
}

function checkPermitted(context: CommandContext, options: ParsedOptions, action: ReassignAction): void {
  const { required, permitted, own, ofControllers } = RULES[action];
  const address = ofControllers && options.has(CONTROLLER) ? CONTROLLER : SERVER;
  const fine = new Set([action, address, 'command-config', ...required, ...permitted]);
  if (context.manner === 'own') for (const name of [...own, 'output']) fine.add(name);
  const wrong = options.names().find((name) => !fine.has(name));
  if (wrong === undefined) return;
  const text = `Option "[${wrong}]" can't be used with action "[${action}]"`;
  throw usageError(`--${wrong} does not go with --${action}`, 'leave it out', text);
}

export function checkReassignOptions(context: CommandContext, options: ParsedOptions): ReassignAction {
  const given = ACTIONS.filter((action) => options.has(action));
  const [action] = given;
  if (action === undefined || given.length > 1) {
    const all = ACTIONS.map((name) => `--${name}`).join(', ');
    throw usageError(
      action === undefined ? 'reassign-partitions needs an action' : `--${given.join(' and --')} do not go together`,
      `one of ${all}`,
      `Command must include exactly one action: ${all}`,
    );
  }
  checkAddresses(context, options);
  checkRequired(context, options, action);
  checkPermitted(context, options, action);
  checkValues(options);
  checkThrottles(context, options);
  if (action !== 'generate' && context.manner === 'own' && options.words.length > 0) {
    throw usageError(`'${options.words[0]}' is one word too many`, 'topics go with --generate only');
  }
  const isRead = [PLAN, TOPICS].some((name) => options.value(name) === '-');
  if (isRead && options.has('watch')) throw usageError('--watch cannot read standard input again', 'name a file');
  return action;
}
