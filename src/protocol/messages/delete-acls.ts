/** DeleteAcls (API key 31). */
import { array, type Decoded, int8, int16, int32, message, string, struct } from '../schema.ts';

export const deleteAclsRequest = message(
  {
    name: 'DeleteAclsRequest',
    kind: 'request',
    apiKey: 31,
    versions: '1-3',
    flexible: '2+',
    listeners: ['broker', 'controller'],
  },
  {
    filters: array(
      struct('DeleteAclsFilter', {
        resourceTypeFilter: int8('0+'),
        resourceNameFilter: string('0+', { nullable: '0+' }),
        patternTypeFilter: int8('1+', { default: 3 }),
        principalFilter: string('0+', { nullable: '0+' }),
        hostFilter: string('0+', { nullable: '0+' }),
        operation: int8('0+'),
        permissionType: int8('0+'),
      }),
      '0+',
    ),
  },
);
export type DeleteAclsRequest = Decoded<typeof deleteAclsRequest>;

export const deleteAclsResponse = message(
  { name: 'DeleteAclsResponse', kind: 'response', apiKey: 31, versions: '1-3', flexible: '2+' },
  {
    throttleTimeMs: int32('0+'),
    filterResults: array(
      struct('DeleteAclsFilterResult', {
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
        matchingAcls: array(
          struct('DeleteAclsMatchingAcl', {
            errorCode: int16('0+'),
            errorMessage: string('0+', { nullable: '0+' }),
            resourceType: int8('0+'),
            resourceName: string('0+'),
            patternType: int8('1+', { default: 3 }),
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
export type DeleteAclsResponse = Decoded<typeof deleteAclsResponse>;
