/**
 * The rules about the tree, as data: who may import whom, what is banned outside its home, how long a file may get.
 * tidy.test.ts holds the tree against them. A rule is changed here, with its reason, or not at all.
 */

const LOWER = ['base', 'runtime', 'protocol', 'config'] as const;
const ENGINE = ['storage', 'raft', 'metadata', 'controller', 'coordinator', 'broker', 'server'] as const;

/** Folder of src -> folders it may import. A folder may always import itself. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  runtime: ['base'],
  protocol: ['base', 'runtime'],
  config: ['base', 'runtime', 'protocol'],
  network: LOWER,
  storage: LOWER,
  raft: LOWER,
  metadata: LOWER,
  controller: [...LOWER, 'metadata', 'raft'],
  coordinator: [...LOWER, 'metadata'],
  broker: [...LOWER, 'network', 'storage', 'metadata', 'coordinator'],
  server: [...LOWER, 'network', 'storage', 'raft', 'metadata', 'controller', 'coordinator', 'broker'],
  client: [...LOWER, 'network'],
  sources: [...LOWER, 'network', 'client'],
  web: [...LOWER, 'network', 'client'],
  console: [...LOWER, 'network', 'client'],
  commands: [...LOWER, 'network', 'client', 'sources', 'web', 'console'],
};

/** Folders of which only the types may be imported: metadata listens to raft through raft's own interface. */
export const TYPES_OF: Readonly<Record<string, readonly string[]>> = { metadata: ['raft'] };

/** What a part of a folder may import beyond the rest of it: handlers are rows of the listener's table. */
export const BEYOND: Readonly<Record<string, readonly string[]>> = { 'src/controller/handlers/': ['network'] };

/** The one table of commands names each command's file, and loads none before it is asked for. */
export const LAZY_TABLES: Readonly<Record<string, string>> = { 'src/console/command-table.ts': 'commands' };

/** Files beside the folders: the command path and the public modules. */
export const TOP_FILES: Readonly<Record<string, readonly string[]>> = {
  'start.ts': [...LOWER, 'console'],
  'client.ts': [...LOWER, 'network', 'client'],
  'broker.ts': [...LOWER, 'network', 'server'],
  'index.ts': ['broker.ts', 'client.ts'],
};

/** These commands work on a node or its files; every other command runs without the engine. */
export const ENGINE_COMMANDS: ReadonlySet<string> = new Set([
  'server-start.ts',
  'zookeeper-server-start.ts',
  'storage.ts',
  // Formats the nodes of a new cluster; its other subcommands load nothing of it.
  'cluster.ts',
  'dump-log.ts',
  'metadata-shell.ts',
]);
export const ENGINE_FOLDERS: readonly string[] = ENGINE;

/** Packages and the folders that may import them. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@node-rs/crc32': ['protocol'],
  snappy: ['protocol'],
  'lz4-napi': ['protocol'],
  // Its parts: the whole takes half as long again to load.
  '@oclif/core/command': ['console'],
  '@oclif/core/config': ['console'],
  '@oclif/core/flags': ['console'],
  '@oclif/core/help': ['console'],
  chalk: ['console', 'commands'],
  ora: ['console', 'commands'],
  'cli-table3': ['console', 'commands'],
};

/** Node's modules without a door to the outside; every other one belongs to src/runtime. */
export const PURE_NODE_MODULES: ReadonlySet<string> = new Set([
  'node:path',
  'node:buffer',
  'node:util',
  'node:zlib',
  'node:crypto',
  'node:string_decoder',
  'node:url',
]);

/** Doors outside src/runtime: the console's output and input are the descriptors of the terminal; native codecs are required. */
export const DOORS: Readonly<Record<string, readonly string[]>> = {
  'src/console/output.ts': ['node:fs', 'node:tty'],
  'src/console/input.ts': ['node:fs'],
  'src/console/consumer/bulk-output.ts': ['node:fs'],
  'src/protocol/compression-native.ts': ['node:module'],
};

export interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Paths below src that may use it. */
  readonly home: readonly string[];
}

export const BANS: readonly Ban[] = [
  {
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|(?<![\w.] ?)\bDate\(\)/,
    instead: 'Clock.nowMs of the runtime',
    home: ['runtime/'],
  },
  {
    pattern: /\bperformance\.now\b|\bprocess\.hrtime\b/,
    instead: 'Clock.monotonicMs of the runtime',
    home: ['runtime/'],
  },
  {
    pattern: /(?<![.\w#])(?:setTimeout|setInterval|setImmediate)\s*\(/,
    instead: 'Timers of the runtime',
    home: ['runtime/'],
  },
  {
    pattern: /\bMath\.random\b|^import\b.*\brandom(?:Bytes|UUID|FillSync|Fill|Int)\b|\bcrypto\.(?:random|getRandom)/,
    instead: 'Random of the runtime',
    home: ['runtime/'],
  },
  {
    pattern: /(?<![.\w#])process\.\w/,
    instead: 'src/runtime/processes.ts, or what bin/kts.js hands in',
    home: ['runtime/'],
  },
  {
    pattern: /(?<![.\w#])console\.(?:log|error|warn|info|debug|trace|table)\b/,
    instead: 'the logger of src/base, or the output object of src/console',
    home: [],
  },
  { pattern: /\bnew Function\b|(?<![.\w#])eval\s*\(/, instead: 'src/runtime/code-generation.ts', home: ['runtime/'] },
  { pattern: /(?<![.\w#])(?:WebSocket|XMLHttpRequest)\b/, instead: 'Sockets of the runtime', home: ['runtime/'] },
];

export const MAX_LINES = 600;

/** Data, where a file is as long as its facts. */
export const DATA_FILES: readonly RegExp[] = [
  /^src\/protocol\/messages\//,
  /^src\/protocol\/records\//,
  /^src\/config\/.*keys.*\.ts$/,
  /^src\/console\/options\//,
  /\/(?:fixtures|golden|facts)\//,
];

/** A ratchet: files that crossed the limit, with the length they have. They may shrink, never grow. */
export const LONG_FILES: Readonly<Record<string, number>> = {};

/** What `start` loads before it knows the command must stay small: none of these on its static imports. */
export const NOT_AT_START: readonly RegExp[] = [
  /^(?:@oclif\/core.*|chalk|ora|cli-table3)$/,
  /^node:(?:crypto|zlib|sqlite|child_process|worker_threads|tls|http|https)$/,
  /^src\/(?:client|network|protocol\/messages|storage|server|broker|controller)\//,
];

/** Traces of one machine. Spelled apart, so that this file does not hold them itself. */
export const MACHINE_TRACES: readonly RegExp[] = [
  new RegExp(['', 'work', '(?:main|shared|\\.library|\\.mirror)'].join('/')),
  new RegExp(['', 'tmp', 'team'].join('/')),
  new RegExp(['\\.\\.', 'shared', ''].join('/')),
  new RegExp(['', 'root', ''].join('/')),
  /"resolved":\s*"http/,
  new RegExp(['(?:artifact', '-?registry|pkg\\.', 'dev\\b|npm', 'mirror\\.com)'].join('')),
];
