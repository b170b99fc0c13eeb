/** DescribeAcls (API key 29). */
import { array, type Decoded, int8, int16, int32, message, string, struct } from '../schema.ts';

export const describeAclsRequest = message(
  {
    name: 'DescribeAclsRequest',
    kind: 'request',
    apiKey: 29,
    versions: '1-3',
    flexible: '2+',
    listeners: ['broker', 'controller'],
  },
  {
    resourceTypeFilter: int8('0+'),
    resourceNameFilter: string('0+', { nullable: '0+' }),
    patternTypeFilter: int8('1+', { default: 3 }),
    principalFilter: string('0+', { nullable: '0+' }),
    hostFilter: string('0+', { nullable: '0+' }),
    operation: int8('0+'),
    permissionType: int8('0+'),
  },
);
export type DescribeAclsRequest = Decoded<typeof describeAclsRequest>;

export const describeAclsResponse = message(
  { name: 'DescribeAclsResponse', kind: 'response', apiKey: 29, versions: '1-3', flexible: '2+' },
  {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    resources: array(
      struct('DescribeAclsResource', {
        resourceType: int8('0+'),
        resourceName: string('0+'),
        patternType: int8('1+', { default: 3 }),
        acls: array(
          struct('AclDescription', {
            principal: string('0+'),
            host: string('0+'),
            operation: int8('0+'),
            permissionType: int8('0+'),
          }),
          '0+',
        ),
      }),
      '0+',
    ),
  },
);
export type DescribeAclsResponse = Decoded<typeof describeAclsResponse>;
