/** `storage info`: what the directories of a configuration are, and what is wrong with them. */
import { join } from 'node:path';
import { causeText } from '../../base/logger.ts';
import type { Files } from '../../runtime/runtime.ts';
import { type MetaProperties, readMetaProperties } from '../../storage/meta-properties.ts';
import type { FormatConfig } from './format-options.ts';

export interface StorageInfo {
  readonly found: readonly string[];
  readonly metadata: MetaProperties | null;
  readonly problems: readonly string[];
}

export function storageInfo(files: Files, config: Pick<FormatConfig, 'logDirs' | 'metadataLogDir'>): StorageInfo {
  const directories = [...new Set([config.metadataLogDir, ...config.logDirs])].sort();
  const found: string[] = [];
  const problems: string[] = [];
  let metadata: MetaProperties | null = null;
  for (const directory of directories) {
    const stat = files.statSync(directory);
    if (stat === null || !stat.isDirectory) {
      problems.push(`${directory} ${stat === null ? 'does not exist' : 'is not a directory'}`);
      continue;
    }
    found.push(directory);
    let current: MetaProperties | null;
    try {
      current = readMetaProperties(files, directory);
    } catch (error) {
      problems.push(`Error loading ${join(directory, 'meta.properties')}: ${causeText(error)}`);
      continue;
    }
    if (current === null) problems.push(`${directory} is not formatted.`);
    else if (metadata === null) metadata = current;
    else if (metadata.clusterId !== current.clusterId) {
      problems.push('Mismatched cluster IDs between storage directories.');
    } else if (metadata.nodeId !== current.nodeId) {
      problems.push('Mismatched node IDs between storage directories.');
    }
  }
  return { found, metadata, problems };
}

function metadataText({ clusterId, directoryId, nodeId }: MetaProperties): string {
  const directory = directoryId === null ? '' : `directory.id=${directoryId}, `;
  return `{cluster.id=${clusterId}, ${directory}node.id=${nodeId}, version=1}`;
}

/** As Kafka prints it; the tool ends with 1 when there are problems. */
export function storageInfoLines({ found, metadata, problems }: StorageInfo): string[] {
  const lines: string[] = [];
  const section = (title: string, plural: string, entries: readonly string[]): void => {
    if (entries.length === 0) return;
    lines.push(entries.length === 1 ? title : plural, ...entries.map((entry) => `  ${entry}`), '');
  };
  section('Found log directory:', 'Found log directories:', found);
  if (metadata !== null) lines.push(`Found metadata: ${metadataText(metadata)}`, '');
  section('Found problem:', 'Found problems:', problems);
  return lines;
}
