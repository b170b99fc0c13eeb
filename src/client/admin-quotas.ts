/** Quotas of users, client ids and addresses: described and changed. */
import { api } from '../network/api.ts';
import { alterClientQuotasRequest, alterClientQuotasResponse } from '../protocol/messages/alter-client-quotas.ts';
import {
  describeClientQuotasRequest,
  describeClientQuotasResponse,
} from '../protocol/messages/describe-client-quotas.ts';
import type { ClusterView } from './cluster-view.ts';
import { toKafkaError } from './error-text.ts';

const DESCRIBE_CLIENT_QUOTAS = api(describeClientQuotasRequest, describeClientQuotasResponse);
const ALTER_CLIENT_QUOTAS = api(alterClientQuotasRequest, alterClientQuotasResponse);

export type QuotaEntityType = 'user' | 'client-id' | 'ip';

/** `name`: null is what holds for all that have none of their own. */
export interface QuotaEntityPart {
  readonly type: QuotaEntityType;
  readonly name: string | null;
}

/** Without `name`: any, the default included. */
export interface QuotaFilterPart {
  readonly type: QuotaEntityType;
  readonly name?: string | null;
}

export interface ClientQuotas {
  readonly entity: readonly QuotaEntityPart[];
  readonly values: ReadonlyMap<string, number>;
}

const MATCH = { exact: 0, default: 1, any: 2 } as const;

/** Of entities that consist of exactly these parts. */
export async function describeClientQuotas(
  cluster: ClusterView,
  filter: readonly QuotaFilterPart[],
): Promise<ClientQuotas[]> {
  const components = filter.map(({ type, name }) => ({
    entityType: type,
    matchType: name === undefined ? MATCH.any : name === null ? MATCH.default : MATCH.exact,
    match: name ?? null,
  }));
  const response = await cluster.call(
    DESCRIBE_CLIENT_QUOTAS,
    { components, strict: true },
    { doing: 'describeClientQuotas' },
  );
  if (response.errorCode !== 0) throw toKafkaError(response.errorCode, response.errorMessage);
  return (response.entries ?? []).map(({ entity, values }) => ({
    entity: entity.map(({ entityType, entityName }) => ({ type: entityType as QuotaEntityType, name: entityName })),
    values: new Map(values.map(({ key, value }) => [key, value])),
  }));
}

/** `null` takes a quota away. */
export async function alterClientQuotas(
  cluster: ClusterView,
  entity: readonly QuotaEntityPart[],
  changes: ReadonlyMap<string, number | null>,
  options: { readonly validateOnly?: boolean } = {},
): Promise<void> {
  const response = await cluster.call(
    ALTER_CLIENT_QUOTAS,
    {
      entries: [
        {
          entity: entity.map(({ type, name }) => ({ entityType: type, entityName: name })),
          ops: [...changes].map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
        },
      ],
      validateOnly: options.validateOnly ?? false,
    },
    { doing: 'alterClientQuotas' },
  );
  for (const { errorCode, errorMessage } of response.entries) {
    if (errorCode !== 0) throw toKafkaError(errorCode, errorMessage);
  }
}
