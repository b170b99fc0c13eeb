/** The small files of a log directory, each written and read back, and each in a state that cannot be. */
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeFiles } from '../../src/runtime/node-files.ts';
import {
  CorruptCheckpointError,
  encodeEpochCheckpoint,
  encodeOffsetCheckpoint,
  readEpochCheckpoint,
  readOffsetCheckpoint,
} from '../../src/storage/checkpoint-file.ts';
import {
  readCleanShutdownFile,
  removeCleanShutdownFile,
  writeCleanShutdownFile,
} from '../../src/storage/clean-shutdown-file.ts';
import {
  markedPartitionDirectory,
  offsetName,
  offsetOfName,
  parsePartitionDirectory,
} from '../../src/storage/file-names.ts';
import { GroupCommit } from '../../src/storage/group-commit.ts';
import { encodeMetaProperties, parseMetaProperties, readMetaProperties } from '../../src/storage/meta-properties.ts';
import {
  CorruptPartitionMetadataError,
  encodePartitionMetadata,
  readPartitionMetadata,
} from '../../src/storage/partition-metadata.ts';
import {
  CorruptSnapshotError,
  decodeProducerSnapshot,
  encodeProducerSnapshot,
} from '../../src/storage/producer-snapshot.ts';
import { removeDirectory, TOPIC_ID, temporaryDirectory } from './support.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));
const path = (name: string) => join(directory, name);

describe('checkpoints', () => {
  it('hold topic, partition and offset, one a line', () => {
    const text = encodeOffsetCheckpoint([
      { topic: 'a-b', partition: 3, offset: 17 },
      { topic: 't', partition: 0, offset: 2 ** 40 },
    ]);
    expect(text).toBe('0\n2\na-b 3 17\nt 0 1099511627776\n');
    fs.writeFileSync(path('c'), text);
    expect(readOffsetCheckpoint(nodeFiles, path('c'))).toEqual(
      new Map([
        ['a-b-3', 17],
        ['t-0', 2 ** 40],
      ]),
    );
  });

  it('are empty when the file is missing or has no bytes', () => {
    expect(readOffsetCheckpoint(nodeFiles, path('none')).size).toBe(0);
    fs.writeFileSync(path('c'), '');
    expect(readEpochCheckpoint(nodeFiles, path('c'))).toEqual([]);
  });

  it.each([
    ['another version', '1\n0\n'],
    ['a wrong count', '0\n2\nt 0 1\n'],
    ['a word too few', '0\n1\nt 0\n'],
    ['a word too many', '0\n1\nt 0 1 2\n'],
    ['no number', '0\n1\nt 0 x\n'],
    ['a number beyond all offsets', '0\n1\nt 0 99999999999999999999\n'],
    ['zeros', '\0\0\0\0'],
    ['no count', '0\n'],
  ])('with %s are refused by the name of their file', (_, text) => {
    fs.writeFileSync(path('c'), text);
    expect(() => readOffsetCheckpoint(nodeFiles, path('c'))).toThrow(CorruptCheckpointError);
    expect(() => readOffsetCheckpoint(nodeFiles, path('c'))).toThrow(path('c'));
  });

  it('of leader epochs hold epoch and start offset', () => {
    const entries = [
      { epoch: 1, startOffset: 0 },
      { epoch: 4, startOffset: 1462 },
    ];
    fs.writeFileSync(path('e'), encodeEpochCheckpoint(entries));
    expect(fs.readFileSync(path('e'), 'utf8')).toBe('0\n2\n1 0\n4 1462\n');
    expect(readEpochCheckpoint(nodeFiles, path('e'))).toEqual(entries);
  });
});

describe('partition.metadata', () => {
  it('is absent when it was not written to its end and the stop was not clean', () => {
    const whole = encodePartitionMetadata(TOPIC_ID);
    for (let size = 0; size < whole.length; size++) {
      for (const zeros of [0, whole.length - size]) {
        fs.writeFileSync(path('m'), whole.slice(0, size) + '\0'.repeat(zeros));
        expect(readPartitionMetadata(nodeFiles, path('m'), false)).toBeNull();
      }
    }
    expect(() => readPartitionMetadata(nodeFiles, path('m'))).toThrow(CorruptPartitionMetadataError);
  });

  it('is what Kafka writes, without a newline at the end', () => {
    expect(encodePartitionMetadata(TOPIC_ID)).toHaveLength(43);
    fs.writeFileSync(path('m'), encodePartitionMetadata(TOPIC_ID));
    expect(readPartitionMetadata(nodeFiles, path('m'))).toBe(TOPIC_ID);
    expect(readPartitionMetadata(nodeFiles, path('none'))).toBeNull();
    fs.writeFileSync(path('m'), 'version: 1\ntopic_id: x');
    expect(() => readPartitionMetadata(nodeFiles, path('m'))).toThrow(CorruptPartitionMetadataError);
    expect(() => readPartitionMetadata(nodeFiles, path('m'), false)).toThrow(CorruptPartitionMetadataError);
  });
});

