/** CreateAcls (API key 30). */
import { array, type Decoded, int8, int16, int32, message, string, struct } from '../schema.ts';

export const createAclsRequest = message(
  {
    name: 'CreateAclsRequest',
    kind: 'request',
    apiKey: 30,
    versions: '1-3',
    flexible: '2+',
    listeners: ['broker', 'controller'],
  },
  {
    creations: array(
      struct('AclCreation', {
        resourceType: int8('0+'),
        resourceName: string('0+'),
        resourcePatternType: int8('1+', { default: 3 }),
        principal: string('0+'),
        host: string('0+'),
        operation: int8('0+'),
        permissionType: int8('0+'),
      }),
      '0+',
    ),
  },
);
export type CreateAclsRequest = Decoded<typeof createAclsRequest>;

export const createAclsResponse = message(
  { name: 'CreateAclsResponse', kind: 'response', apiKey: 30, versions: '1-3', flexible: '2+' },
  {
    throttleTimeMs: int32('0+'),
    results: array(
      struct('AclCreationResult', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
      '0+',
    ),
  },
);
export type CreateAclsResponse = Decoded<typeof createAclsResponse>;
