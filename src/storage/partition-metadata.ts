/** `partition.metadata`: the topic id that a partition's directory belongs to. Kafka treats one without it as stray. */
import { isUuid, type Uuid, ZERO_UUID } from '../base/uuid.ts';
import type { Files } from '../runtime/runtime.ts';

export function encodePartitionMetadata(topicId: Uuid): string {
  return `version: 0\ntopic_id: ${topicId}`;
}

export class CorruptPartitionMetadataError extends Error {
  override readonly name = 'CorruptPartitionMetadataError';
}

/** Null when the file is absent or empty, or, unless the last stop was `clean`, when it was not written to its end. */
export function readPartitionMetadata(files: Files, path: string, clean = true): Uuid | null {
  let text: string;
  try {
    text = files.readFileSync(path).toString('utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null;
    throw error;
  }
  if (text === '' || (!clean && isTorn(text))) return null;
  const match = /^version: (\d+)\r?\ntopic_id: ([\w-]{22})\s*$/.exec(text);
  if (match === null || match[1] !== '0' || !isUuid(match[2] as string)) {
    throw new CorruptPartitionMetadataError(
      `Malformed partition metadata file (${path}): it holds no version 0 and topic_id`,
    );
  }
  return match[2] as string;
}

/** As far as the disk had it when the power went; what was never written reads as zeros. */
function isTorn(text: string): boolean {
  const whole = encodePartitionMetadata(ZERO_UUID);
  const head = whole.slice(0, -ZERO_UUID.length);
  const found = text.replace(/\0+$/, '');
  if (found.length >= whole.length) return false;
  return head.startsWith(found) || (found.startsWith(head) && /^[\w-]*$/.test(found.slice(head.length)));
}