describe('meta.properties', () => {
  const properties = { clusterId: '5L6g3nShT-eMCtK--X86sw', nodeId: 1, directoryId: TOPIC_ID };

  it('is read back, also with comments, spaces and escapes as Java writes them', () => {
    expect(parseMetaProperties(encodeMetaProperties(properties), 'p')).toEqual(properties);
    const java = `#\n#Sat Nov 21 15:39:40 UTC 2026\ncluster.id=${properties.clusterId}\nversion = 1\nnode.id: 1\r\ndirectory.id=${TOPIC_ID}\n`;
    expect(parseMetaProperties(java, 'p')).toEqual(properties);
    expect(readMetaProperties(nodeFiles, directory)).toBeNull();
  });

  it.each([
    ['version 0', 'version=0\nbroker.id=1\n'],
    ['no version', 'cluster.id=x\nnode.id=1\n'],
    ['no cluster id', 'version=1\nnode.id=1\n'],
    ['no node id', 'version=1\ncluster.id=x\n'],
    ['a node id that is none', 'version=1\ncluster.id=x\nnode.id=-3\n'],
    ['a directory id that is none', 'version=1\ncluster.id=x\nnode.id=1\ndirectory.id=zz\n'],
    ['no bytes', ''],
  ])('with %s is refused in one line that names the file', (_, text) => {
    fs.writeFileSync(path('meta.properties'), text);
    expect(() => readMetaProperties(nodeFiles, directory)).toThrow(/^\S*meta\.properties is not usable: [^\n]+$/);
  });
});

describe('.kafka_cleanshutdown', () => {
  it('tells the broker epoch, and nothing when it is gone or not understood', () => {
    expect(readCleanShutdownFile(nodeFiles, directory)).toBeNull();
    writeCleanShutdownFile(nodeFiles, directory, 18);
    expect(fs.readFileSync(path('.kafka_cleanshutdown'), 'utf8')).toBe('{"version":0,"brokerEpoch":18}');
    expect(readCleanShutdownFile(nodeFiles, directory)).toEqual({ brokerEpoch: 18 });
    fs.writeFileSync(path('.kafka_cleanshutdown'), '');
    expect(readCleanShutdownFile(nodeFiles, directory)).toEqual({ brokerEpoch: -1 });
    removeCleanShutdownFile(nodeFiles, directory);
    expect(readCleanShutdownFile(nodeFiles, directory)).toBeNull();
  });
});

describe('producer snapshots', () => {
  const entry = {
    producerId: 2 ** 33 + 7,
    epoch: 3,
    batches: [{ lastSequence: 41, lastOffset: 2 ** 41, offsetDelta: 4, timestamp: 1_700_000_000_000 }],
    lastTimestamp: 1_700_000_000_000,
    coordinatorEpoch: -1,
    currentTxnFirstOffset: -1,
  };

  it('are read back, 46 bytes for each producer', () => {
    const bytes = encodeProducerSnapshot([entry, { ...entry, producerId: 1, batches: [] }], 2);
    expect(bytes).toHaveLength(10 + 2 * 46);
    expect(decodeProducerSnapshot(bytes, 's')).toEqual([entry, { ...entry, producerId: 1, batches: [] }]);
    expect(encodeProducerSnapshot([], 0)).toHaveLength(10);
  });

  it('are refused when any bit of them is wrong or a byte is missing', () => {
    const bytes = encodeProducerSnapshot([entry], 1);
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] as number) ^ 1;
      expect(() => decodeProducerSnapshot(changed, 's')).toThrow(CorruptSnapshotError);
      expect(() => decodeProducerSnapshot(bytes.subarray(0, i), 's')).toThrow(CorruptSnapshotError);
    }
  });
});

describe('names', () => {
  it('of segments are twenty digits', () => {
    expect(offsetName(123)).toBe('00000000000000000123');
    expect(offsetOfName('00000000000000000123.log', '.log')).toBe(123);
    for (const name of [
      '123.log',
      '00000000000000000123.index',
      '0000000000000000012x.log',
      '99999999999999999999.log',
    ]) {
      expect(offsetOfName(name, '.log')).toBe(-1);
    }
  });

  it('of partition directories may hold dashes and dots, and a mark', () => {
    expect(parsePartitionDirectory('my-topic.x-12')).toEqual({ topic: 'my-topic.x', partition: 12, kind: 'live' });
    const hex = '0123456789abcdef0123456789abcdef';
    expect(parsePartitionDirectory(`a-b-0.${hex}-delete`)).toEqual({ topic: 'a-b', partition: 0, kind: 'delete' });
    expect(parsePartitionDirectory(`a-0.${hex}-stray`)?.kind).toBe('stray');
    for (const name of ['lost+found', 'topic', 'topic-', '-1', 'topic-99999999999']) {
      expect(parsePartitionDirectory(name)).toBeNull();
    }
    const long = markedPartitionDirectory('x'.repeat(249), 7, 'delete', hex);
    expect(long).toHaveLength(255);
    expect(parsePartitionDirectory(long)?.kind).toBe('delete');
  });
});

describe('GroupCommit', () => {
  it('runs once for all who came before it began, and again for who came later', async () => {
    const ends: (() => void)[] = [];
    const commit = new GroupCommit(() => new Promise((end) => ends.push(end)));
    const first = commit.run();
    const second = commit.run();
    const third = commit.run();
    expect(second).toBe(third);
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await first;
    while (ends.length < 2) await Promise.resolve();
    const fourth = commit.run();
    ends[1]?.();
    await second;
    while (ends.length < 3) await Promise.resolve();
    ends[2]?.();
    await fourth;
    expect(ends).toHaveLength(3);
  });

  it('tells everybody when it fails, and can be asked again', async () => {
    let fail = true;
    const commit = new GroupCommit(async () => {
      if (fail) throw new Error('no');
    });
    const first = commit.run();
    const second = commit.run();
    await expect(first).rejects.toThrow('no');
    await expect(second).rejects.toThrow('no');
    fail = false;
    await commit.run();
  });
});
