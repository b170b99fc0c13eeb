/**
 * The ACL requests of a node without an authorizer: each is answered SECURITY_DISABLED, in Kafka's words, by brokers and
 * controllers alike. A broker passes changes on, because another kind of controller may keep rules. What holds a kind
 * that nobody knows ends its connection, as in Kafka, before anything else is looked at.
 */
import { ErrorCode } from '../protocol/error-codes.ts';
import { type CreateAclsRequest, createAclsRequest, createAclsResponse } from '../protocol/messages/create-acls.ts';
import { type DeleteAclsRequest, deleteAclsRequest, deleteAclsResponse } from '../protocol/messages/delete-acls.ts';
import {
  type DescribeAclsRequest,
  describeAclsRequest,
  describeAclsResponse,
} from '../protocol/messages/describe-acls.ts';
import type { Encodable } from '../protocol/schema.ts';
import { type ApiRow, apiRow, CLOSE_CONNECTION, type Handle } from './handler.ts';

const VERSIONS = { minVersion: 1, maxVersion: 3, ordering: 'serial' } as const;
const UNKNOWN = 0;
const DESCRIBE_MESSAGE = 'No Authorizer is configured on the broker';
const CHANGE_MESSAGE = 'No Authorizer is configured.';

type Filter = Pick<DescribeAclsRequest, 'resourceTypeFilter' | 'patternTypeFilter' | 'operation' | 'permissionType'>;

function isUnknownFilter({ resourceTypeFilter, patternTypeFilter, operation, permissionType }: Filter): boolean {
  return [resourceTypeFilter, patternTypeFilter, operation, permissionType].includes(UNKNOWN);
}

function isUnknownAcl(acl: CreateAclsRequest['creations'][number]): boolean {
  return [acl.resourceType, acl.resourcePatternType, acl.operation, acl.permissionType].includes(UNKNOWN);
}

export function describeAclsRow(): ApiRow {
  const answer = (errorCode: number, errorMessage: string | null) => ({
    throttleTimeMs: 0,
    errorCode,
    errorMessage,
    resources: [],
  });
  return apiRow({
    ...VERSIONS,
    apiKey: 29,
    name: 'DescribeAcls',
    request: describeAclsRequest,
    response: describeAclsResponse,
    handle: (request) =>
      isUnknownFilter(request) ? CLOSE_CONNECTION : answer(ErrorCode.SECURITY_DISABLED, DESCRIBE_MESSAGE),
    errorResponse: (_request, code, message) => answer(code, message),
  });
}

function refusedCreations({ creations }: CreateAclsRequest, errorCode: number, errorMessage: string | null) {
  return { throttleTimeMs: 0, results: creations.map(() => ({ errorCode, errorMessage })) };
}

function refusedDeletions({ filters }: DeleteAclsRequest, errorCode: number, errorMessage: string | null) {
  return {
    throttleTimeMs: 0,
    filterResults: filters.map(() => ({ errorCode, errorMessage, matchingAcls: [] })),
  };
}

type HandleCreate = Handle<CreateAclsRequest, Encodable<typeof createAclsResponse>>;
type HandleDelete = Handle<DeleteAclsRequest, Encodable<typeof deleteAclsResponse>>;

/** `handle`: whom the request is passed on to; without it, this node answers. */
export function createAclsRow(handle?: HandleCreate): ApiRow {
  return apiRow({
    ...VERSIONS,
    apiKey: 30,
    name: 'CreateAcls',
    request: createAclsRequest,
    response: createAclsResponse,
    handle: (request, context) => {
      if (request.creations.some(isUnknownAcl)) return CLOSE_CONNECTION;
      return handle?.(request, context) ?? refusedCreations(request, ErrorCode.SECURITY_DISABLED, CHANGE_MESSAGE);
    },
    errorResponse: refusedCreations,
  });
}

export function deleteAclsRow(handle?: HandleDelete): ApiRow {
  return apiRow({
    ...VERSIONS,
    apiKey: 31,
    name: 'DeleteAcls',
    request: deleteAclsRequest,
    response: deleteAclsResponse,
    handle: (request, context) => {
      if (request.filters.some(isUnknownFilter)) return CLOSE_CONNECTION;
      return handle?.(request, context) ?? refusedDeletions(request, ErrorCode.SECURITY_DISABLED, CHANGE_MESSAGE);
    },
    errorResponse: refusedDeletions,
  });
}
