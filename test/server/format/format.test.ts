/** Held against Kafka 4.3.1's own output for the same options. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KtsError } from '../../../src/base/kts-error.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { decodeRecord, type MetadataRecord } from '../../../src/metadata/records.ts';
import { SnapshotContent } from '../../../src/raft/snapshot-files.ts';
import { nodeFiles } from '../../../src/runtime/node-files.ts';
import { nodeRandom } from '../../../src/runtime/node-time.ts';
import { formatDirectories } from '../../../src/server/format/format-directories.ts';
import { type FormatConfig, type FormatOptions, NO_FORMAT_OPTIONS } from '../../../src/server/format/format-options.ts';
import { storageInfo, storageInfoLines } from '../../../src/server/format/storage-info.ts';
import { readMetaProperties } from '../../../src/storage/meta-properties.ts';
import { fixture } from '../../metadata/support.ts';

const CLUSTER_ID = 'Z2m4mKBFQvmNMZ2rQ0aQ3A';
const NOW_MS = Date.UTC(2026, 10, 21, 15, 54, 41);

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kts-format-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const runtime = { files: nodeFiles, random: nodeRandom, clock: { nowMs: () => NOW_MS } };

function config(more: Partial<FormatConfig> = {}): FormatConfig {
  const dir = join(directory, 'a');
  return {
    nodeId: 1,
    processRoles: new Set(['broker', 'controller'] as const),
    logDirs: [dir],
    metadataLogDir: dir,
    controllerListenerNames: ['CONTROLLER'],
    quorumVoters: [{}],
    advertisedControllerListeners: [{ host: '127.0.0.1', port: 29193 }],
    ...more,
  };
}

const DYNAMIC = { quorumVoters: [] };

function format(options: Partial<FormatOptions> = {}, with_: FormatConfig = config()): string[] {
  const lines: string[] = [];
  formatDirectories(runtime, with_, { ...NO_FORMAT_OPTIONS, clusterId: CLUSTER_ID, ...options }, (line) =>
    lines.push(line.replaceAll(directory, 'DIR')),
  );
  return lines;
}

function errorOf(options: Partial<FormatOptions>, with_?: FormatConfig): string {
  try {
    format(options, with_);
    return 'no error';
  } catch (error) {
    const { message } = error as Error;
    const text = message.replaceAll(directory, 'DIR');
    if (error instanceof ConfigError) return `${error.exception}: ${text}`;
    expect(error).toBeInstanceOf(KtsError);
    return text;
  }
}

function bootstrapRecords(dir = 'a'): MetadataRecord[] {
  const path = join(directory, dir, 'bootstrap.checkpoint');
  const content = new SnapshotContent({ endOffset: 0, epoch: 0 }, readFileSync(path), path);
  return [...content.batches()].flat().map((value) => decodeRecord(value));
}

const levels = () =>
  Object.fromEntries(
    bootstrapRecords().map((record) =>
      record.type === 'featureLevel' ? [record.value.name, record.value.featureLevel] : [record.type, 0],
    ),
  );

const TEXT =
  "Bootstrap metadata: BootstrapMetadata(records=[ApiMessageAndVersion(FeatureLevelRecord(name='metadata.version', featureLevel=30) at version 0), ApiMessageAndVersion(FeatureLevelRecord(name='eligible.leader.replicas.version', featureLevel=1) at version 0), ApiMessageAndVersion(FeatureLevelRecord(name='group.version', featureLevel=1) at version 0), ApiMessageAndVersion(FeatureLevelRecord(name='share.version', featureLevel=1) at version 0), ApiMessageAndVersion(FeatureLevelRecord(name='streams.version', featureLevel=1) at version 0), ApiMessageAndVersion(FeatureLevelRecord(name='transaction.version', featureLevel=2) at version 0)], metadataVersionLevel=30, source=format command)";

describe('formatting a static node', () => {
  it('prints and writes what Kafka does', () => {
    expect(format()).toEqual([TEXT, 'Formatting metadata directory DIR/a with metadata.version 4.3-IV0.']);
    expect(readdirSync(join(directory, 'a')).sort()).toEqual(['bootstrap.checkpoint', 'meta.properties']);
    const { directoryId } = readMetaProperties(nodeFiles, join(directory, 'a')) ?? {};
    expect(readFileSync(join(directory, 'a', 'meta.properties'), 'utf8')).toBe(
      `#\n#Sat Nov 21 15:54:41 UTC 2026\nnode.id=1\ndirectory.id=${directoryId}\nversion=1\ncluster.id=${CLUSTER_ID}\n`,
    );
  });

  it('writes the bootstrap file byte for byte but for its times', () => {
    format();
    const mine = readFileSync(join(directory, 'a', 'bootstrap.checkpoint'));
    const kafkas = Buffer.from(fixture('bootstrap.checkpoint'));
    // Of each batch: checksum, base and maximum timestamp.
    for (const at of [0, 83, 336]) {
      for (const bytes of [mine, kafkas]) {
        bytes.fill(0, at + 17, at + 21);
        bytes.fill(0, at + 27, at + 43);
      }
    }
    expect(mine).toEqual(kafkas);
  });

  it('formats several directories, the metadata directory among them', () => {
    const [a, b, meta] = ['a', 'b', 'meta'].map((name) => join(directory, name)) as [string, string, string];
    expect(format({}, config({ logDirs: [a, b], metadataLogDir: meta })).slice(1)).toEqual([
      'Formatting metadata directory DIR/meta with metadata.version 4.3-IV0.',
      'Formatting data directory DIR/b with metadata.version 4.3-IV0.',
      'Formatting data directory DIR/a with metadata.version 4.3-IV0.',
    ]);
    const ids = [a, b, meta].map((dir) => readMetaProperties(nodeFiles, dir)?.directoryId);
    expect(new Set(ids).size).toBe(3);
    rmSync(b, { recursive: true });
    expect(format({ ignoreFormatted: true }, config({ logDirs: [a, b], metadataLogDir: meta })).slice(1)).toEqual([
      'Formatting data directory DIR/b with metadata.version 4.3-IV0.',
    ]);
    expect(format({ ignoreFormatted: true }, config({ logDirs: [a, b], metadataLogDir: meta }))).toEqual([
      'All of the log directories are already formatted.',
    ]);
  });

  it('refuses what is formatted, and what is formatted otherwise', () => {
    format();
    expect(errorOf({})).toBe(
      'Log directory DIR/a is already formatted. Use --ignore-formatted to ignore this directory and format the others.',
    );
    expect(errorOf({ clusterId: 'other', ignoreFormatted: true })).toBe(
      `java.lang.RuntimeException: Invalid cluster.id in: DIR/a/meta.properties. Expected other, but read ${CLUSTER_ID}`,
    );
    expect(errorOf({ ignoreFormatted: true }, config({ nodeId: 2 }))).toMatch(
      /^java.lang.RuntimeException: Stored node id 1 doesn't match previous node id 2 in DIR\/a\/meta.properties\./,
    );
  });

  it('passes over a file in the place of a directory', () => {
    writeFileSync(join(directory, 'a'), '');
    const lines: string[] = [];
    const options = { ...NO_FORMAT_OPTIONS, clusterId: CLUSTER_ID };
    expect(() => formatDirectories(runtime, config(), options, (line) => lines.push(line))).toThrow(
      'No available log directories to format.',
    );
    expect(lines).toEqual([`I/O error trying to read log directory ${join(directory, 'a')}. Ignoring...`]);
  });

  it('takes any text for a cluster id', () => {
    format({ clusterId: 'not-a uuid:=' });
    expect(readMetaProperties(nodeFiles, join(directory, 'a'))?.clusterId).toBe('not-a uuid:=');
  });
});

describe('features', () => {
  it.each([
    ['3.9-IV0', { 'metadata.version': 21 }],
    ['3.9', { 'metadata.version': 21 }],
    ['4.0', { 'metadata.version': 25, 'group.version': 1, 'transaction.version': 2 }],
    ['4.0.1', { 'metadata.version': 25, 'group.version': 1, 'transaction.version': 2 }],
    [
      '4.2-IV0',
      {
        'metadata.version': 28,
        'eligible.leader.replicas.version': 1,
        'group.version': 1,
        'share.version': 1,
        'transaction.version': 2,
      },
    ],
  ])('of release %s', (releaseVersion, expected) => {
    format({ releaseVersion });
    expect(levels()).toEqual(expected);
  });

  it('can be set one by one; the last of several wins and level 0 is not written', () => {
    format({ features: ['transaction.version=2', 'transaction.version=1', 'share.version=0'] });
    expect(levels()).toMatchObject({ 'transaction.version': 1, 'streams.version': 1 });
    expect(levels()).not.toHaveProperty('share.version');
  });

  it('may name metadata.version', () => {
    format({ features: ['metadata.version=20'] });
    expect(levels()).toEqual({ 'metadata.version': 20 });
  });

  const FLAGS = 'one of the flags --standalone, --initial-controllers, or --no-initial-controllers is used.';
  it.each([
    [
      { releaseVersion: '9.9' },
      /^Unknown metadata.version '9.9'. Supported metadata.version are: 3.3-IV3, .*, 4.3-IV0$/,
    ],
    [{ releaseVersion: '4.4-IV0' }, /^Unknown metadata.version '4.4-IV0'/],
    [
      { features: ['no.such.feature=1'] },
      'Unsupported feature: no.such.feature. Supported features are: eligible.leader.replicas.version, group.version, kraft.version, share.version, streams.version, transaction.version',
    ],
    [
      { features: ['transaction.version=99'] },
      'java.lang.IllegalArgumentException: No feature:transaction.version with feature level 99',
    ],
    [
      { features: ['transaction.version'] },
      "java.lang.RuntimeException: Can't parse feature=level string transaction.version: equals sign not found.",
    ],
    [
      { features: ['group.version=x'] },
      "java.lang.RuntimeException: Can't parse feature=level string group.version=x: unable to parse x as a short.",
    ],
    [
      { features: ['metadata.version=20'], releaseVersion: '3.9-IV0' },
      'Use --release-version instead of --feature metadata.version=X to avoid ambiguity.',
    ],
    [
      { features: ['kraft.version=1'] },
      `Cannot set kraft.version to 1 unless controller.quorum.voters is empty and ${FLAGS} For dynamic controllers support, try using one of --standalone, --initial-controllers, or --no-initial-controllers and removing controller.quorum.voters.`,
    ],
  ])('%j are refused', (options, message) => {
    const error = errorOf(options);
    if (typeof message === 'string') expect(error).toBe(message);
    else expect(error).toMatch(message);
  });
});

describe('a dynamic quorum', () => {
  const dynamic = () => config(DYNAMIC);
  const snapshotPath = () => join(directory, 'a/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint');

  it('begins with this node alone', () => {
    const lines = format({ standalone: true }, dynamic());
    expect(lines[1]).toBe('Formatting dynamic metadata voter directory DIR/a with metadata.version 4.3-IV0.');
    expect(statSync(snapshotPath()).mode & 0o777).toBe(0o400);
    const { control } = new SnapshotContent({ endOffset: 0, epoch: 0 }, readFileSync(snapshotPath()), 'x');
    expect(control).toMatchObject({ kraftVersion: 1, headerTimestampMs: NOW_MS });
    expect(control.voters).toEqual([
      {
        id: 1,
        directoryId: readMetaProperties(nodeFiles, join(directory, 'a'))?.directoryId,
        endpoints: [{ name: 'CONTROLLER', host: '127.0.0.1', port: 29193 }],
        kraftVersion: { min: 0, max: 1 },
      },
    ]);
    expect(readFileSync(snapshotPath()).length).toBe(fixture('voters.checkpoint').length);
  });

  it('begins with given voters, whose list names the directory of this node', () => {
    const initialControllers = '2@h2:9094:KEXY6aqzQY-32P5TStzaFg,1@h1:9093:JEXY6aqzQY-32P5TStzaFg';
    format({ initialControllers }, dynamic());
    expect(readMetaProperties(nodeFiles, join(directory, 'a'))?.directoryId).toBe('JEXY6aqzQY-32P5TStzaFg');
    const { control } = new SnapshotContent({ endOffset: 0, epoch: 0 }, readFileSync(snapshotPath()), 'x');
    expect(control.voters?.map((voter) => voter.id)).toEqual([1, 2]);
  });

  it('may begin with voters of which this node is none', () => {
    const lines = format({ initialControllers: '2@h:9093:JEXY6aqzQY-32P5TStzaFg' }, dynamic());
    expect(lines[1]).toBe('Formatting dynamic metadata directory DIR/a with metadata.version 4.3-IV0.');
  });

  it('is joined by a node without voters of its own', () => {
    expect(format({ noInitialControllers: true }, dynamic())[1]).toMatch(/^Formatting metadata directory/);
    expect(readdirSync(join(directory, 'a')).sort()).toEqual(['bootstrap.checkpoint', 'meta.properties']);
  });

  it('needs no voters on a broker', () => {
    const broker = config({ ...DYNAMIC, processRoles: new Set(['broker'] as const) });
    expect(format({}, broker)[1]).toMatch(/^Formatting metadata directory/);
    expect(errorOf({ standalone: true }, broker)).toBe('You can only use --standalone on a controller.');
  });

  const parse = 'java.lang.IllegalArgumentException: ';
  it.each([
    [
      {},
      'Because controller.quorum.voters is not set on this controller, you must specify one of the following: --standalone, --initial-controllers, or --no-initial-controllers.',
    ],
    [
      { standalone: true, features: ['kraft.version=0'] },
      'Cannot set kraft.version to 0 if controller.quorum.voters is empty and one of the flags --standalone, --initial-controllers, or --no-initial-controllers is used. For dynamic controllers support, try removing the --feature flag for kraft.version.',
    ],
    [{ initialControllers: '1@localhost' }, `${parse}No colon following hostname could be found.`],
    [{ initialControllers: '1@localhost:29193' }, `${parse}No colon following port could be found.`],
    [{ initialControllers: '1:29193' }, `${parse}No @ found in dynamic voter string.`],
    [{ initialControllers: '' }, `${parse}No voters given.`],
    [
      { initialControllers: 'x@h:1:JEXY6aqzQY-32P5TStzaFg' },
      `${parse}Failed to parse node id in dynamic voter string.`,
    ],
    [{ initialControllers: '1@h:xx:JEXY6aqzQY-32P5TStzaFg' }, `${parse}Failed to parse port in dynamic voter string.`],
    [
      { initialControllers: '1@h:1:JEXY6aqzQY-32P5TStzaFg,1@h:2:KEXY6aqzQY-32P5TStzaFg' },
      `${parse}Node id 1 was specified more than once.`,
    ],
  ])('refuses %j', (options, message) => {
    expect(errorOf(options, dynamic())).toBe(message);
  });

  it('is refused beside static voters', () => {
    expect(errorOf({ standalone: true })).toMatch(/^You cannot specify controller.quorum.voters and format the node/);
  });
});

describe('SCRAM credentials', () => {
  it('are the keys that Kafka computes', () => {
    format({ addScram: ['SCRAM-SHA-256=[name=alice,password=alice-secret,salt=YWJj,iterations=4096]'] });
    const record = bootstrapRecords().at(-1);
    expect(record?.type).toBe('userScramCredential');
    const value = record?.value as never as Record<string, Buffer>;
    const { name, mechanism, salt, storedKey, serverKey, iterations } = value;
    expect([name, mechanism, iterations, salt?.toString()]).toEqual(['alice', 1, 4096, 'abc']);
    expect(storedKey?.toString('base64')).toBe('WCmBzC6k+W1+fMoNl1DHI8v7WTZ/qYLAixk7I2688y0=');
    expect(serverKey?.toString('base64')).toBe('TCBWlegKoxEEPUdc5wMkNrFtFdUE7Hqna66Cc5BCsDI=');
  });

  it('are printed as Java prints bytes', () => {
    const [text] = format({ addScram: ['SCRAM-SHA-512=[name="bob",password=x,salt=//8=]'] });
    expect(text).toContain("UserScramCredentialRecord(name='bob', mechanism=2, salt=[-1, -1], storedKey=[");
  });

  it.each([
    ['SCRAM-SHA-256=[name=alice]', "You must supply one of 'password' or 'saltedpassword' to add-scram"],
    ['PLAIN=[name=alice,password=x]', 'The add-scram mechanism PLAIN is not supported.'],
    [
      'SCRAM-SHA-512=[name=bob,iterations=4000,password=x]',
      "The 'iterations' value must be >= 4096 for add-scram using SCRAM_SHA_512",
    ],
    [
      'SCRAM-SHA-512=[name=bob,iterations=20000,password=x]',
      "The 'iterations' value must be <= 16384 for add-scram using SCRAM_SHA_512",
    ],
    ['SCRAM-SHA-512=[iterations=8192,password=x]', "You must supply 'name' to add-scram"],
    ['SCRAM-SHA-512=[name=bob,saltedpassword=abc=]', "You must supply 'salt' with 'saltedpassword' to add-scram"],
    ['SCRAM-SHA-512=name=bob,password=abc', 'Expected configuration string to start with ['],
    ['SCRAM-SHA-512', "Failed to find equals sign in SCRAM argument 'SCRAM-SHA-512'"],
    ['SCRAM-SHA-512=[name=bob,password=abc,salt=YWJj,foo=1]', 'Unknown SCRAM configurations: foo'],
  ])('%s is refused', (argument, message) => {
    expect(errorOf({ addScram: [argument] })).toBe(message);
  });

  it('need a metadata.version that has them', () => {
    expect(errorOf({ releaseVersion: '3.4', addScram: ['SCRAM-SHA-512=[name=bob,password=x]'] })).toBe(
      'SCRAM is only supported in metadata.version 3.5-IV2 or later.',
    );
  });
});

describe('storage info', () => {
  const info = (...names: string[]) => {
    const logDirs = names.map((name) => join(directory, name));
    return storageInfoLines(storageInfo(nodeFiles, { logDirs, metadataLogDir: logDirs[0] as string })).map((line) =>
      line.replaceAll(directory, 'DIR'),
    );
  };
  const metadata = (name: string) => {
    const { clusterId, directoryId } = readMetaProperties(nodeFiles, join(directory, name)) ?? {};
    return `Found metadata: {cluster.id=${clusterId}, directory.id=${directoryId}, node.id=1, version=1}`;
  };

  it('shows a formatted directory', () => {
    format();
    expect(info('a')).toEqual(['Found log directory:', '  DIR/a', '', metadata('a'), '']);
  });

  it('names what is missing, no directory, or not formatted', () => {
    format();
    writeFileSync(join(directory, 'file'), '');
    nodeFiles.makeDirectorySync(join(directory, 'empty'));
    expect(info('a', 'none', 'file', 'empty')).toEqual([
      'Found log directories:',
      '  DIR/a',
      '  DIR/empty',
      '',
      metadata('a'),
      '',
      'Found problems:',
      '  DIR/empty is not formatted.',
      '  DIR/file is not a directory',
      '  DIR/none does not exist',
      '',
    ]);
  });

  it('sees two clusters in one node', () => {
    const dirs = ['a', 'b'].map((name) => join(directory, name)) as [string, string];
    format({}, config({ logDirs: [dirs[0]], metadataLogDir: dirs[0] }));
    format({ clusterId: 'other' }, config({ logDirs: [dirs[1]], metadataLogDir: dirs[1] }));
    expect(info('a', 'b').slice(-3)).toEqual([
      'Found problem:',
      '  Mismatched cluster IDs between storage directories.',
      '',
    ]);
  });
});
