/** ACLs: described, created and deleted. Types are named as Kafka names them; on the wire they are numbers. */
import { api } from '../network/api.ts';
import type { KafkaError } from '../protocol/kafka-error.ts';
import { createAclsRequest, createAclsResponse } from '../protocol/messages/create-acls.ts';
import { deleteAclsRequest, deleteAclsResponse } from '../protocol/messages/delete-acls.ts';
import { describeAclsRequest, describeAclsResponse } from '../protocol/messages/describe-acls.ts';
import type { ClusterView } from './cluster-view.ts';
import { toKafkaError } from './error-text.ts';

const DESCRIBE_ACLS = api(describeAclsRequest, describeAclsResponse);
const CREATE_ACLS = api(createAclsRequest, createAclsResponse);
const DELETE_ACLS = api(deleteAclsRequest, deleteAclsResponse);

/** In the order of their numbers. */
const RESOURCE_TYPES = [
  'UNKNOWN',
  'ANY',
  'TOPIC',
  'GROUP',
  'CLUSTER',
  'TRANSACTIONAL_ID',
  'DELEGATION_TOKEN',
  'USER',
] as const;
const PATTERN_TYPES = ['UNKNOWN', 'ANY', 'MATCH', 'LITERAL', 'PREFIXED'] as const;
const PERMISSIONS = ['UNKNOWN', 'ANY', 'DENY', 'ALLOW'] as const;
export const ACL_OPERATIONS = [
  'UNKNOWN',
  'ANY',
  'ALL',
  'READ',
  'WRITE',
  'CREATE',
  'DELETE',
  'ALTER',
  'DESCRIBE',
  'CLUSTER_ACTION',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
  'IDEMPOTENT_WRITE',
  'CREATE_TOKENS',
  'DESCRIBE_TOKENS',
  'TWO_PHASE_COMMIT',
] as const;

export type AclResourceType = (typeof RESOURCE_TYPES)[number];
export type AclPatternType = (typeof PATTERN_TYPES)[number];
export type AclPermission = (typeof PERMISSIONS)[number];
export type AclOperation = (typeof ACL_OPERATIONS)[number];

export interface AclResource {
  readonly type: AclResourceType;
  readonly name: string;
  readonly pattern: AclPatternType;
}

export interface AclEntry {
  readonly principal: string;
  readonly host: string;
  readonly operation: AclOperation;
  readonly permission: AclPermission;
}

export interface Acl {
  readonly resource: AclResource;
  readonly entry: AclEntry;
}

/** Left out: any. */
export interface AclFilter {
  readonly resource?: AclResource;
  readonly entry?: AclEntry;
}

interface WireAcl {
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

function named<T extends string>(names: readonly T[], code: number): T {
  return names[code] ?? (names[0] as T);
}

function filterFields({ resource, entry }: AclFilter) {
  return {
    resourceTypeFilter: RESOURCE_TYPES.indexOf(resource?.type ?? 'ANY'),
    resourceNameFilter: resource?.name ?? null,
    patternTypeFilter: PATTERN_TYPES.indexOf(resource?.pattern ?? 'ANY'),
    principalFilter: entry?.principal ?? null,
    hostFilter: entry?.host ?? null,
    operation: ACL_OPERATIONS.indexOf(entry?.operation ?? 'ANY'),
    permissionType: PERMISSIONS.indexOf(entry?.permission ?? 'ANY'),
  };
}

function entryOf(acl: WireAcl): AclEntry {
  return {
    principal: acl.principal,
    host: acl.host,
    operation: named(ACL_OPERATIONS, acl.operation),
    permission: named(PERMISSIONS, acl.permissionType),
  };
}

function resourceOf(type: number, name: string, pattern: number): AclResource {
  return { type: named(RESOURCE_TYPES, type), name, pattern: named(PATTERN_TYPES, pattern) };
}

export async function describeAcls(cluster: ClusterView, filter: AclFilter = {}): Promise<Acl[]> {
  const response = await cluster.call(DESCRIBE_ACLS, filterFields(filter), { doing: 'describeAcls' });
  if (response.errorCode !== 0) throw toKafkaError(response.errorCode, response.errorMessage);
  return response.resources.flatMap(({ resourceType, resourceName, patternType, acls }) => {
    const resource = resourceOf(resourceType, resourceName, patternType);
    return acls.map((acl) => ({ resource, entry: entryOf(acl) }));
  });
}

/** For each of them: nothing, or why not. */
export async function createAcls(cluster: ClusterView, acls: readonly Acl[]): Promise<(KafkaError | null)[]> {
  const response = await cluster.call(
    CREATE_ACLS,
    {
      creations: acls.map(({ resource, entry }) => ({
        resourceType: RESOURCE_TYPES.indexOf(resource.type),
        resourceName: resource.name,
        resourcePatternType: PATTERN_TYPES.indexOf(resource.pattern),
        principal: entry.principal,
        host: entry.host,
        operation: ACL_OPERATIONS.indexOf(entry.operation),
        permissionType: PERMISSIONS.indexOf(entry.permission),
      })),
    },
    { doing: 'createAcls' },
  );
  return response.results.map(({ errorCode, errorMessage }) =>
    errorCode === 0 ? null : toKafkaError(errorCode, errorMessage),
  );
}

/** What each filter has deleted, or why it has not. */
export async function deleteAcls(
  cluster: ClusterView,
  filters: readonly AclFilter[],
): Promise<(readonly Acl[] | KafkaError)[]> {
  const response = await cluster.call(DELETE_ACLS, { filters: filters.map(filterFields) }, { doing: 'deleteAcls' });
  return response.filterResults.map(({ errorCode, errorMessage, matchingAcls }) => {
    const failed = matchingAcls.find((acl) => acl.errorCode !== 0);
    if (errorCode !== 0) return toKafkaError(errorCode, errorMessage);
    if (failed !== undefined) return toKafkaError(failed.errorCode, failed.errorMessage);
    return matchingAcls.map((acl) => ({
      resource: resourceOf(acl.resourceType, acl.resourceName, acl.patternType),
      entry: entryOf(acl),
    }));
  });
}
