/** Under which heading an option stands in help: by what somebody wants to do. */

type Groups = readonly (readonly [title: string, options: readonly string[]])[];

const BY_TOOL: Readonly<Record<string, Groups>> = {
  topics: [
    ['What to do', ['create', 'list', 'describe', 'alter', 'delete', 'dry-run']],
    ['Which topics', ['topic', 'topic-id', 'exclude-internal', 'if-exists', 'if-not-exists']],
    ['How a topic shall be', ['partitions', 'replication-factor', 'replica-assignment', 'config', 'delete-config']],
    [
      'Describe only',
      [
        'under-replicated-partitions',
        'unavailable-partitions',
        'under-min-isr-partitions',
        'at-min-isr-partitions',
        'topics-with-overrides',
      ],
    ],
  ],
  'console-consumer': [
    ['What to read', ['topic', 'include', 'partition', 'group', 'grep', 'isolation-level']],
    ['From where to where', ['from-beginning', 'from', 'to', 'offset', 'max-messages', 'timeout-ms']],
    [
      'How records look',
      [
        'output',
        'formatter-property',
        'formatter-config',
        'formatter',
        'key-deserializer',
        'value-deserializer',
        'skip-message-on-error',
        'enable-systest-events',
      ],
    ],
  ],
  'console-producer': [
    ['Where to and what', ['topic', 'reader-property', 'reader-config', 'line-reader']],
    ['How it is sent', ['compression-codec', 'request-required-acks', 'sync', 'batch-size', 'timeout', 'dry-run']],
    [
      'Patience and memory',
      [
        'message-send-max-retries',
        'retry-backoff-ms',
        'request-timeout-ms',
        'max-block-ms',
        'max-memory-bytes',
        'metadata-expiry-ms',
        'socket-buffer-size',
      ],
    ],
  ],
  'reassign-partitions': [
    ['What to do', ['generate', 'execute', 'verify', 'cancel', 'list', 'dry-run']],
    ['Generate', ['topics-to-move-json-file', 'broker-list', 'disable-rack-aware']],
    ['The plan', ['reassignment-json-file', 'additional', 'disallow-replication-factor-change', 'timeout']],
    ['Throttles', ['throttle', 'replica-alter-log-dirs-throttle', 'preserve-throttles']],
  ],
  'consumer-groups': [
    ['What to do', ['list', 'describe', 'reset-offsets', 'delete', 'delete-offsets', 'validate-regex']],
    ['Which groups and topics', ['group', 'all-groups', 'topic', 'all-topics', 'state', 'type']],
    ['Describe', ['offsets', 'members', 'verbose']],
    [
      'Reset to',
      [
        'to-earliest',
        'to-latest',
        'to-current',
        'to-offset',
        'shift-by',
        'to-datetime',
        'by-duration',
        'from-file',
        'dry-run',
        'execute',
        'export',
      ],
    ],
  ],
  configs: [
    ['What to do', ['describe', 'all', 'alter', 'add-config', 'add-config-file', 'delete-config', 'dry-run']],
    [
      'Of what',
      [
        'topic',
        'broker',
        'broker-defaults',
        'broker-logger',
        'group',
        'user',
        'user-defaults',
        'client',
        'client-defaults',
        'ip',
        'ip-defaults',
        'client-metrics',
        'entity-type',
        'entity-name',
        'entity-default',
      ],
    ],
  ],
  acls: [
    ['What to do', ['list', 'add', 'remove', 'force', 'dry-run']],
    ['For whom', ['allow-principal', 'allow-host', 'deny-principal', 'deny-host', 'principal']],
    [
      'On what',
      ['topic', 'group', 'cluster', 'transactional-id', 'delegation-token', 'user-principal', 'resource-pattern-type'],
    ],
    ['To do what', ['operation', 'producer', 'consumer', 'idempotent']],
  ],
};

const COMMON: Groups = [
  ['How it looks', ['output', 'watch']],
  [
    'Connection',
    [
      'bootstrap-server',
      'bootstrap-controller',
      'command-config',
      'command-property',
      'partition-size-limit-per-response',
      'timeout',
    ],
  ],
  ['Help', ['help', 'version']],
];

export const OLD_NAMES = 'Old names';
export const OTHERS = 'Options';

/** In the order of the page. */
export function helpGroups(tool: string): readonly string[] {
  return [...(BY_TOOL[tool] ?? []).map(([title]) => title), OTHERS, ...COMMON.map(([title]) => title), OLD_NAMES];
}

export function helpGroupOf(tool: string, option: string, isOld: boolean): string {
  if (isOld) return OLD_NAMES;
  const groups = [...(BY_TOOL[tool] ?? []), ...(tool === 'ready' ? [] : COMMON)];
  return (
    groups.find(([, options]) => options.includes(option))?.[0] ??
    (option === 'help' || option === 'version' ? 'Help' : OTHERS)
  );
}
