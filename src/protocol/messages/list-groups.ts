/** ListGroups (API key 16). */
import { array, type Decoded, int16, int32, message, string, struct } from '../schema.ts';

export const listGroupsRequest = message(
  { name: 'ListGroupsRequest', kind: 'request', apiKey: 16, versions: '0-5', flexible: '3+', listeners: ['broker'] },
  {
    statesFilter: array('string', '4+', { default: [] }),
    typesFilter: array('string', '5+', { default: [] }),
  },
);
export type ListGroupsRequest = Decoded<typeof listGroupsRequest>;

export const listGroupsResponse = message(
  { name: 'ListGroupsResponse', kind: 'response', apiKey: 16, versions: '0-5', flexible: '3+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    errorCode: int16('0+'),
    groups: array(
      struct('ListedGroup', {
        groupId: string('0+', { entityType: 'groupId' }),
        protocolType: string('0+'),
        groupState: string('4+', { default: '', ignorable: true }),
        groupType: string('5+', { default: '', ignorable: true }),
      }),
      '0+',
    ),
  },
);
export type ListGroupsResponse = Decoded<typeof listGroupsResponse>;
