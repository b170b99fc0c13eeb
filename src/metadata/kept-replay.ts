/** Replay of quotas, ACLs, SCRAM credentials and delegation tokens: kept as records until something uses them. */
import { unreachable } from '../base/assert.ts';
import type { MetadataDelta } from './delta.ts';
import type { MetadataRecord } from './records.ts';

export type KeptRecordUnion = Extract<
  MetadataRecord,
  {
    type:
      | 'clientQuota'
      | 'accessControlEntry'
      | 'removeAccessControlEntry'
      | 'userScramCredential'
      | 'removeUserScramCredential'
      | 'delegationToken'
      | 'removeDelegationToken';
  }
>;

type QuotaEntity = readonly { readonly entityType: string; readonly entityName: string | null }[];

/** One text for an entity whatever the order of its parts. */
export function quotaKey(entity: QuotaEntity, key: string): string {
  const parts = entity.map((part) => [part.entityType, part.entityName]).sort();
  return JSON.stringify([parts, key]);
}

export function scramKey(mechanism: number, user: string): string {
  return `${mechanism}:${user}`;
}

export function replayKeptRecord(delta: MetadataDelta, record: KeptRecordUnion): void {
  switch (record.type) {
    case 'clientQuota': {
      const { entity, key, remove } = record.value;
      delta.kept.clientQuotas.set(quotaKey(entity, key), remove ? undefined : record);
      return;
    }
    case 'accessControlEntry':
      delta.kept.acls.set(record.value.id, record);
      return;
    case 'removeAccessControlEntry':
      delta.kept.acls.set(record.value.id, undefined);
      return;
    case 'userScramCredential':
      delta.kept.scram.set(scramKey(record.value.mechanism, record.value.name), record);
      return;
    case 'removeUserScramCredential':
      delta.kept.scram.set(scramKey(record.value.mechanism, record.value.name), undefined);
      return;
    case 'delegationToken':
      delta.kept.delegationTokens.set(record.value.tokenId, record);
      return;
    case 'removeDelegationToken':
      delta.kept.delegationTokens.set(record.value.tokenId, undefined);
      return;
    default:
      unreachable(record, 'metadata record type');
  }
}
