/** `partition.metadata`: the topic id that a partition's directory belongs to. Kafka treats one without it as stray. */
import { isUuid, type Uuid } from '../base/uuid.ts';
import type { Files } from '../runtime/runtime.ts';

export function encodePartitionMetadata(topicId: Uuid): string {
  return `version: 0\ntopic_id: ${topicId}`;
}

export class CorruptPartitionMetadataError extends Error {
  override readonly name = 'CorruptPartitionMetadataError';
}

/** Null when the file is absent or empty. */
export function readPartitionMetadata(files: Files, path: string): Uuid | null {
  let text: string;
  try {
    text = files.readFileSync(path).toString('utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null;
    throw error;
  }
  if (text === '') return null;
  const match = /^version: (\d+)\r?\ntopic_id: ([\w-]{22})\s*$/.exec(text);
  if (match === null || match[1] !== '0' || !isUuid(match[2] as string)) {
    throw new CorruptPartitionMetadataError(
      `Malformed partition metadata file (${path}): it holds no version 0 and topic_id`,
    );
  }
  return match[2] as string;
}
