/** DeleteGroups (API key 42). */
import { array, type Decoded, int16, int32, message, string, struct } from '../schema.ts';

export const deleteGroupsRequest = message(
  { name: 'DeleteGroupsRequest', kind: 'request', apiKey: 42, versions: '0-2', flexible: '2+', listeners: ['broker'] },
  {
    groupsNames: array('string', '0+', { entityType: 'groupId' }),
  },
);
export type DeleteGroupsRequest = Decoded<typeof deleteGroupsRequest>;

export const deleteGroupsResponse = message(
  { name: 'DeleteGroupsResponse', kind: 'response', apiKey: 42, versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32('0+'),
    results: array(
      struct('DeletableGroupResult', {
        groupId: string('0+', { mapKey: true, entityType: 'groupId' }),
        errorCode: int16('0+'),
      }),
      '0+',
    ),
  },
);
export type DeleteGroupsResponse = Decoded<typeof deleteGroupsResponse>;
