/**
 * `meta.properties`: what makes a directory a formatted log directory of one node of one cluster. Only version 1 (KRaft)
 * is understood; version 0 belongs to a ZooKeeper cluster.
 */
import { join } from 'node:path';
import { KtsError } from '../base/kts-error.ts';
import { isUuid, type Uuid } from '../base/uuid.ts';
import type { Files } from '../runtime/runtime.ts';
import { META_PROPERTIES } from './file-names.ts';

export interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  /** Null in directories that were formatted before Kafka 3.7. */
  readonly directoryId: Uuid | null;
}

export function encodeMetaProperties(properties: MetaProperties): string {
  const lines = ['version=1', `cluster.id=${properties.clusterId}`, `node.id=${properties.nodeId}`];
  if (properties.directoryId !== null) lines.push(`directory.id=${properties.directoryId}`);
  return `${lines.join('\n')}\n`;
}

export function writeMetaProperties(files: Files, directory: string, properties: MetaProperties): void {
  files.replaceFileSync(join(directory, META_PROPERTIES), encodeMetaProperties(properties));
}

/** Null when there is none: the directory is not formatted. Content that cannot be is a KtsError that names the file. */
export function readMetaProperties(files: Files, directory: string): MetaProperties | null {
  const path = join(directory, META_PROPERTIES);
  let text: string;
  try {
    text = files.readFileSync(path).toString('utf8');
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
  return parseMetaProperties(text, path);
}

export function parseMetaProperties(text: string, path: string): MetaProperties {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#!=:\s][^=:\s]*)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (match !== null) values.set(match[1] as string, (match[2] as string).replace(/\\(.)/g, '$1'));
  }
  const broken = (why: string) =>
    new KtsError(`${path} is not usable: ${why}`, { hint: 'Restore the file, or format the directory again.' });
  const version = values.get('version');
  if (version === '0') throw broken('it has version 0, that of a ZooKeeper cluster');
  if (version !== '1') throw broken(version === undefined ? 'version is missing' : `version is '${version}', not 1`);
  const clusterId = values.get('cluster.id');
  if (clusterId === undefined || clusterId === '') throw broken('cluster.id is missing');
  const nodeText = values.get('node.id') ?? '';
  const nodeId = Number(nodeText);
  if (!/^\d{1,10}$/.test(nodeText) || nodeId > 0x7fffffff) throw broken(`node.id is '${nodeText}', not a number`);
  const directoryId = values.get('directory.id') ?? null;
  if (directoryId !== null && !isUuid(directoryId)) throw broken(`directory.id is '${directoryId}', not a uuid`);
  return { clusterId, nodeId, directoryId };
}
